# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# A small internet of network namespaces with the kernel's own NAT, for the lab tests and the demo.
# Source it, then:
#
#   lab_begin                         make the internet; a guard process removes everything when
#                                     the script is gone, also if it was killed
#   lab_public NAME IP4|- [IP6]       a machine with a public address
#   lab_site   NAME KIND WAN4 NET3    a router with NAT; its LAN is NET3.0/24, e.g. 192.168.1
#   lab_site6  NAME KIND6 WAN6 NET6   IPv6 for this router; its LAN is NET6::/64, e.g. 2001:db8:11.
#                                     Without lab_site before it, the site has no IPv4
#   lab_host   NAME SITE LAST         a machine at NET3.LAST (and NET6::LAST) behind that router
#   lab_in     NAME command...        run a command on a machine
#   lab_spawn  NAME LOG command...    the same in the background; prints the pid
#
# KIND: open (routed, no NAT), full-cone, address-restricted, port-restricted, symmetric, and what
# Linux does with one line of masquerade: with an input hook that drops (masquerade-drop) or without
# (masquerade); or nat:WORDS, a NAT that the kernel cannot be (nat_router.c; the words are those of
# tests/support/nat_text.h), whose addresses outside are WAN4 and those after it.
# KIND6: open, or firewall (lets in only answers). LAB_MTU is the MTU of links that are made next.
# LAB_DELAY_MS delays what passes between sites that are made next and the internet, each way.
# Addresses of the internet are from the documentation ranges. No packet leaves the namespaces.

# Tests read what programs say, in English. Some files are for other users too.
export LC_ALL=C
umask 022

LAB_ID=${LAB_ID:-zl$$x$(date +%s | tail -c 5)}
LAB_DIR=${LAB_DIR:-/run/ziglan-lab/$LAB_ID}
LAB_MTU=${LAB_MTU:-1500}
LAB_DELAY_MS=${LAB_DELAY_MS:-0}
# If not empty, every packet crosses every wire by itself, as on real ones. (Otherwise a batch of
# packets crosses a wire as one, which is fast, but the MTU is not applied to it.)
LAB_WHOLE=${LAB_WHOLE:-}
LAB_NET=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# The interpreter itself instead of a wrapper that has to find it, since it is called often.
LAB_PYTHON=$(python3 -c 'import sys; print(sys.executable)' 2>/dev/null || echo python3)

# shellcheck source=../support/shell.sh
. "$LAB_NET/../support/shell.sh"

lab_say() { printf '%s\n' "$*" >&2; }
lab_fail() { printf 'FAILED: %s\n' "$*" >&2; return 1; }
lab_ns() { printf '%s-%s' "$LAB_ID" "$1"; }

# 0 if this kernel lets us make what the lab needs.
lab_possible() {
    [ "$(id -u)" = 0 ] || { lab_say "lab: needs root"; return 1; }
    command -v ip >/dev/null && command -v nft >/dev/null ||
        { lab_say "lab: ip and nft are missing"; return 1; }
    local probe="zlprobe$$"
    ip netns add "$probe" 2>/dev/null ||
        { lab_say "lab: the kernel forbids network namespaces"; return 1; }
    local ok=0
    ip netns exec "$probe" nft \
        'add table ip t; add chain ip t c { type nat hook postrouting priority 100; }' \
        2>/dev/null || ok=1
    [ -c /dev/net/tun ] || ok=1
    ip netns del "$probe"
    [ $ok = 0 ] || { lab_say "lab: no NAT in namespaces, or no /dev/net/tun"; return 1; }
}

lab_clean() {
    local ns pid
    for ns in $(ip netns list 2>/dev/null | awk '{print $1}' | grep "^$LAB_ID-" || true); do
        for pid in $(ip netns pids "$ns" 2>/dev/null); do
            kill -TERM "$pid" 2>/dev/null || true
        done
    done
    sleep 0.2
    for ns in $(ip netns list 2>/dev/null | awk '{print $1}' | grep "^$LAB_ID-" || true); do
        for pid in $(ip netns pids "$ns" 2>/dev/null); do
            kill -KILL "$pid" 2>/dev/null || true
        done
        ip netns del "$ns" 2>/dev/null || true
        rm -rf "/etc/netns/$ns"
    done
    rm -rf "$LAB_DIR"
    rmdir /etc/netns /run/ziglan-lab 2>/dev/null || true
}

