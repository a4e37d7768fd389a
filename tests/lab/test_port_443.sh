#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A relay that `relayd init` made also listens on UDP port 443 if it may. So a host in a network
# that lets nothing else out gets through without any setting. Where relayd may not, it says so.
. "$(dirname "$0")/check.sh"

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_public nas 203.0.113.40
lab_public plain 192.0.2.20
lab_site hotel port-restricted 198.51.100.11 192.168.1
lab_host laptop hotel 2
lab_rules hotel strict <<'NFT'
table ip strict {
    chain through {
        type filter hook forward priority 30
        oifname wan udp dport != 443 counter drop
        oifname wan meta l4proto != udp counter drop
    }
}
NFT

relay_start vps 192.0.2.10 --name home
if grep -q 'is installed here' "$LAB_DIR/vps.init"; then
    echo "skipped: a web server is installed on this machine"
    exit 77
fi
check "the relay has both ports" grep -qF 'listen="[::]:4433, [::]:443"' "$LAB_DIR/vps.log"
check "its URL names none" eval '! [[ $RELAY_URL == *192.0.2.10:* ]]'
hosts_join laptop nas
hosts_up laptop nas
check "laptop reaches nas out of a network that lets only UDP port 443 out" \
    wait_for 15 pings laptop nas
check "by that port" says '192\.0\.2\.10:443 ' lab_ziglan laptop status
check "nas uses the other" says '192\.0\.2\.10:4433 ' lab_ziglan nas status
check "the rest was dropped" says 'counter packets [1-9]' lab_in hotel nft list table ip strict

say "without the right to it"
plain=$LAB_DIR/plain
relay_start plain 192.0.2.20
kill "$RELAY_PID"
mkdir -p "$LAB_DIR/bin"
cp "$(lab_program relayd)" "$LAB_DIR/bin/relayd"
chown -R 65534:65534 "$plain"
lab_spawn plain "$LAB_DIR/plain-2.log" setpriv --reuid=65534 --regid=65534 --clear-groups \
    --inh-caps=-all \
    --bounding-set=-all "$LAB_DIR/bin/relayd" -c "$plain/relayd.yaml" >/dev/null
check "it serves on 4433 alone" wait_for 20 grep -qF 'relay.ready' "$LAB_DIR/plain-2.log"
check "as it says" grep -qF 'listen="[::]:4433"' "$LAB_DIR/plain-2.log"
check "and why" grep -q 'relay.listen not on UDP port 443.*needs root or CAP_NET_BIND_SERVICE' \
    "$LAB_DIR/plain-2.log"

say "beside a web server"
lab_public web 192.0.2.30
lab_spawn web "$LAB_DIR/listener" "$LAB_PYTHON" -c '
import socket, time
s = socket.socket(); s.bind(("192.0.2.30", 443)); s.listen(); print("ready", flush=True)
time.sleep(600)' >"$LAB_DIR/listener.pid"
wait_for 5 grep -q ready "$LAB_DIR/listener"
relay_start web 192.0.2.30
check "init says that it leaves UDP port 443 to whom has TCP port 443" \
    grep -q 'port 443 to a web server, because another program listens on' "$LAB_DIR/web.init"
check "the relay does so" grep -qF 'listen="[::]:4433"' "$LAB_DIR/web.log"
check "and says why" grep -q 'relay.listen not on UDP port 443.*listens on TCP port 443' \
    "$LAB_DIR/web.log"
udp_443_free() {
    lab_in web "$LAB_PYTHON" -c '
import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind(("0.0.0.0", 443))'
}
check "a web server can still have it" udp_443_free
kill "$RELAY_PID" "$(cat "$LAB_DIR/listener.pid")"
wait_for 10 eval "! lab_alive $RELAY_PID"

mkdir "$LAB_DIR/sbin"
printf '#!/bin/sh\n' >"$LAB_DIR/sbin/nginx"
chmod +x "$LAB_DIR/sbin/nginx"
: >"$LAB_DIR/web.log"
# shellcheck disable=SC2016
RELAY_PID=$(lab_spawn web "$LAB_DIR/web.log" unshare -m bash -c \
    'mount --bind "$1" /usr/local/sbin && exec "$2" -c "$3"' - "$LAB_DIR/sbin" \
    "$(lab_program relayd)" "$LAB_DIR/web/relayd.yaml")
check "beside an installed one, too" wait_for 20 grep -qF 'listen="[::]:4433"' "$LAB_DIR/web.log"
check "which it names" grep -q 'nginx is installed here (/usr/local/sbin/nginx)' "$LAB_DIR/web.log"
kill "$RELAY_PID"
wait_for 10 eval "! lab_alive $RELAY_PID"
sed -e 's/^#listen/listen/' -e 's/^#  - "\[::\]/  - "[::]/' -i "$LAB_DIR/web/relayd.yaml"
: >"$LAB_DIR/web.log"
# shellcheck disable=SC2016
lab_spawn web "$LAB_DIR/web.log" unshare -m bash -c \
    'mount --bind "$1" /usr/local/sbin && exec "$2" -c "$3"' - "$LAB_DIR/sbin" \
    "$(lab_program relayd)" "$LAB_DIR/web/relayd.yaml" >/dev/null
check "named in the configuration, it is taken all the same" \
    wait_for 20 grep -qF 'listen="[::]:4433, [::]:443"' "$LAB_DIR/web.log"

say "an address that the configuration names is required"
cp "$LAB_DIR/vps/relayd.yaml" "$LAB_DIR/vps/named.yaml"
printf 'listen: ["192.0.2.10:5000", "192.0.2.99:443"]\nmetrics: off\nstate: other\n' \
    >>"$LAB_DIR/vps/named.yaml"
sed -i '/^state: state/d' "$LAB_DIR/vps/named.yaml"
expect "an address of somebody else" 1 "192.0.2.99:443: this machine does not have that address" \
    lab_in vps timeout 5 "$(lab_program relayd)" -c "$LAB_DIR/vps/named.yaml"
test_end
