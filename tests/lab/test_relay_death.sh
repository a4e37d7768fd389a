#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The death of relayd leaves direct traffic alone, however long it lasts; its return brings relayed
# traffic back within 3 s, whether it ended by SIGTERM or by SIGKILL.
. "$(dirname "$0")/check.sh"

BACK_MS=3000

test_begin
pairs_begin
pairs_up

# relayd ends by this signal, is away for so long, and starts again.
death() { # signal seconds
    local signal=$1 away=$2 ready back
    kill "-$signal" "$RELAY_PID"
    check "relayd is gone after SIG$signal" wait_for 10 eval "! lab_alive $RELAY_PID"
    sleep "$away"
    check "no ping from phone to tablet is answered without it" eval '! pings phone tablet'
    RELAY_PID=$(lab_relay_up vps)
    check "relayd starts again" wait_for 20 relay_answers vps
    ready=$(moment)
    back=$(first_reply_ms phone tablet "$ready" 30)
    check_most "relayed traffic is back within 3 s after SIG$signal and $away s, in ms" \
        "$back" $BACK_MS
}

pinging laptop nas 0.1 2000
death KILL 6
death TERM 0.5
death KILL 0.5
death TERM 2
check "no direct ping was lost while relayd came and went" \
    wait_for 10 none_lost "$LAB_DIR/laptop-nas.ping"
check "and they went on until now" lab_alive "$PING_PID"
check "laptop and nas are direct" lab_is_state laptop nas direct
check "a host that was away meanwhile is found again" wait_for 10 pings nas phone
test_end
