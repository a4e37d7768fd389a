#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A direct path dies under traffic: a router drops all datagrams between the two sites, and says
# nothing. A stream of TCP, pings both ways and a flow of UDP to which nobody answers go on within
# 1 s, over the relay; so with no delay on the way, and with a round trip of 80 ms. Before that
# nothing goes by the relay, although the stream fills the line.
. "$(dirname "$0")/check.sh"

FLOW_MS=1000
STREAM_MS=1200 # TCP repeats what was lost after 280 ms and then 840, with a round trip of 80
SIZE=6000000
STREAM_S=8
LINE=10mbit # of home2

# A datagram each 20 ms, as many as that; the receiver prints how long it waited for one at most.
one_way() { # from to port count
    local log=$LAB_DIR/$1-$2-$3
    lab_in "$2" "$LAB_PYTHON" "$LAB_NET/flow.py" receive "$3" >"$log.got" 2>&1 </dev/null &
    wait_for 20 grep -q ready "$log.got" || { cat "$log.got"; return 1; }
    lab_in "$1" "$LAB_PYTHON" "$LAB_NET/flow.py" send "$3" "$2.zignet" "$4" 2>"$log.sent"
    wait_for 10 grep -q pause "$log.got"
}

failover() { # delay-ms port
    local begun before stream flow
    LAB_DELAY_MS=$1
    lab_begin
    home_pair
    relay_start vps 192.0.2.10
    hosts_join laptop nas
    hosts_up laptop nas
    check "laptop reaches nas" wait_for 15 pings laptop nas
    become_direct laptop nas
    pinging laptop nas 0.02 4000
    pinging nas laptop 0.02 4000

    lab_in nas tc qdisc add dev eth0 root tbf rate $LINE burst 4kb limit 256kb
    before=$(relay_count vps forwarded_packets)
    check "a stream over a line that it fills arrives as sent" transfer nas laptop 3000000 -4 "$2"
    lab_in nas tc qdisc del dev eth0 root
    check "none of it went by the relay" [ "$(relay_count vps forwarded_packets)" = "$before" ]
    check "laptop and nas are still direct" lab_is_state laptop nas direct

    transfer laptop nas $SIZE -4 $(($2 + 1)) $STREAM_S &
    stream=$!
    one_way laptop nas $(($2 + 2)) 400 &
    flow=$!
    sleep 3
    begun=$(moment)
    lab_cut 198.51.100.11 203.0.113.12
    sleep 2.5
    check_most "pings go on within 1 s, in ms" \
        "$(silence_ms "$LAB_DIR/laptop-nas.ping" "$begun")" $FLOW_MS
    check_most "and the other way, in ms" \
        "$(silence_ms "$LAB_DIR/nas-laptop.ping" "$begun")" $FLOW_MS
    check "the stream arrives as sent" wait $stream
    check_most "it pauses no longer than TCP's own repetitions take, in ms" \
        "$(sed -n 's/^pause //p' "$LAB_DIR/laptop-nas-$(($2 + 1)).got")@$begun" $STREAM_MS
    check "the flow that nobody answers ends" wait $flow
    check_most "it goes on within 1 s, in ms" \
        "$(sed -n 's/^pause //p' "$LAB_DIR/laptop-nas-$(($2 + 2)).got")@$begun" $FLOW_MS
    check "laptop and nas are relayed" lab_is_state laptop nas relayed
    lab_heal
    check "and direct again when the way is whole" wait_for 45 lab_is_state laptop nas direct
}

test_begin
labs=()
for delay in 0 20; do
    (
        lab_named "delay$delay"
        failover $delay 7001
        lab_end
    ) &
    labs+=($!)
done
test_wait "${labs[@]}"