# mkdir -p, several times: another lab that ends now may remove the empty parent folder.
lab_mkdir() {
    local try
    for try in 1 2 3 4 5; do
        mkdir -p "$1" 2>/dev/null && return 0
    done
    mkdir -p "$1"
}

# Wait until process $1 is gone, then remove the lab.
lab_guard() {
    trap '' INT TERM HUP
    while kill -0 "$1" 2>/dev/null; do
        [ -d "$LAB_DIR" ] || return 0
        sleep 0.5
    done
    [ -e "$LAB_DIR/keep" ] || lab_clean
}

lab_begin() {
    lab_mkdir "$LAB_DIR"
    # The guard removes the lab when this shell is gone, for whatever reason. It has its own session
    # and is no child of ours, so that it survives when somebody kills our whole process tree.
    # shellcheck disable=SC2016
    LAB_ID=$LAB_ID LAB_DIR=$LAB_DIR setsid -f bash -c '. "$1/net.sh"; lab_guard "$2"' \
        lab-guard "$LAB_NET" "$$" </dev/null >/dev/null 2>&1
    lab_machine inet
    lab_in inet ip link add br0 address 02:00:00:00:00:01 type bridge stp_state 0 forward_delay 0 \
        mcast_snooping 0
    lab_in inet ip link set br0 mtu "$LAB_MTU" up
    lab_in inet ip addr add 192.0.2.1/24 dev br0
    lab_in inet ip addr add 198.51.100.1/24 dev br0
    lab_in inet ip addr add 203.0.113.1/24 dev br0
    lab_in inet ip -6 addr add 2001:db8::1/64 dev br0 nodad
    lab_in inet sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
        net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.br0.send_redirects=0
}

lab_in() {
    local ns
    ns=$(lab_ns "$1")
    shift
    ip netns exec "$ns" "$@"
}

lab_spawn() {
    local ns log=$2
    ns=$(lab_ns "$1")
    shift 2
    # Neither ip nor this shell stays between: the pid is the program's own.
    (exec ip netns exec "$ns" "$@" >>"$log" 2>&1 </dev/null) &
    echo $!
    disown $! # so that the shell prints nothing when the program is killed
}

# Whether a process runs. (A zombie does not.)
lab_alive() { # pid
    says_no '^State:[[:space:]]*[ZX]' cat "/proc/$1/status" 2>/dev/null
}

# A namespace with one interface `dev`, whose other end is a port of bridge `bridge` in `where`.
lab_wire() { # name where bridge dev mtu
    local name=$1 where=$2 bridge=$3 dev=$4 mtu=$5 port=to-$1
    ip link add "$port" netns "$(lab_ns "$where")" mtu "$mtu" type veth peer name "$dev" netns \
        "$(lab_ns "$name")" mtu "$mtu"
    if [ -n "$LAB_WHOLE" ]; then
        lab_in "$where" ip link set "$port" gso_max_segs 1
        lab_in "$name" ip link set "$dev" gso_max_segs 1
    fi
    lab_in "$where" ip link set "$port" master "$bridge" up
    lab_in "$name" ip link set "$dev" up
}

# A namespace. Its IPv6 addresses can be used at once, without duplicate address detection.
lab_machine() {
    ip netns add "$(lab_ns "$1")"
    lab_in "$1" ip link set lo up
    lab_in "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
}

lab_gateway_of() { printf '%s.1' "${1%.*}"; }

lab_public() { # name ip4|- [ip6]
    lab_machine "$1"
    lab_wire "$1" inet br0 eth0 "$LAB_MTU"
    if [ "$2" != - ]; then
        lab_in "$1" ip addr add "$2/24" dev eth0
        lab_in "$1" ip route add default via "$(lab_gateway_of "$2")"
    fi
    if [ -n "${3:-}" ]; then
        lab_in "$1" ip -6 addr add "$3/64" dev eth0 nodad
        lab_in "$1" ip -6 route add default via 2001:db8::1
    fi
}

