#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What may happen to a host that is up: a name is asked for, the network changes, IPv6 is missing, a
# relay's name resolves late, the program pauses, and the interface is removed.
. "$(dirname "$0")/check.sh"

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_public laptop 198.51.100.30
lab_public nas 203.0.113.40
lab_public old 203.0.113.50
lab_public early 203.0.113.60
relay_start vps 192.0.2.10 --name home
z() { lab_ziglan laptop "$@"; }
is_up() { lab_ziglan "$1" status >/dev/null 2>&1; }
joins() { # host options...
    local host=$1
    shift
    printf '%s\n' "$RELAY_URL" | lab_ziglan "$host" join - "$@"
}

say "a name asked for while the interface is up"
hosts_up laptop nas
check "laptop is up" wait_for 10 is_up laptop
check "nas is up" wait_for 10 is_up nas
expect "laptop joins under another name" 0 "Joined home as cabin.zignet" joins laptop --name Cabin
expect "nas joins" 0 "Joined home as nas.zignet" joins nas --name nas
check "nas reaches cabin.zignet" wait_for 10 pings nas cabin
expect "a host that has a name keeps it, and is told so" 0 "this host is cabin there, not hut" \
    joins laptop --name hut
expect "laptop goes down" 0 "" z down
hosts_up laptop
check "it is cabin still" wait_for 10 pings nas cabin
expect "a name asked for while down is told of, too" 0 "this host is nas there, not hut" \
    eval 'lab_ziglan nas down >/dev/null && joins nas --name hut'
hosts_up nas
check "laptop reaches nas" wait_for 10 pings laptop nas
check "directly" wait_for 10 lab_is_state laptop nas direct

say "another network"
move() { # address, or none
    lab_in laptop ip addr flush dev eth0 2>/dev/null
    [ -z "${1:-}" ] || lab_in laptop ip addr add "$1/24" dev eth0
    [ -z "${1:-}" ] || lab_in laptop ip route add default via 198.51.100.1
}
since() { # what limit-ms: the longest silence since $moved
    check_most "$1: the longest silence, in ms" \
        "$(silence_ms "$LAB_DIR/laptop-nas.ping" "$moved")" "$2"
}
pinging laptop nas 0.05 1000
sleep 0.5
moved=$(moment)
move 198.51.100.31
sleep 5
since "another address" 2000
check "directly again" wait_for 10 lab_is_state laptop nas direct
move
sleep 4
moved=$(moment)
move 198.51.100.32
sleep 5
since "no address for a while, then another one" 2000
check "directly again" wait_for 10 lab_is_state laptop nas direct

say "a pause of the whole program"
pid=$(cat "$LAB_DIR/laptop.pid")
kill -STOP "$pid"
sleep 12
kill -CONT "$pid"
moved=$(moment)
sleep 3
since "after 12 s" 2000

say "no IPv6"
lab_in old sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
expect "old joins" 0 "Joined home as old.zignet" joins old --name old
hosts_up old
check "old reaches nas by IPv4" wait_for 10 pings old nas -4
check "and says what it lacks" says 'the kernel has IPv6 disabled' cat "$LAB_DIR/old.log"
check "it does not take its own interface for a network outside" \
    says_no 'pool\.overlap' cat "$LAB_DIR/old.log"

say "a relay whose name resolves late"
lab_mkdir "/etc/netns/$(lab_ns early)"
: >"/etc/netns/$(lab_ns early)/hosts"
printf 'hosts: files\n' >"/etc/netns/$(lab_ns early)/nsswitch.conf"
hosts_up early
check "early is up" wait_for 10 is_up early
named_url=${RELAY_URL/192.0.2.10/vps.example.org}
expect "join says that the name does not resolve" 1 "the name vps.example.org does not resolve" \
    eval "printf '%s\n' '$named_url' | lab_ziglan early join - --name early"
echo '192.0.2.10 vps.example.org' >>"/etc/netns/$(lab_ns early)/hosts"
check "once it does, early joins by itself" wait_for 15 is_joined early

say "a configuration that is broken"
config=$LAB_DIR/laptop/etc/ziglan/zig0.yaml
mkdir -p "${config%/*}"
printf 'name: laptop\nmtu: 99\n' >"$config"
kill -HUP "$pid"
check "it is refused with its line" \
    wait_for 5 grep -q 'config.refused.*zig0\.yaml:2: .mtu. must be' "$LAB_DIR/laptop.log"
check "and nothing else happens" pings laptop nas
printf 'log_level: debug\n' >"$config"
kill -HUP "$pid"
check "a good one is read" wait_for 5 grep -q 'config.reloaded' "$LAB_DIR/laptop.log"
check "and changes nothing that it does not name" pings laptop nas
rm "$config"

say "the interface is taken away"
lab_in laptop ip link del zig0
check "ziglan ends, instead of running for nothing" wait_for 5 eval "! kill -0 $pid 2>/dev/null"
check "and says why" says \
    'somebody removed the interface zig0; start it again with: sudo ziglan up' cat \
    "$LAB_DIR/laptop.log"
expect "status" 3 "is down" z status
hosts_up laptop
check "it starts again" wait_for 10 pings laptop nas

say "up twice"
expect "down" 0 "" z down
expect "up" 0 "zig0 is up" z up --detach
connected() { grep -q 'relay\.open' "$LAB_DIR/laptop/run/ziglan/zig0.log"; }
check "the log tells of the relay" wait_for 10 connected
expect "up again" 1 "is up already" z up --detach
check "the log of the one that runs is whole" connected
expect "down" 0 "" z down
test_end
