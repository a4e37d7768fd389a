#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A real systemd-resolved with its own bus, in a machine made of namespaces (processes, network,
# files), which vanish with it: `ziglan up` gives it the names under zignet and nothing else,
# whatever its settings are, and however ziglan ends, they are taken back.
set -uo pipefail

resolved=${XDG_CACHE_HOME:-$HOME/.cache}/ziglan/resolved # by deploy/setup --tests
ziglan=${ZIGLAN_BIN:?set ZIGLAN_BIN to the folder of the built programs}/ziglan
relayd=$ZIGLAN_BIN/relayd

# --- outside: make the machine, and end it with this script, however that ends -----------------

if [ "${1:-}" != --inside ]; then
    skip() { echo "skipped: $*"; exit 77; }
    [ "$(id -u)" = 0 ] || skip "needs root"
    [ -c /dev/net/tun ] || skip "there is no /dev/net/tun"
    command -v dbus-daemon >/dev/null || skip "dbus-daemon is not installed"
    [ -x "$resolved/usr/bin/resolvectl" ] ||
        skip "no systemd-resolved in $resolved; run deploy/setup --tests"
    machine=(unshare --net --mount --pid --fork --kill-child --mount-proc)
    "${machine[@]}" true 2>/dev/null || skip "the kernel forbids these namespaces"
    pid=
    trap '[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null' EXIT
    trap 'exit 130' INT TERM HUP
    setpriv --pdeathsig KILL "${machine[@]}" bash "$0" --inside &
    pid=$!
    wait "$pid"
    code=$?
    pid=
    exit $code
fi

# --- inside: files ---------------------------------------------------------------------------

# shellcheck source=../support/shell.sh
. "$(dirname "$0")/../support/shell.sh"

failures=0
fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}
check() { # sentence command...
    local sentence=$1
    shift
    if "$@" >/run/check.out 2>&1; then
        echo "ok: $sentence"
    else
        fail "$sentence; $*: $(tail -5 /run/check.out)"
    fi
}
# Unlike that of shell.sh it also accepts what a failing command prints, and check can show it.
says() { # pattern command...
    local pattern=$1 printed
    shift
    printed=$("$@" 2>&1)
    echo "$printed"
    grep -qE -- "$pattern" <<<"$printed"
}
says_no() { ! says "$@"; }

# Copies and links, so that nothing of the real machine changes: /etc to write into, /usr/bin with
# resolvectl, where ziglan looks for it.
mount -t tmpfs tmpfs /run || exit 1
mkdir -p /run/bin /run/links /run/dbus /run/systemd/resolve /run/systemd/resolved.conf.d
cp -a /etc /run/etc
sed -i '/^systemd-resolve:/d' /run/etc/passwd /run/etc/group
echo 'systemd-resolve:x:991:991::/:/usr/sbin/nologin' >>/run/etc/passwd
echo 'systemd-resolve:x:991:' >>/run/etc/group
rm -rf /run/etc/resolv.conf /run/etc/systemd/resolved.conf*
printf 'nameserver 127.0.0.53\noptions edns0 trust-ad\n' >/run/etc/resolv.conf
sed -i '/^hosts:/d' /run/etc/nsswitch.conf
echo 'hosts: files dns' >>/run/etc/nsswitch.conf
mount --bind /run/etc /etc
mount --bind /usr/bin /run/bin
ln -s /run/bin/* /run/links/
ln -sf "$resolved/usr/bin/resolvectl" /run/links/resolvectl
mount --bind /run/links /usr/bin
library=$(cd "$resolved" && echo usr/lib/*/systemd)
mount --bind "$resolved/$library" "/$library" || exit 1
daemon=$resolved/lib/systemd/systemd-resolved
[ -x "$daemon" ] || daemon=$resolved/usr/lib/systemd/systemd-resolved
chown 991:991 /run/systemd/resolve

# --- inside: a network with a resolver that knows www.example.org and writes down all else ------

ip link set lo up
ip link add eth0 type veth peer name cable
ip addr add 192.0.2.5/24 dev eth0
ip link set cable up
ip link set eth0 up
ip route add default via 192.0.2.1

cat >/run/upstream.py <<'PY'
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("192.0.2.5", 5300))
while True:
    q, peer = s.recvfrom(4096)
    at, labels = 12, []
    while q[at]:
        labels.append(q[at + 1:at + 1 + q[at]].decode().lower())
        at += 1 + q[at]
    name, kind, question = ".".join(labels), q[at + 2], q[12:at + 5]
    print(name, kind, flush=True)
    known = name == "www.example.org"
    answer = b""
    if known and kind == 1:
        answer = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x01\x00\x04"
        answer += socket.inet_aton("192.0.2.80")
    s.sendto(q[:2] + b"\x81" + (b"\x80" if known else b"\x83") + b"\x00\x01\x00" +
             bytes([len(answer) > 0]) + b"\x00\x00\x00\x00" + question + answer, peer)
PY
python3 /run/upstream.py >/run/upstream.log &

