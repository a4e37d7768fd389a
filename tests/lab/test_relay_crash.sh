#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# relayd is killed and starts again while its hosts are silent. Although no host sends anything, all
# have their sessions back at once, so that a ping then finds everybody.
. "$(dirname "$0")/check.sh"

BACK_MS=3000

test_begin
relayed_pair_begin
check "they are relayed" lab_is_state phone tablet relayed

both_there() { [ "$(relay_count vps sessions)" = 2 ]; }
ledger=$LAB_DIR/vps/state/reset-ledger

sent() { # UDP packets of both hosts
    local host sum=0
    for host in phone tablet; do
        sum=$((sum + $(lab_in "$host" awk '/^Udp: [0-9]/ { print $5 }' /proc/net/snmp)))
    done
    echo "$sum"
}

# Wait until both hosts have just sent their keep-alive (15 s after a session's last packet), so
# that neither sends anything for several seconds.
keep_alive_passed() {
    local count last changed now silent=0
    last=$(sent) changed=$(now_ms)
    while :; do
        sleep 0.2
        count=$(sent) now=$(now_ms)
        if [ "$count" != "$last" ]; then
            [ $((now - changed)) -gt 7000 ] && silent=1
            last=$count changed=$now
        elif [ $silent = 1 ] && [ $((now - changed)) -gt 1500 ]; then
            return 0
        fi
    done
}

keep_alive_passed
kill -KILL "$RELAY_PID"
check "relayd is gone" wait_for 10 eval "! kill -0 $RELAY_PID 2>/dev/null"
start=$(moment)
RELAY_PID=$(lab_relay_up vps)
check "both have a session again" wait_for 20 both_there
check_most "so long after its start, in ms" "$(since_ms "$start")" $BACK_MS
check "phone reaches tablet at once" pings phone tablet

# A ledger of another program, or one that is damaged, does no harm, and is left alone.
kill -KILL "$RELAY_PID"
check "relayd is gone" wait_for 10 eval "! kill -0 $RELAY_PID 2>/dev/null"
head -c 5000 /dev/urandom >"$ledger"
RELAY_PID=$(lab_relay_up vps)
check "it starts with a damaged ledger" wait_for 20 relay_answers vps

ends() {
    kill -TERM "$RELAY_PID"
    check "relayd ends" wait_for 10 eval "! kill -0 $RELAY_PID 2>/dev/null"
}
ends
check "it has not touched that file" [ "$(stat -c %s "$ledger")" = 5000 ]
rm "$ledger"
RELAY_PID=$(lab_relay_up vps)
check "it starts without it" wait_for 20 relay_answers vps
ends
# On a busy machine not all hosts answer in the 0.25 s that a stop may take; then it stays, so that
# the next start tells those.
no_ledger() { [ ! -e "$ledger" ] || grep -q ' relay\.stopped hosts_told=some' "$LAB_DIR/vps.log"; }
check "in order, it leaves no ledger" no_ledger
test_end
