#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A network that never rests: bridges come and go, routes to elsewhere are written by the thousand,
# the default route is written again as it was. None of that costs a session or a path. What changes
# the way to the relay does count: the default route moves to another interface.
. "$(dirname "$0")/check.sh"

test_begin
pairs_begin
lab_site backup port-restricted 198.51.100.15 192.168.5 # phone's other uplink
lab_wire phone backup lan eth1 "$LAB_MTU"
lab_in phone ip addr add 192.168.5.2/24 dev eth1
pairs_up
sleep 3 # the ways in use are known
echo 'log_level: debug' >>"$LAB_DIR/vps/relayd.yaml" # so that the relay tells of each session
kill -HUP "$RELAY_PID"
sessions_opened() { grep -c ' session\.open ' "$LAB_DIR/vps.log"; }
sleep 1
opened=$(sessions_opened)
lost_before=$(json_of laptop status "d['counters']['direct_lost']")

# Everything is as it was, for the relayed pair and for the direct one.
nothing_lost() { # what since-ms
    check_most "$1: the longest silence between phone and tablet, in ms" \
        "$(silence_ms "$LAB_DIR/phone-tablet.ping" "$2")" 3000
    check_most "$1: the longest silence between laptop and nas, in ms" \
        "$(silence_ms "$LAB_DIR/laptop-nas.ping" "$2")" 3000
    check "$1: no session was opened" [ "$(sessions_opened)" = "$opened" ]
    check "$1: laptop and nas were direct all the time" \
        [ "$(json_of laptop status "d['counters']['direct_lost']")" = "$lost_before" ]
    connected_once laptop nas phone tablet
}

pinging phone tablet 0.1 3000
pinging laptop nas 0.1 3000

say "75 bridges come and go in 30 s"
began=$(moment)
for ((i = 0; i < 75; i++)); do
    for host in phone laptop; do
        lab_in "$host" ip link add "br$((i % 5))" type bridge
        lab_in "$host" ip addr add "172.30.$((i % 5)).1/24" dev "br$((i % 5))"
        lab_in "$host" ip link set "br$((i % 5))" up
    done
    sleep 0.2
    for host in phone laptop; do lab_in "$host" ip link del "br$((i % 5))"; done
    sleep 0.1
done
sleep 1
nothing_lost "bridges" "$began"

say "20,000 routes to elsewhere are added and deleted"
began=$(moment)
for host in phone laptop; do
    gateway=$(lab_in "$host" ip route show default | awk '{print $3}')
    for ((i = 0; i < 20000; i++)); do
        echo "route add 10.$((i / 256 + 1)).$((i % 256)).0/24 via $gateway"
    done >"$LAB_DIR/$host.routes"
    lab_in "$host" ip -batch "$LAB_DIR/$host.routes"
    sed -i "s/^route add/route del/" "$LAB_DIR/$host.routes"
    lab_in "$host" ip -batch "$LAB_DIR/$host.routes"
done
sleep 1
nothing_lost "routes" "$began"

say "the default route is written again as it was, 40 times in 10 s"
began=$(moment)
for ((i = 0; i < 40; i++)); do
    for host in phone laptop; do
        route=$(lab_in "$host" ip route show default)
        # shellcheck disable=SC2086
        lab_in "$host" ip -batch - <<<"$(printf 'route del %s\nroute add %s\n' "$route" "$route")"
    done
    sleep 0.25
done
sleep 3
nothing_lost "the same default route" "$began"

say "the default route moves to another interface"
began=$(moment)
lab_in phone ip route replace default via 192.168.5.1 dev eth1
sleep 5
check_most "the longest silence between phone and tablet, in ms" \
    "$(silence_ms "$LAB_DIR/phone-tablet.ping" "$began")" 3000
check "the relay sees phone at its new address" says '198\.51\.100\.15' \
    lab_ziglan phone status --json
check "on the session that it had" [ "$(sessions_opened)" = "$opened" ]
check "the relay was never busy" says_no 'reason=busy' cat "$LAB_DIR/phone.log"

say "the address goes away, and another comes"
began=$(moment)
lab_in phone ip addr flush dev eth1
lab_in phone ip addr add 192.168.5.9/24 dev eth1
lab_in phone ip route add default via 192.168.5.1 dev eth1
sleep 5
check_most "the longest silence between phone and tablet, in ms" \
    "$(silence_ms "$LAB_DIR/phone-tablet.ping" "$began")" 3000
lab_ziglan tablet down >/dev/null
check "the relay's log does tell of sessions" \
    wait_for 5 grep -q ' session\.closed ' "$LAB_DIR/vps.log"
test_end
