#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Tunnels inside zig0 carry UDP and TCP: VXLAN, Geneve, GRE, IPIP, L2TP and WireGuard, the kernel's
# own where it has them, else a stand-in that hands over the same packets. SCTP arrives whole.
. "$(dirname "$0")/check.sh"

SIZE=2000000
TOOL=$LAB_NET/tunnels.py

in_python() { lab_in "$1" "$LAB_PYTHON" "$TOOL" "${@:2}"; }
zig_ip() { json_of "$1" whoami 'd["addresses"]["ipv4"]'; }

# One end of a tunnel of the kernel; fails if this kernel has no such kind.
kernel_end() { # kind host own peer
    local kind=$1 host=$2 own=$3 peer=$4 options
    case $kind in
    vxlan) options="type vxlan id 42 dstport 4789 local $own remote $peer" ;;
    geneve) options="type geneve id 42 remote $peer" ;;
    gre) options="type gre local $own remote $peer" ;;
    gre-checksum) options="type gre local $own remote $peer csum" ;;
    gretap) options="type gretap local $own remote $peer" ;;
    ipip) options="type ipip local $own remote $peer" ;;
    l2tp)
        lab_in "$host" ip l2tp add tunnel tunnel_id 1 peer_tunnel_id 1 encap ip local "$own" \
            remote "$peer" 2>/dev/null || return 1
        lab_in "$host" ip l2tp add session name inner tunnel_id 1 session_id 1 peer_session_id 1
        return
        ;;
    esac
    # shellcheck disable=SC2086
    lab_in "$host" ip link add inner $options 2>/dev/null
}

# The same of our own making; its pid goes to $LAB_DIR/HOST.end.
stand_in() { # kind host own peer
    local log=$LAB_DIR/$2-$1.end
    lab_spawn "$2" "$log" "$LAB_PYTHON" "$TOOL" carry "$1" inner "$3" "$4" >"$LAB_DIR/$2.end"
    wait_for 5 grep -q ready "$log" || { cat "$log"; return 1; }
}

inner_up() { # host address [device]
    local device=${3:-inner}
    lab_in "$1" sysctl -qw "net.ipv6.conf.$device.disable_ipv6=1" 2>/dev/null # if it has IPv6
    lab_in "$1" ip link set "$device" mtu 1180 up
    lab_in "$1" ip addr add "$2/24" dev "$device"
}

inner_down() {
    local host
    for host in laptop nas; do
        if [ -s "$LAB_DIR/$host.end" ]; then kill "$(cat "$LAB_DIR/$host.end")"; fi
        rm -f "$LAB_DIR/$host.end"
        lab_in "$host" ip l2tp del tunnel tunnel_id 1 2>/dev/null
        lab_in "$host" ip link del inner 2>/dev/null
    done
    wait_for 5 eval '! lab_in laptop ip link show inner && ! lab_in nas ip link show inner' \
        >/dev/null 2>&1
}

udp_passes() { # address of nas
    local pid log=$LAB_DIR/echo answered
    : >"$log"
    pid=$(lab_spawn nas "$log" "$LAB_PYTHON" "$TOOL" echo "$1" 7)
    wait_for 5 grep -q ready "$log"
    answered=$(in_python laptop ask "$1" 7 5)
    kill "$pid"
    [ "$answered" = 5 ] || { say "$answered of 5 answered"; return 1; }
}

tcp_passes() { # address of nas, port
    local want got log=$LAB_DIR/stream
    : >"$log"
    lab_in nas "$LAB_PYTHON" "$LAB_NET/stream.py" receive -4 "$2" >"$log" 2>&1 </dev/null &
    wait_for 5 grep -q ready "$log"
    want=$(lab_in laptop timeout 30 "$LAB_PYTHON" "$LAB_NET/stream.py" send -4 "$2" "$1" $SIZE \
        2>"$log.sent")
    wait_for 5 grep -q sha256 "$log"
    got=$(sed -n 's/^sha256 //p' "$log")
    if [ -z "$got" ] || [ "$want" != "$got" ]; then
        say "sent: ${want:-$(cat "$log.sent")}, received: $got"
        return 1
    fi
    say "$SIZE bytes: $(sed -n 's/^rate //p' "$log")"
}

through() { # kind whose
    check "5 UDP datagrams are answered through $1 ($2)" udp_passes 10.77.0.3
    check "a stream of TCP passes $1 ($2)" tcp_passes 10.77.0.3 7001
}

