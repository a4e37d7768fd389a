#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ziglan lets a real router daemon map its port. Two hosts behind symmetric NATs stay relayed; with
# the mapping, which a relay has proven, they become direct at it. `portmap: off` makes none, and
# `down` deletes it.
. "$(dirname "$0")/router_common.sh"

host_status() { # host key
    lab_ziglan "$1" status --json 2>/dev/null | sed -n "s/.*\"$2\": *\"\{0,1\}\([^\",]*\).*/\1/p"
}
is_proven() { [ "$(host_status "$1" portmap_proven)" = true ]; }
mapped_port() { host_status "$1" portmap | sed -n "s/^$WAN:\([0-9]*\) by .*/\1/p"; }

scenario() { # suite protocol name-in-words
    local port
    lab_begin
    lab_in inet ip addr add "${WAN%.*}.1/24" dev br0
    lab_public relay 192.0.2.10
    lab_public other 203.0.113.10
    lab_site router open $WAN 192.168.1
    lab_site far symmetric 198.51.100.20 192.168.2
    lab_host laptop router 2
    lab_host nas far 2
    lab_in inet ip route del 192.168.1.0/24 # as on the internet: nobody outside knows that network
    router_rules "$2"
    router_up "$1" "$2"
    relay_start relay 192.0.2.10
    lab_ziglan laptop join --name laptop "$RELAY_URL" >/dev/null || lab_fail "join"
    lab_ziglan nas join --name nas "$RELAY_URL" >/dev/null || lab_fail "join"
    pid[nas]=$(lab_up nas)
    mkdir -p "$LAB_DIR/laptop/etc/ziglan"
    echo "portmap: off" >"$LAB_DIR/laptop/etc/ziglan/zig0.yaml"
    pid[laptop]=$(lab_up laptop)
    wait_for 20 lab_is_state laptop nas online
    sleep 2
    check "portmap: off maps nothing" forwards_none 192.168.1.2
    kill -TERM "${pid[laptop]}"
    wait_for 10 gone "${pid[laptop]}"
    rm "$LAB_DIR/laptop/etc/ziglan/zig0.yaml"
    pid[laptop]=$(lab_up laptop)
    check "the router maps the port of a host" wait_for 30 is_proven laptop
    expect "status says so" 0 "by $3 of the router at 192.168.1.1, and others get through" \
        lab_ziglan laptop status
    port=$(mapped_port laptop)
    check "it is forwarded ($port)" forwards "${port:-none}" 192.168.1.2
    check "the hosts hear of each other" wait_for 20 lab_in laptop ping -c 1 -W 1 \
        "$(lab_ziglan nas whoami --json | sed -n 's/.*"ipv6": *"\([^"]*\)".*/\1/p')"
    check "and are direct, though their NATs stand against it" \
        wait_for 30 lab_is_state nas laptop direct
    expect "at the mapped port" 0 "$WAN:$port" lab_ziglan nas peers
    lab_ziglan laptop down >/dev/null 2>&1 || kill -TERM "${pid[laptop]}"
    check "down deletes the mapping" wait_for 10 forwards_none 192.168.1.2
    lab_end
}

lab_possible || exit 77
router_suites
jobs=()
(
    lab_named "pcp"
    scenario "${suites[0]}" pcp PCP
) &
jobs+=($!)
(
    lab_named "upnp"
    scenario "${suites[-1]}" upnp UPnP
) &
jobs+=($!)
test_wait "${jobs[@]}"