# The wire between a site and the internet, with a delay: a machine that only passes frames.
lab_line() { # name delay-ms
    local line=ln-$1 # short: names of interfaces have 15 letters
    lab_machine "$line"
    lab_in "$line" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    lab_wire "$line" inet br0 near "$LAB_MTU"
    ip link add far netns "$(lab_ns "$line")" mtu "$LAB_MTU" type veth peer name wan netns \
        "$(lab_ns "$1")" mtu "$LAB_MTU"
    lab_in "$line" ip link set far up
    lab_in "$1" ip link set wan up
    lab_spawn "$line" "$LAB_DIR/$line.log" "$LAB_PYTHON" "$LAB_NET/delay.py" near far "$2" \
        >/dev/null
}

lab_router() { # name
    lab_machine "$1"
    if [ "$LAB_DELAY_MS" = 0 ]; then
        lab_wire "$1" inet br0 wan "$LAB_MTU"
    else
        lab_line "$1" "$LAB_DELAY_MS"
    fi
    lab_in "$1" ip link add lan address 02:00:00:00:00:01 type bridge stp_state 0 forward_delay 0 \
        mcast_snooping 0
    lab_in "$1" ip link set lan mtu "$LAB_MTU" up
}

lab_site() { # name kind wan4 net3
    local name=$1 kind=$2 wan=$3 net=$4
    lab_router "$name"
    lab_lan "$name" "$net"
    if [[ $kind == nat:* ]]; then
        lab_user_nat "$name" "${kind#nat:}" "$wan"
        return
    fi
    lab_in "$name" ip addr add "$wan/24" dev wan
    lab_in "$name" ip route add default via "$(lab_gateway_of "$wan")"
    lab_nat "$name" "$kind" "$wan" "$net"
}

# The LAN of a router.
lab_lan() { # name net3
    lab_in "$1" ip addr add "$2.1/24" dev lan
    lab_in "$1" sysctl -qw net.ipv4.ip_forward=1
    echo "$2" >"$LAB_DIR/site-$1"
}

# A NAT of ours. What comes from the LAN goes to it, and so does what is for its addresses, for
# which the kernel answers ARP; what it writes goes on by the main table. The wire outside has an
# address of its own only to ask for others.
lab_user_nat() { # name words wan4
    local name=$1 words=$2 wan=$3 count=1 i log=$LAB_DIR/$1.nat.log
    [[ $words =~ addresses=([0-9]+) ]] && count=${BASH_REMATCH[1]}
    lab_in "$name" ip addr add 169.254.0.1/32 dev wan
    lab_in "$name" ip route add default via "$(lab_gateway_of "$wan")" dev wan onlink
    lab_spawn "$name" "$log" "$(lab_program nat_router)" nat0 "$wan" "$words" "${wan##*.}" \
        >"$LAB_DIR/$name.nat.pid"
    wait_for 10 grep -q ready "$log" || { lab_fail "nat_router"; cat "$log"; return 1; }
    lab_in "$name" ip link set nat0 up
    lab_in "$name" ip route add default dev nat0 table 7
    lab_in "$name" ip rule add iif lan lookup 7
    for ((i = 0; i < count; i++)); do
        lab_in "$name" ip route add "${wan%.*}.$((${wan##*.} + i))/32" dev nat0
    done
    lab_in "$name" sysctl -qw net.ipv4.conf.wan.proxy_arp=1 net.ipv4.neigh.wan.proxy_delay=0 \
        net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.all.rp_filter=0 \
        net.ipv4.conf.wan.rp_filter=0 net.ipv4.conf.nat0.rp_filter=0
}