cat >/run/bus.conf <<'XML'
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/>
    <allow send_type="method_call"/><allow send_type="signal"/>
    <allow send_requested_reply="true"/><allow receive_requested_reply="true"/>
    <allow receive_type="method_call"/><allow receive_type="signal"/>
  </policy>
</busconfig>
XML
dbus-daemon --config-file=/run/bus.conf --nofork --nopidfile 2>/run/bus.log &
wait_for 10 test -S /run/dbus/system_bus_socket || { echo "FAIL: no bus"; exit 1; }

# resolved_start [LINE...]: start it, again if it runs, with these settings besides its upstream.
# What is set for a link survives the restart, as it does on a real machine.
resolved_pid=
resolved_stop() {
    if [ -n "$resolved_pid" ]; then
        kill "$resolved_pid"
        wait "$resolved_pid"
        resolved_pid=
    fi
}
resolved_start() {
    resolved_stop
    printf '%s\n' '[Resolve]' 'DNS=192.0.2.5:5300' 'LLMNR=no' 'MulticastDNS=no' 'Cache=no' "$@" \
        >/run/systemd/resolved.conf.d/test.conf
    "$daemon" >>/run/resolved.log 2>&1 &
    resolved_pid=$!
    wait_for 10 resolvectl status ||
        { echo "FAIL: no resolved: $(tail -5 /run/bus.log /run/resolved.log)"; exit 1; }
}

# --- inside: a relay, this host as zig0, and nas as zig1 on the same machine --------------------

export ZIGLAN_ROOT=/run/host
"$relayd" init /run/relay --name home --public 192.0.2.5 >/run/relay.init ||
    { echo "FAIL: relayd init"; exit 1; }
"$relayd" -c /run/relay/relayd.yaml 2>/run/relay.log &
url=$(grep -m 1 -o 'ziglan://[^ ]*' /run/relay.init)
mkdir -p /run/host/etc/ziglan
printf 'name: laptop\n' >/run/host/etc/ziglan/zig0.yaml
printf 'name: nas\npool: 100.65.0.0/16\ndns: {enabled: false}\n' >/run/host/etc/ziglan/zig1.yaml

up() {
    "$ziglan" up --detach >/run/up.out 2>&1 || { echo "FAIL: up: $(cat /run/up.out)"; exit 1; }
}
daemon_pid() { "$ziglan" status --json | sed -n 's/.*"pid": \([0-9]*\).*/\1/p'; }
address_of() { getent ahostsv4 "$1" | sed -n 's/ *STREAM.*//p'; }
knows() { [ -n "$(address_of "$1")" ]; }
gone() { ! kill -0 "$1" 2>/dev/null; }
knows_not() { ! knows "$1"; }

resolved_start
check "without ziglan nobody knows admin.zignet" knows_not admin.zignet
before=$(wc -l </run/upstream.log)
up
"$ziglan" up -i zig1 --detach >/run/up.out 2>&1 ||
    { echo "FAIL: up of zig1: $(cat /run/up.out)"; exit 1; }
printf '%s\n' "$url" >/run/url
check "laptop joins" "$ziglan" join - </run/url
check "nas joins" "$ziglan" join - -i zig1 </run/url

echo "-- wired"
check "status says so" says '^DNS +100\.64\.0\.53 \(systemd-resolved\)' "$ziglan" status
check "the link has our server" says ': 100\.64\.0\.53$' resolvectl dns zig0
check "for zignet, and only to route it" says ' ~zignet( |$)' resolvectl domain zig0
check "and for the reverse of the pool" says ' ~64\.100\.in-addr\.arpa( |$)' resolvectl domain zig0
check "not for anything else" says ': no$' resolvectl default-route zig0
check "nas.zignet resolves" wait_for 10 knows nas.zignet
nas=$(address_of nas.zignet)
check "to an address of zig0's pool ($nas)" grep -q '^100\.64\.' <<<"$nas"
check "so does nas.home.zignet" [ "$(address_of nas.home.zignet)" = "$nas" ]
check "and its IPv6" says '^fdd9:f800:' getent ahostsv6 nas.zignet
check "and back" says 'nas\.zignet' getent hosts "$nas"
check "resolvectl asks us on zig0" says 'link: zig0' resolvectl query nas.zignet
check "nobody.zignet does not exist" says 'not found' resolvectl query nobody.zignet
check "home.zignet does, without an address" \
    says 'does not have any RR of the requested type' resolvectl query home.zignet
check "nas.home.zignet resolves after that" [ "$(address_of nas.home.zignet)" = "$nas" ]
check "a single word is not looked up here" knows_not nas
check "names elsewhere come from elsewhere" [ "$(address_of www.example.org)" = 192.0.2.80 ]
check "who never hears of zignet" \
    says_no 'zignet|100\.in-addr' tail -n "+$((before + 1))" /run/upstream.log

echo "-- settings that links take over from resolved.conf"
for setting in DNSOverTLS=yes DNSOverTLS=opportunistic DNSSEC=yes DNSSEC=allow-downgrade; do
    "$ziglan" down >/dev/null || fail "down"
    resolved_start "$setting"
    up
    check "$setting: wired" says '\(systemd-resolved\)' "$ziglan" status
    check "$setting: nas.zignet resolves" timeout 5 getent hosts nas.zignet
