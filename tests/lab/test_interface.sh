#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Somebody else changes the interface: sets it down and up, takes addresses and routes away, turns
# IPv6 off and on, and takes the addresses away again and again. What belongs to it comes back.
. "$(dirname "$0")/check.sh"

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_public vps2 192.0.2.20
lab_public laptop 198.51.100.30
lab_public nas 203.0.113.40
lab_public phone 203.0.113.50
relay_start vps2 192.0.2.20 --name two
two=$RELAY_URL
relay_start vps 192.0.2.10 --name one
hosts_join laptop nas
RELAY_URL=$two
hosts_join phone
# Members whose hosts are not up. They are more than the routes that ziglan makes in one step.
crowd_join() { # number...
    local i
    for i; do
        printf '%s\n' "$crowd" |
            lab_in phone env ZIGLAN_ROOT="$LAB_DIR/crowd$i" "$(lab_program ziglan)" join - \
            --name "crowd$i"
    done
}
crowd=$(lab_invite vps2 --uses 150)
# shellcheck disable=SC2046
for i in 0 1 2 3 4; do
    crowd_join $(seq $i 5 149) >"$LAB_DIR/crowd$i.join" 2>&1 &
    crowd_pids[i]=$!
done
hosts_up laptop nas phone
check "laptop reaches nas" wait_for 15 pings laptop nas
become_direct laptop nas

z() { lab_ziglan laptop "$@"; }
peer_of() { # ipv4|ipv6 [options]; the address of the first peer
    json_of laptop peers "d['peers'][0]['$1']" "${@:2}"
}
nas4=$(peer_of ipv4)
nas6=$(peer_of ipv6)
reaches() { lab_in laptop ping -n -c 1 -W 1 "$1" >/dev/null 2>&1; }
# Addresses and routes of an interface, as the kernel lists them. (Those that it makes itself to the
# interface's own IPv6 addresses carry nothing: its table `local` comes first.)
settings() { # interface
    lab_in laptop ip -o addr show dev "$1" | sed 's/.*inet/inet/; s/\\.*//' | sort
    { lab_in laptop ip route show dev "$1"; lab_in laptop ip -6 route show dev "$1"; } |
        sed '/^fdd9[^ ]* proto kernel/d; s/ *$//' | sort
}
whole() { [ "$(settings "$1")" = "$(cat "$LAB_DIR/$1.settings")" ]; }
comes_back() { # when
    check "$1 all addresses and routes are back" wait_for 3 whole zig0
    whole zig0 || { settings zig0 | diff "$LAB_DIR/zig0.settings" -; }
    check "$1 nas is reached by IPv6" wait_for 2 reaches "$nas6"
    check "$1 nas is reached by IPv4" wait_for 2 reaches "$nas4"
}
settings zig0 >"$LAB_DIR/zig0.settings"
check "there is something to lose" [ "$(wc -l <"$LAB_DIR/zig0.settings")" -ge 9 ]

say "set down and up"
lab_in laptop ip link set zig0 down
is_told_down() { says 'somebody set it down: sudo ip link set zig0 up' z status; }
check "status says so, and what to do" wait_for 3 is_told_down
check "so does the log" \
    wait_for 1 grep -q 'interface\.down .*ip link set zig0 up' "$LAB_DIR/laptop.log"
sleep 1
check "nas gets no answer" eval '! pings nas laptop'
refused() { [ "$(json_of laptop status 'd["counters"]["interface_out_errors"]')" -gt 0 ]; }
check "what came for it is counted" wait_for 2 refused
check "it stays down, as somebody wanted" says_no '[<,]UP' lab_in laptop ip -o link show zig0
lab_in laptop ip link set zig0 up
comes_back "after down and up"
check "status says nothing of it any more" says_no 'somebody set it down' z status
lab_in laptop sh -c 'for i in 1 2 3 4 5 6; do ip link set zig0 down; ip link set zig0 up; done'
comes_back "after six times down and up"

say "addresses and routes taken away"
lab_in laptop ip addr flush dev zig0
comes_back "after a flush of addresses"
lab_in laptop ip addr del "$(json_of laptop whoami 'd["addresses"]["ipv6"]')/128" dev zig0
comes_back "after one is deleted"
lab_in laptop sh -c 'ip route flush dev zig0; ip -6 route flush dev zig0'
comes_back "after a flush of routes"

say "IPv6 turned off and on"
lab_in laptop sysctl -qw net.ipv6.conf.zig0.disable_ipv6=1
no_ipv6() { [ "$(json_of laptop status 'd["ipv6"]')" = False ]; }
check "status tells" wait_for 3 no_ipv6
check "nas is reached by IPv4" reaches "$nas4"
lab_in laptop sysctl -qw net.ipv6.conf.zig0.disable_ipv6=0
comes_back "when it is on again"
check "and status tells" eval '! no_ipv6'

say "a second interface, which shares the IPv6 of all peers with the first"
mkdir -p "$LAB_DIR/laptop/etc/ziglan"
printf 'name: laptop\npool: 100.65.0.0/16\n' >"$LAB_DIR/laptop/etc/ziglan/zig1.yaml"
lab_spawn laptop "$LAB_DIR/laptop-zig1.log" env ZIGLAN_ROOT="$LAB_DIR/laptop" \
    "$(lab_program ziglan)" up -i zig1 >/dev/null
zig1_up() { z status -i zig1; }
check "it comes up" wait_for 10 zig1_up
expect "and joins" 0 "Joined two as laptop.zignet" eval "printf '%s\n' '$two' | z join - -i zig1"
check "all others of it have joined" wait "${crowd_pids[@]}"
knows_all() { [ "$(json_of laptop peers 'len(d["peers"])' -i zig1)" = 151 ]; }
check "it knows them all" wait_for 10 knows_all
phone6=$(json_of laptop peers 'next(p["ipv6"] for p in d["peers"] if p["name"] == "phone")' -i zig1)
check "phone is reached by IPv6" wait_for 5 reaches "$phone6"
# One route to each of them. (The routes to our own three addresses hold a slash.)
routes_all() { [ "$(lab_in laptop ip -6 route show dev zig1 proto static | grep -vc /)" = 151 ]; }
check "each has a route of its own" wait_for 2 routes_all
sleep 3 # nothing else goes on then
lab_in laptop sh -c 'ip link set zig1 down; ip link set zig1 up'
check "after down and up again" wait_for 3 routes_all
check "phone is reached" wait_for 5 reaches "$phone6"
check "and nas through the first" reaches "$nas6"

say "somebody takes the addresses away as soon as they are there"
restored() { grep -c ' interface\.restored ' "$LAB_DIR/laptop.log"; }
before=$(restored)
check "until now it was one line a time (at most 10), not $before" [ "$before" -le 10 ]
cpu_of() { awk '{ print $14 + $15 }' "/proc/$(cat "$LAB_DIR/laptop.pid")/stat"; }
cpu=$(cpu_of)
lab_in laptop timeout 8 sh -c 'while :; do ip addr flush dev zig0; sleep 0.02; done' 2>/dev/null
check_most "in 8 s they are put back so many times" $(($(restored) - before)) 13
check_most "which takes so much CPU time, in ticks" $(($(cpu_of) - cpu)) 100
check "when it ends, they come back" wait_for 25 whole zig0
check "and nas is reached" wait_for 2 reaches "$nas6"
test_end