lab_site6() { # name kind6 wan6 net6
    local name=$1 kind=$2 wan=$3 net=$4
    [ -e "$LAB_DIR/site-$name" ] || lab_router "$name"
    lab_in "$name" sysctl -qw net.ipv6.conf.all.forwarding=1
    lab_in "$name" ip -6 addr add "$wan/64" dev wan nodad
    lab_in "$name" ip -6 route add default via 2001:db8::1
    lab_in "$name" ip -6 addr add "$net::1/64" dev lan nodad
    lab_in inet ip -6 route replace "$net::/64" via "$wan"
    echo "$net" >"$LAB_DIR/site6-$name"
    [ "$kind" = firewall ] || return 0
    lab_rules "$name" firewall6 <<NFT
table ip6 lab {
    chain through {
        type filter hook forward priority 0
        iifname wan ct state established,related accept
        iifname wan drop
    }
}
NFT
}

# The kinds of NAT. The map keeps one external port for each inner endpoint (endpoint-independent
# mapping); the chain `through` does the filtering. Early packets from the other side must not
# become connections of the router itself, or the kernel would give our next packet another port,
# so the chain `inward` drops them; but not where the kind is masquerade.
lab_nat() { # name kind wan net3
    local name=$1 kind=$2 wan=$3 net=$4 filter='' post pre='' sets=''
    local inward='iifname wan meta l4proto udp drop'
    case $kind in
    open)
        lab_in inet ip route replace "$net.0/24" via "$wan"
        return
        ;;
    symmetric)
        post="oifname wan masquerade random,fully-random"
        filter='iifname wan ct state established,related accept
                iifname wan drop'
        ;;
    masquerade | masquerade-drop)
        post='oifname wan masquerade'
        filter='iifname wan ct state established,related accept
                iifname wan drop'
        [ "$kind" = masquerade-drop ] || inward=''
        ;;
    full-cone | address-restricted | port-restricted)
        sets='map cone {
                  type inet_service : ipv4_addr . inet_service
                  flags dynamic,timeout; timeout 300s
              }'
        pre='iifname wan meta l4proto udp dnat ip to udp dport map @cone'
        post="oifname wan meta l4proto udp \\
                  update @cone { udp sport timeout 300s : ip saddr . udp sport }
              oifname wan snat to $wan"
        ;;
    *)
        lab_fail "no such kind of NAT: $kind"
        return 1
        ;;
    esac
    case $kind in
    address-restricted)
        sets="$sets
              set contacted {
                  type ipv4_addr . inet_service . ipv4_addr
                  flags dynamic,timeout; timeout 300s
              }"
        filter='oifname wan meta l4proto udp update @contacted { ip saddr . udp sport . ip daddr }
                iifname wan ct state established,related accept
                iifname wan ip daddr . udp dport . ip saddr @contacted accept
                iifname wan drop'
        ;;
    port-restricted)
        filter='iifname wan ct state established,related accept
                iifname wan drop'
        ;;
    esac
    lab_rules "$name" nat <<NFT
table ip lab {
    $sets
    chain pre {
        type nat hook prerouting priority -100
        $pre
    }
    chain post {
        type nat hook postrouting priority 100
        $post
    }
    chain inward {
        type filter hook input priority 0
        $inward
    }
    chain through {
        type filter hook forward priority 0
        $filter
    }
}
NFT
}

lab_host() { # name site last
    local net
    lab_machine "$1"
    lab_wire "$1" "$2" lan eth0 "$LAB_MTU"
    if [ -e "$LAB_DIR/site-$2" ]; then
        net=$(cat "$LAB_DIR/site-$2")
        lab_in "$1" ip addr add "$net.$3/24" dev eth0
        lab_in "$1" ip route add default via "$net.1"
    fi
    if [ -e "$LAB_DIR/site6-$2" ]; then
        net=$(cat "$LAB_DIR/site6-$2")
        lab_in "$1" ip -6 addr add "$net::$3/64" dev eth0 nodad
        lab_in "$1" ip -6 route add default via "$net::1"
    fi
}

# Machines of one site that may reach the internet but not each other (client isolation).
lab_isolate() { # site
    local port
    for port in $(lab_in "$1" ip -o link show master lan | awk -F'[ @:]+' '{print $2}'); do
        lab_in "$1" ip link set "$port" type bridge_slave isolated on
    done
}