try_kind() { # kind
    local whose="the kernel's" host
    if ! kernel_end "$1" laptop "$LAPTOP" "$NAS"; then
        case $1 in
        vxlan | gre-checksum | gretap)
            say "this kernel has no $1"
            return
            ;;
        esac
        whose=stand-in
        stand_in "$1" laptop "$LAPTOP" "$NAS" && stand_in "$1" nas "$NAS" "$LAPTOP"
    else
        kernel_end "$1" nas "$NAS" "$LAPTOP"
    fi
    inner_up laptop 10.77.0.2
    inner_up nas 10.77.0.3
    through "$1" "$whose"
    inner_down
}

# Its name differs on the two, because wireguard-go has a socket of that name in the file system.
wireguard_end() { # host address peer-host peer-zig-address
    lab_in "$1" ip link add "wg-$1" type wireguard 2>/dev/null ||
        lab_in "$1" wireguard-go "wg-$1" >"$LAB_DIR/$1-wg.log" 2>&1 || return 1
    lab_in "$1" wg set "wg-$1" listen-port 51820 private-key "$LAB_DIR/$1.wg" peer \
        "$(wg pubkey <"$LAB_DIR/$3.wg")" endpoint "$4:51820" allowed-ips 10.77.0.0/24
    inner_up "$1" "$2" "wg-$1"
}

try_wireguard() {
    command -v wg >/dev/null || { say "no wg here"; return; }
    (umask 077 && wg genkey >"$LAB_DIR/laptop.wg" && wg genkey >"$LAB_DIR/nas.wg")
    if ! wireguard_end laptop 10.77.0.2 nas "$NAS"; then
        say "neither this kernel nor this machine has WireGuard"
        return
    fi
    wireguard_end nas 10.77.0.3 laptop "$LAPTOP"
    through WireGuard "the kernel's or wireguard-go"
}

sctp_passes() {
    local log=$LAB_DIR/sctp
    : >"$log"
    lab_spawn nas "$log" "$LAB_PYTHON" "$TOOL" sctp-hear "$NAS" >/dev/null
    wait_for 5 grep -q ready "$log"
    in_python laptop sctp-say "$LAPTOP" "$NAS"
    wait_for 5 grep -q whole "$log"
}

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_public laptop 198.51.100.11
lab_public nas 203.0.113.12
relay_start vps 192.0.2.10
hosts_join laptop nas
hosts_up laptop nas
check "laptop reaches nas" wait_for 15 pings laptop nas
become_direct laptop nas
LAPTOP=$(zig_ip laptop)
NAS=$(lab_ziglan laptop peers --json | "$LAB_PYTHON" -c \
    'import json, sys; print(json.load(sys.stdin)["peers"][0]["ipv4"])')
check "both know each other by the same addresses" [ "$NAS" = "$(zig_ip nas)" ]

for kind in vxlan geneve gre gre-checksum gretap ipip l2tp; do
    try_kind $kind
done
say "a pair that is relayed does not find a way through the tunnel that it carries"
relayed_pair
hosts_join phone tablet
hosts_up phone tablet
check "phone reaches tablet" wait_for 15 pings phone tablet
PHONE=$(zig_ip phone)
TABLET=$(zig_ip tablet)
if kernel_end vxlan phone "$PHONE" "$TABLET" && kernel_end vxlan tablet "$TABLET" "$PHONE"; then
    inner_up phone 10.77.0.2
    inner_up tablet 10.77.0.3
    sleep 5
    pinging phone tablet 0.1 60
    wait_for 15 eval "! lab_alive $PING_PID"
    check "no ping was lost" none_lost "$LAB_DIR/phone-tablet.ping"
    check "phone and tablet are relayed" lab_is_state phone tablet relayed
    check "the tunnel carries pings" lab_in phone ping -n -c 3 -i 0.2 -W 2 10.77.0.3
else
    say "this kernel has no vxlan"
fi
try_wireguard
check "an SCTP packet arrives whole" sctp_passes
for host in laptop nas; do
    check "$host dropped nothing for want of a checksum" \
        [ "$(json_of $host status 'd["counters"]["packets_dropped_by"]["offload"]')" = 0 ]
    check "$host told of no dropped packet" eval "! grep -q packet.dropped '$LAB_DIR/$host.log'"
done
test_end
