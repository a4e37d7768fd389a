#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What comes out of the tunnel has right checksums, as tcpdump sees it where nothing is left to
# hardware: pc stands behind laptop and box behind nas, which pass their packets on. TCP and trains
# of UDP datagrams, both ways, by IPv4 and IPv6; with checksums that the sender's kernel completed,
# and with those that it left to us.
. "$(dirname "$0")/check.sh"

SIZE=3000000
TRAINS=40

command -v tcpdump >/dev/null || { echo "skipped: tcpdump is not installed"; exit 77; }
test_begin
lab_begin
home_pair
lab_host pc home1 3
lab_host box home2 3
relay_start vps 192.0.2.10
hosts_join laptop nas
hosts_up laptop nas
check "laptop reaches nas" wait_for 15 pings laptop nas
become_direct laptop nas

# The host passes on: what comes from the LAN for its ports from 7100 on goes to the peer, and what
# comes from the peer for those goes to the machine behind it.
passes_on() { # host behind net4 net6 peer
    local host=$1 behind=$2 net4=$3 net6=$4 peer4 peer6
    peer4=$(json_of "$host" peers "next(p['ipv4'] for p in d['peers'] if p['name'] == '$5')")
    peer6=$(json_of "$host" peers "next(p['ipv6'] for p in d['peers'] if p['name'] == '$5')")
    lab_in "$host" ip -6 addr add "$net6::2/64" dev eth0 nodad
    lab_in "$behind" ip -6 addr add "$net6::3/64" dev eth0 nodad
    lab_in "$host" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    lab_in "$host" nft -f - <<NFT
table inet passes {
    chain in {
        type nat hook prerouting priority -100
        iifname eth0 th dport 7100-7199 meta l4proto { tcp, udp } dnat ip to $peer4
        iifname eth0 th dport 7100-7199 meta l4proto { tcp, udp } dnat ip6 to $peer6
        iifname zig0 th dport 7100-7199 meta l4proto { tcp, udp } dnat ip to $net4.3
        iifname zig0 th dport 7100-7199 meta l4proto { tcp, udp } dnat ip6 to $net6::3
    }
    chain out {
        type nat hook postrouting priority 100
        ct status dnat masquerade
    }
}
NFT
    # The host's kernel completes what leaves for the machine behind it.
    lab_in "$host" ethtool -K eth0 tx off tso off gso off >/dev/null
}

watch() { # machine
    lab_spawn "$1" "$LAB_DIR/$1.packets" tcpdump -l -n -vv -i eth0 -Q in 'portrange 7100-7199' \
        >"$LAB_DIR/$1.tcpdump"
}

count() { grep -cE "$2" "$LAB_DIR/$1.packets"; } # machine pattern

stream() { # from to gateway family port
    local log=$LAB_DIR/$1-$5 want
    lab_in "$2" "$LAB_PYTHON" "$LAB_NET/stream.py" receive "$4" "$5" >"$log.got" 2>&1 </dev/null &
    wait_for 20 grep -q ready "$log.got" || return 1
    want=$(lab_in "$1" "$LAB_PYTHON" "$LAB_NET/stream.py" send "$4" "$5" "$3" $SIZE)
    wait_for 30 grep -q "^sha256 ${want:-none}\$" "$log.got"
}

datagrams() { # from to gateway family port
    local log=$LAB_DIR/$1-$5
    lab_in "$2" "$LAB_PYTHON" "$LAB_NET/datagrams.py" receive "$4" "$5" >"$log.got" 2>&1 \
        </dev/null &
    wait_for 20 grep -q ready "$log.got" || return 1
    lab_in "$1" "$LAB_PYTHON" "$LAB_NET/datagrams.py" send "$4" "$5" "$3" $TRAINS
    wait_for 40 grep -qE '^right [0-9]{3} wrong 0$' "$log.got"
}

passes_on laptop pc 192.168.1 fd01 nas
passes_on nas box 192.168.2 fd02 laptop
watch pc
watch box
wait_for 10 grep -q listening "$LAB_DIR/pc.packets"
wait_for 10 grep -q listening "$LAB_DIR/box.packets"
port=7100
for whose in "the kernel's" "left to us"; do
    [ "$whose" = "left to us" ] || for machine in pc box; do
        lab_in $machine ethtool -K eth0 tx off tso off gso off >/dev/null
    done
    [ "$whose" = "the kernel's" ] || for machine in pc box; do
        lab_in $machine ethtool -K eth0 tx on tso on gso on >/dev/null
    done
    check "TCP by IPv4 arrives, checksums $whose" stream pc box 192.168.1.2 -4 $((port + 1))
    check "and back" stream box pc 192.168.2.2 -4 $((port + 2))
    check "TCP by IPv6" stream pc box fd01::2 -6 $((port + 3))
    check "and back" stream box pc fd02::2 -6 $((port + 4))
    check "trains of datagrams by IPv4" datagrams pc box 192.168.1.2 -4 $((port + 5))
    check "and back, by IPv6" datagrams box pc fd02::2 -6 $((port + 6))
    port=$((port + 10))
done
for machine in pc box; do
    kill "$(cat "$LAB_DIR/$machine.tcpdump")"
    tcp=$(count $machine '\(correct\)')
    check "tcpdump at $machine saw right checksums of TCP ($tcp)" [ "$tcp" -gt 5000 ]
    check "and of UDP" [ "$(count $machine 'udp sum ok')" -gt 700 ]
    check "and none that was wrong" [ "$(count $machine 'incorrect|bad udp|bad cksum')" = 0 ]
done
check "laptop and nas are still direct" both_are laptop nas direct
test_end