# The router restarts: it forgets every mapping and every connection, and keeps its rules. The rules
# are replaced first and in one step: a packet that came while there were none would become a
# connection that they do not know, and while it lasted the kernel would give the next connection of
# that host another port.
lab_reboot_nat() { # site
    if [ -e "$LAB_DIR/$1.nat.pid" ]; then
        kill -HUP "$(cat "$LAB_DIR/$1.nat.pid")"
        return
    fi
    { echo 'flush ruleset'; cat "$LAB_DIR/$1".*.nft; } | lab_in "$1" nft -f -
    # Netlink: ctnetlink (1), delete (2) without a selection is "all".
    lab_in "$1" "$LAB_PYTHON" -c '
import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
s.send(struct.pack("=IHHIIBBH", 20, 1 << 8 | 2, 1 | 4, 1, 0, 0, 0, 0))
error = struct.unpack_from("=i", s.recv(4096), 16)[0]
raise SystemExit(1 if error else 0)'
}

# The provider gives a site another address of the internet, and its router begins anew with it.
lab_redial() { # site wan4
    local before ns
    before=$(lab_in "$1" ip -4 -o addr show dev wan | awk '{ sub(/\/.*/, "", $4); print $4; exit }')
    sed -i "s/snat to $before\\b/snat to $2/" "$LAB_DIR/$1.nat.nft"
    lab_in "$1" ip -4 addr flush dev wan
    lab_in "$1" ip addr add "$2/24" dev wan
    lab_in "$1" ip route add default via "$(lab_gateway_of "$2")"
    # Or what machines beside it on the bridge send to the former address still arrives.
    for ns in $(ip netns list | awk '{print $1}' | grep "^$LAB_ID-"); do
        ip -n "$ns" neigh flush all
    done
    lab_reboot_nat "$1"
}

