#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The death of relayd leaves direct traffic alone, however long it lasts; its return brings relayed
# traffic back within 3 s, whether it ended by SIGTERM or by SIGKILL.
. "$(dirname "$0")/check.sh"

BACK_MS=3000

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_site home1 port-restricted 198.51.100.11 192.168.1
lab_host laptop home1 2
lab_site home2 port-restricted 203.0.113.12 192.168.2
lab_host nas home2 2
lab_site cafe symmetric 198.51.100.13 192.168.3
lab_host phone cafe 2
lab_site hotel symmetric 203.0.113.14 192.168.4
lab_host tablet hotel 2

relay_start vps 192.0.2.10
hosts_join laptop nas phone tablet
hosts_up laptop nas phone tablet
check "phone reaches tablet over the relay" lab_wait 10 pings phone tablet
check "laptop reaches nas" lab_wait 10 pings laptop nas
check "laptop and nas become direct" lab_wait 15 lab_is_state laptop nas direct
check "nas and laptop become direct" lab_wait 15 lab_is_state nas laptop direct

# end SIGNAL OUTAGE_S: relayd ends by this signal, is away for so long, and starts again.
death() {
    local signal=$1 away=$2 ready back
    kill "-$signal" "$RELAY_PID"
    check "relayd is gone after SIG$signal" lab_wait 10 eval "! kill -0 $RELAY_PID"
    sleep "$away"
    check "no ping from phone to tablet is answered without it" eval '! pings phone tablet'
    RELAY_PID=$(lab_relay_up vps)
    check "relayd starts again" lab_wait 20 relay_answers vps
    ready=$(now_ms)
    back=$(first_reply_ms phone tablet "$ready" 30)
    check_most "relayed traffic is back within 3 s after SIG$signal and $away s, in ms" "$back" $BACK_MS
}

pinging laptop nas 0.1 400
ping_pid=$!
death KILL 6
death TERM 0.5
death KILL 0.5
death TERM 2
kill -INT "$(lab_in laptop pgrep -n -f "^ping.*nas.zignet" || echo $ping_pid)" 2>/dev/null
lab_wait 10 grep -q 'packet loss' "$LAB_DIR/laptop-nas.ping"
result=$(grep 'packet loss' "$LAB_DIR/laptop-nas.ping")
say "laptop to nas, directly, all the while: $result"
check "no direct ping was lost while relayd came and went" grep -q ' 0% packet loss' <<<"$result"
check "laptop and nas are direct" lab_is_state laptop nas direct
check "a host that was away meanwhile is found again" lab_wait 10 pings nas phone
test_end
