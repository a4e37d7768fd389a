#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A full packet of the tunnel (1280 bytes, not to be fragmented) passes over the relay and directly,
# and TCP arrives as sent, whatever the MTU below is: 1280, 1400, 1492, 9000 bytes; also if a router
# on the way drops packets larger than 1300 bytes without a word, from the start or later on.
. "$(dirname "$0")/check.sh"

SIZE=5000000

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
test_wait "${labs[@]}"