# The router of a full-cone site restarts, and gives a port of a machine behind it another number.
lab_remap() { # site net3.last:port port
    local inside=${2%:*} port=${2#*:} wan
    wan=$(sed -n 's/.*oifname wan snat to //p' "$LAB_DIR/$1.nat.nft")
    sed -i "s/^ *oifname wan meta l4proto udp/\
        oifname wan udp sport $port snat to $wan:$3\n&/
        s/^ *iifname wan meta l4proto udp dnat/\
        iifname wan udp dport $3 dnat to $inside:$port\n&/" "$LAB_DIR/$1.nat.nft"
    lab_reboot_nat "$1"
}

# Rules of a router, from standard input, under a name of their own.
lab_rules() { # site what
    cat >"$LAB_DIR/$1.$2.nft"
    lab_in "$1" nft -f "$LAB_DIR/$1.$2.nft"
}

# How many packets the router of a black hole has dropped.
lab_swallowed() { # site
    lab_in "$1" nft list table inet hole | sed -n 's/.*counter packets \([0-9]*\).*/\1/p'
}

# No packet passes between two addresses or networks of the internet, until lab_heal.
lab_cut() { # address address
    local family=ip
    [[ $1 = *:* ]] && family=ip6
    lab_in inet nft -f - <<NFT
table inet cut {
    chain through {
        type filter hook forward priority 0
        $family saddr $1 $family daddr $2 drop
        $family saddr $2 $family daddr $1 drop
    }
}
NFT
}
lab_heal() { lab_in inet nft delete table inet cut; }

# The router of a site drops packets of more than MTU bytes and tells nobody.
lab_black_hole() { # site mtu
    lab_rules "$1" hole <<NFT
table inet hole {
    chain through {
        type filter hook forward priority 20
        meta length > $2 counter drop
    }
}
NFT
}

# Lose PERMILLE of what a site's router forwards.
lab_lose() { # site permille
    lab_rules "$1" lose <<NFT
table ip lose {
    chain through {
        type filter hook forward priority 10
        numgen random mod 1000 < $2 drop
    }
}
NFT
}

# Lose each Nth packet that a site's router forwards to ADDRESS.
lab_lose_each() { # site address n
    lab_rules "$1" "lose-each" <<NFT
table ip lose-each {
    chain through {
        type filter hook forward priority 10
        ip daddr $2 numgen inc mod $3 == 0 drop
    }
}
NFT
}

# ---- ziglan on these machines ----

# Programs: ZIGLAN_BIN (a build folder's bin/) first, then PATH.
lab_program() {
    if [ -n "${ZIGLAN_BIN:-}" ] && [ -x "$ZIGLAN_BIN/$1" ]; then
        echo "$ZIGLAN_BIN/$1"
    else
        command -v "$1"
    fi
}

lab_relay_init() { # machine public-address [extra relayd init options]; prints the URL
    local name=$1 address=$2
    shift 2
    lab_in "$name" "$(lab_program relayd)" init "$LAB_DIR/$name" --public "$address" "$@" \
        >"$LAB_DIR/$name.init"
    grep -m 1 -o 'ziglan://[^ ]*' "$LAB_DIR/$name.init"
}

lab_relay_up() { # machine; prints the pid
    lab_spawn "$1" "$LAB_DIR/$1.log" "$(lab_program relayd)" -c "$LAB_DIR/$1/relayd.yaml"
}

lab_invite() { # machine [options]; prints a URL
    local name=$1
    shift
    lab_in "$name" "$(lab_program relayd)" invite -c "$LAB_DIR/$name/relayd.yaml" "$@" |
        grep -o 'ziglan://[^ ]*'
}

# The ziglan command of one host; each host has its own file tree.
lab_ziglan() { # host args...
    local name=$1
    shift
    mkdir -p "$LAB_DIR/$name"
    # Whether a verb leaks is looked at in interop; here it would be a third of what a verb takes.
    lab_in "$name" env ZIGLAN_ROOT="$LAB_DIR/$name" \
        ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0" "$(lab_program ziglan)" "$@"
}

# What a kernel without segmentation and checksum offload would do, on the device and on the wire.
lab_no_offloads() { # host
    local device
    wait_for 5 lab_in "$1" ip link show zig0 >/dev/null 2>&1
    for device in zig0 eth0; do
        lab_in "$1" ethtool -K "$device" tx off tso off gso off gro off >/dev/null 2>&1
    done
    return 0
}

# TEST_LANES=on or off: whether hosts use lanes, unless a test says so. TEST_OFFLOADS=off: a host's
# kernel hands over single packets, with their checksums (docs/testing.md).
lab_up() { # host; prints the pid
    local config=$LAB_DIR/$1/etc/ziglan/zig0.yaml
    mkdir -p "$LAB_DIR/$1"
    if [ -n "${TEST_LANES:-}" ] && [ -f "$config" ] && ! grep -q '^lanes:' "$config"; then
        echo "lanes: $([ "$TEST_LANES" = on ] && echo true || echo false)" >>"$config"
    fi
    lab_mkdir "/etc/netns/$(lab_ns "$1")"
    # The resolver's address is fixed by the pool (base + 53): the usual one, or what a test wrote.
    printf 'nameserver %s\noptions timeout:1 attempts:3\n' \
        "$(cat "$LAB_DIR/$1.resolver" 2>/dev/null || echo 100.64.0.53)" \
        >"/etc/netns/$(lab_ns "$1")/resolv.conf"
    lab_spawn "$1" "$LAB_DIR/$1.log" env ZIGLAN_ROOT="$LAB_DIR/$1" "$(lab_program ziglan)" up
    [ "${TEST_OFFLOADS:-on}" = on ] || lab_no_offloads "$1"
}

lab_peer_state() { # host peer-name; prints direct, relayed, online, ...
    lab_ziglan "$1" peers --json 2>/dev/null |
        "$LAB_PYTHON" -c 'import json,sys
d=json.load(sys.stdin)
print(next((p["state"] for p in d["peers"] if p["name"]==sys.argv[1]), "unknown"))' "$2"
}

lab_is_state() { [ "$(lab_peer_state "$1" "$2")" = "$3" ]; }