done
resolved_start
check "after a restart of resolved nas.zignet resolves" knows nas.zignet

echo "-- somebody undoes it"
status_says() { says "$1" "$ziglan" status; }
resolvectl revert zig0
check "resolvectl revert takes it away" says_no ' ~zignet' resolvectl domain zig0
check "it comes back by itself" wait_for 10 knows nas.zignet
check "status says so" wait_for 5 status_says '^DNS +100\.64\.0\.53 \(systemd-resolved\)'
resolvectl dns zig0 192.0.2.5
check "another server for the link does not stay" wait_for 10 knows nas.zignet
resolvectl domain zig0 '~zignet.example'
check "nor do other domains" wait_for 10 knows nas.zignet
check "the log tells" grep -q 'dns.restored' /run/host/run/ziglan/zig0.log
cp /etc/resolv.conf /run/resolv.conf.before
printf 'nameserver 192.0.2.5\n' >/etc/resolv.conf
check "status says that /etc/resolv.conf leads elsewhere" \
    wait_for 10 status_says '/etc/resolv.conf leads to 192\.0\.2\.5 instead'
check "and no longer that names are wired" status_says '^DNS +100\.64\.0\.53 \(manual\)'
cp /run/resolv.conf.before /etc/resolv.conf
check "status says when it leads here again" wait_for 10 status_says '\(systemd-resolved\)'
check "and nas.zignet resolves" knows nas.zignet

echo "-- resolved stops, and starts"
resolved_stop
check "status says that it is not there" \
    wait_for 10 status_says 'systemd-resolved for names, but that is not there'
resolved_start
check "with resolved the names are back" wait_for 10 knows nas.zignet
check "status says so" wait_for 10 status_says '\(systemd-resolved\)'
resolved_stop
rm -rf /run/systemd/resolve/netif
resolved_start
check "also if it forgot its links" wait_for 10 knows nas.zignet
"$ziglan" down >/dev/null || fail "down"
resolved_stop
rm -rf /run/systemd/resolve/*
up
check "up without resolved" status_says '\(manual\)'
resolved_start
check "a resolved that starts later is told" wait_for 10 knows nas.zignet
check "status says so" wait_for 5 status_says '\(systemd-resolved\)'

echo "-- single words"
"$ziglan" down >/dev/null || fail "down"
printf 'name: laptop\ndns: {search: true}\n' >/run/host/etc/ziglan/zig0.yaml
ln -sf /run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
up
check "the link has the domain to search in" says ' zignet( |$)' resolvectl domain zig0
check "resolvectl finds nas" wait_for 5 says '^nas(\.zignet)?: ' resolvectl query nas
check "programs find nas" wait_for 5 knows nas
check "as what nas.zignet is" [ "$(address_of nas)" = "$nas" ]
check "names elsewhere still come from elsewhere" [ "$(address_of www.example.org)" = 192.0.2.80 ]
rm /etc/resolv.conf
cp /run/resolv.conf.before /etc/resolv.conf
printf 'name: laptop\n' >/run/host/etc/ziglan/zig0.yaml

echo "-- taken back"
reverted() { says_no 'zignet|100\.64\.0\.53|zig0' resolvectl status; }
check "before that it is seen" says 'zignet' resolvectl status
"$ziglan" down >/dev/null || fail "down"
check "after down" reverted
check "nas.zignet is unknown" knows_not nas.zignet
check "www.example.org is known" knows www.example.org
for signal in INT TERM KILL; do
    up
    check "up again" wait_for 5 knows admin.zignet
    pid=$(daemon_pid)
    kill -$signal "$pid"
    check "SIG$signal ends it" wait_for 5 gone "$pid"
    check "after SIG$signal" wait_for 5 reverted
done

echo "-- resolved does not answer"
kill -STOP "$resolved_pid"
SECONDS=0
up
check "up comes all the same ($SECONDS s)" [ $SECONDS -le 8 ]
check "status tells what to do" \
    says 'does not take our settings; that is tried again, or try: resolvectl' "$ziglan" status
kill -CONT "$resolved_pid"
check "when it answers again it is told" wait_for 20 knows nas.zignet
check "status says so" wait_for 20 status_says '\(systemd-resolved\)'
kill -STOP "$resolved_pid"
touch /etc/resolv.conf # makes ziglan look
check "when it hangs status says so" wait_for 20 status_says 'does not take our settings'
kill -CONT "$resolved_pid"
check "names work at once, since nothing was taken back" wait_for 3 knows nas.zignet
check "status says so a little later" wait_for 20 status_says '\(systemd-resolved\)'
"$ziglan" down >/dev/null || fail "down"
"$ziglan" down -i zig1 >/dev/null || fail "down of zig1"
grep -hE 'sandbox\.(refused|without)' /run/host/run/ziglan/*.log &&
    fail "the sandbox refuses something"
grep -hE 'ERROR: |Sanitizer' /run/host/run/ziglan/*.log && fail "a sanitizer reports"
if [ $failures -gt 0 ]; then
    tail -20 /run/resolved.log
    exit 1
fi
echo "systemd-resolved and Magic DNS understand each other"
