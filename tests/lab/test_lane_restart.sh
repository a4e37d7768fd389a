#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A relay's program starts anew while two hosts behind symmetric NATs talk on a lane. They stay on
# the same lane, also beside more workers: for them the relay was silent for as long as the program
# took to start. A lane whose hosts do not both come back is closed.
. "$(dirname "$0")/check.sh"

SIZE=20000000 RELAYED_MS=300

test_begin
lab_begin
lab_public vps 192.0.2.10
relayed_pair
RELAY_URL=$(lab_relay_init vps 192.0.2.10)
printf 'workers: 2\nlog_level: debug\n' >>"$LAB_DIR/vps/relayd.yaml"
RELAY_PID=$(relay_kept_up vps)
check "the relay answers" wait_for 20 relay_answers vps
hosts_join phone tablet
hosts_take_lanes phone tablet
hosts_up phone tablet
check "phone reaches tablet" wait_for 15 pings phone tablet

says_log() { tail -n "+$logged" "$LAB_DIR/vps.log" | says "$1" cat; }
restart() {
    logged=$(($(wc -l <"$LAB_DIR/vps.log") + 1))
    moment=$(moment)
    kill -HUP "$RELAY_PID"
}
both_back() { [ "$(relay_count vps sessions)" = 2 ]; }

pinging phone tablet 0.02 6000
pinging tablet phone 0.02 6000
check "phone's packets go on a lane" wait_for 10 on_lane phone
check "and so do tablet's" wait_for 10 on_lane tablet
for time in first second; do
    restart
    check "the $time restart: relayd is ready again" wait_for 10 says_log relay.ready
    check "it has the lane of the program before" says_log 'lanes.kept count=1'
    check "both hosts are back" wait_for 20 both_back
    sleep 2
    check_most "phone heard nothing of tablet, in ms" \
        "$(silence_ms "$LAB_DIR/phone-tablet.ping" "$moment")" $RELAYED_MS
    check_most "tablet heard nothing of phone, in ms" \
        "$(silence_ms "$LAB_DIR/tablet-phone.ping" "$moment")" $RELAYED_MS
    check "phone's packets go on the lane" on_lane phone
    check "and so do tablet's" on_lane tablet
    check "the relay has one lane" [ "$(relay_count vps lanes)" = 1 ]
    check "none was closed" [ "$(tail -n "+$logged" "$LAB_DIR/vps.log" | grep -c lane.closed)" = 0 ]
    check "it carries $(relay_count vps worker_packets) packets by workers" \
        [ "$(relay_count vps worker_packets)" -gt 50 ]
done
sed -i 's/^workers: 2/workers: 3/' "$LAB_DIR/vps/relayd.yaml"
(sleep 0.5 && kill -HUP "$RELAY_PID") &
check "20 MB over a restart arrive as sent" transfer phone tablet $SIZE -4 7001
check "there are three workers now" says "threads for lanes and STUN: 3" cat "$LAB_DIR/vps.log"
check "all hosts are back" wait_for 20 both_back
check "still on the lane" wait_for 5 on_lane phone

# tablet is gone when the program starts.
kill -KILL "$(cat "$LAB_DIR/tablet.pid")"
restart
check "relayd is ready again" wait_for 10 says_log 'lanes.kept count=1'
check "the relay still has the lane" [ "$(relay_count vps lanes)" = 1 ]
no_lane() { [ "$(relay_count vps lanes)" = 0 ]; }
check "the lane is closed, because tablet does not come back" wait_for 15 no_lane
test_end
