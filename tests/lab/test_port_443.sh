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

say "an address that the configuration names is required"
cp "$LAB_DIR/vps/relayd.yaml" "$LAB_DIR/vps/named.yaml"
printf 'listen: ["192.0.2.10:5000", "192.0.2.99:443"]\nmetrics: off\nstate: other\n' \
    >>"$LAB_DIR/vps/named.yaml"
sed -i '/^state: state/d' "$LAB_DIR/vps/named.yaml"
expect "an address of somebody else" 1 "192.0.2.99:443: this machine does not have that address" \
    lab_in vps timeout 5 "$(lab_program relayd)" -c "$LAB_DIR/vps/named.yaml"
test_end
