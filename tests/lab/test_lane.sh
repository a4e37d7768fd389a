#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two hosts behind symmetric NATs stay relayed. What goes between them for more than a moment takes
# a lane; when that is blocked, packets flow again within 1 s by the session, and on the lane again
# when it is open; when a NAT forgets everything, the lane is bound again. The relay forwards on
# lanes by two workers.
. "$(dirname "$0")/check.sh"

SIZE=20000000
FALLBACK_MS=1000

test_begin
lab_begin
lab_public vps 192.0.2.10
relayed_pair
RELAY_URL=$(lab_relay_init vps 192.0.2.10)
echo 'workers: 2' >>"$LAB_DIR/vps/relayd.yaml"
RELAY_PID=$(lab_relay_up vps)
check "the relay answers" wait_for 20 relay_answers vps
check "it has two workers" says "threads for lanes and STUN: 2" cat "$LAB_DIR/vps.log"
hosts_join phone tablet
hosts_take_lanes phone tablet
hosts_up phone tablet
check "phone reaches tablet" wait_for 15 pings phone tablet

not_on_lane() { ! on_lane "$1"; }

pinging phone tablet 0.02 6000
pinging tablet phone 0.02 6000
check "phone's packets go on a lane" wait_for 10 on_lane phone
check "and so do tablet's" wait_for 10 on_lane tablet
check "both are relayed all the same" lab_is_state phone tablet relayed
before=$(relay_count vps lane_packets)
by_workers=$(relay_count vps worker_packets)
packets=$(relay_count vps forwarded_packets)
check "20 MB on the lane arrive as sent" transfer phone tablet $SIZE -4 7001
check "20 MB back arrive as sent" transfer tablet phone $SIZE -6 7002
lane=$(($(relay_count vps lane_packets) - before))
all=$(($(relay_count vps forwarded_packets) - packets))
check "$lane of $all packets went on it" [ "$lane" -gt $((all * 95 / 100)) ]
by_workers=$(($(relay_count vps worker_packets) - by_workers))
check "$by_workers of them by workers" [ "$by_workers" -gt $((lane * 95 / 100)) ]
check "the relay has one lane" [ "$(relay_count vps lanes)" = 1 ]
check "nothing was lost so far" none_lost "$LAB_DIR/phone-tablet.ping"

# Bare datagrams of lanes are dropped at one router, both ways; all else passes.
blocked_at=$(moment)
lab_rules cafe lanes <<NFT
table inet lanes {
    chain through {
        type filter hook forward priority -10
        meta l4proto udp @th,64,8 & 0xf0 == 0x90 drop
    }
}
NFT
sleep 2
check_most "the lane is blocked: packets flow again within 1 s, in ms" \
    "$(silence_ms "$LAB_DIR/phone-tablet.ping" "$blocked_at")" $FALLBACK_MS
check_most "the other way, too, in ms" \
    "$(silence_ms "$LAB_DIR/tablet-phone.ping" "$blocked_at")" $FALLBACK_MS
check "they go by the session" not_on_lane phone
check "and are relayed" lab_is_state phone tablet relayed
check "20 MB by the session arrive as sent" transfer phone tablet $SIZE -4 7003
rm "$LAB_DIR/cafe.lanes.nft"
lab_in cafe nft delete table inet lanes
check "the lane is open again: it is used again" wait_for 20 on_lane phone
check "by tablet, too" wait_for 20 on_lane tablet

# The mapping of lane and session changes, and nobody says so.
observed() { lab_ziglan "$1" status --json | sed -n 's/.*"observed": *"\(.*\)".*/\1/p'; }
old=$(observed phone)
moved() { [ -n "$(observed phone)" ] && [ "$(observed phone)" != "$old" ]; }
flush_at=$(moment)
lab_reboot_nat cafe
check "the NAT gave phone another port" wait_for 30 moved
sleep 2
check_most "packets flow again within 1 s, in ms" \
    "$(silence_ms "$LAB_DIR/phone-tablet.ping" "$flush_at")" $FALLBACK_MS
check "they go on the lane, which is bound again" wait_for 10 on_lane phone
check "20 MB on it arrive as sent" transfer phone tablet $SIZE -4 7004
check "it is still the same lane" [ "$(relay_count vps lanes)" = 1 ]
test_end
