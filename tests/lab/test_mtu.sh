#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A full packet of the tunnel (1280 bytes, not to be fragmented) passes over the relay and directly,
# and TCP arrives as sent, whatever the MTU below is: 1280, 1400, 1492, 9000 bytes; also if a router
# on the way drops packets larger than 1300 bytes without a word, from the start or later on, also
# while small packets flow beside.
. "$(dirname "$0")/check.sh"

SIZE=5000000
PAUSE_MS=2500 # 1 s until the path's size is a smaller one, and what TCP waits then

# A full packet passes between two hosts in each direction, then TCP does.
passes() { # how from to port
    check "a packet of 1280 bytes passes $1" wait_for 8 pings "$2" "$3" -M 'do' -s 1252 -4
    check "and back, in IPv6" wait_for 8 pings "$3" "$2" -M 'do' -s 1232 -6
    check "5 MB of TCP arrive as sent $1" transfer "$2" "$3" $SIZE -4 "$4"
}

internet() { # mtu black-hole-mtu
    local hole=$2 site
    LAB_MTU=$1
    LAB_WHOLE=yes
    pairs_begin
    if [ -n "$hole" ]; then
        for site in home1 cafe; do lab_black_hole $site "$hole"; done
    fi
    relay_start vps 192.0.2.10
    hosts_join laptop nas phone tablet
    hosts_up laptop nas phone tablet
    check "phone reaches tablet" wait_for 15 pings phone tablet
    check "laptop reaches nas" wait_for 15 pings laptop nas
    passes "over the relay" phone tablet 7001
    check "laptop and nas become direct" wait_for 20 lab_is_state laptop nas direct
    check "nas and laptop become direct" wait_for 20 lab_is_state nas laptop direct
    passes "directly" laptop nas 7002
    check "laptop and nas are still direct" lab_is_state laptop nas direct
    check "phone and tablet are still relayed" lab_is_state phone tablet relayed
    for site in ${hole:+home1 cafe}; do
        check "the router of $site swallowed packets ($(lab_swallowed $site))" \
            [ "$(lab_swallowed $site)" -gt 0 ]
    done
}

# The MTU of the way to the relay shrinks without a word during a session: both its ends notice.
shrinking() {
    LAB_MTU=1500
    LAB_WHOLE=yes
    relayed_pair_begin
    passes "before the way shrinks" phone tablet 7003
    lab_black_hole cafe 1300
    passes "after the way shrank" phone tablet 7004
    check "the router of cafe swallowed packets ($(lab_swallowed cafe))" \
        [ "$(lab_swallowed cafe)" -gt 0 ]
    check "phone and tablet are still relayed" lab_is_state phone tablet relayed
    connected_once phone tablet
}

# The same happens to the direct path in the midst of a stream, and small packets go on beside.
shrinking_direct() {
    local hole
    LAB_MTU=1500
    LAB_WHOLE=yes
    pairs_begin
    pairs_up
    pinging laptop nas 0.05 4000
    pinging nas laptop 0.05 4000
    for hole in 1300 900; do
        transfer laptop nas 4000000 -4 $hole 8 &
        sleep 2
        lab_black_hole home1 $hole
        check "a stream of TCP survives that the way takes only $hole bytes" wait $!
        check_most "it pauses no longer than TCP's own repetitions take, in ms" \
            "$(sed -n 's/^pause //p' "$LAB_DIR/laptop-nas-$hole.got")" $PAUSE_MS
        check "laptop and nas are direct again" wait_for 5 lab_is_state laptop nas direct
        check "nas and laptop are direct again" wait_for 5 lab_is_state nas laptop direct
        passes "directly, on $hole bytes" laptop nas $((hole + 1))
    done
    check "the log tells the size of 1232" grep -q 'path.size .*size=1232' "$LAB_DIR/laptop.log"
    check "the log tells the size of 548" grep -q 'path.size .*size=548' "$LAB_DIR/laptop.log"
}

test_begin
labs=()
for mtu in 1280 1400 1492 9000; do
    (
        lab_named "$mtu"
        internet "$mtu" ''
        lab_end
    ) &
    labs+=($!)
done
(
    lab_named hole
    internet 1500 1300
    lab_end
) &
labs+=($!)
(
    lab_named shrink
    shrinking
    lab_end
) &
labs+=($!)
(
    lab_named direct
    shrinking_direct
    lab_end
) &
labs+=($!)
test_wait "${labs[@]}"
