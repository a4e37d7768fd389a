#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A relay is upgraded while its hosts talk. A reload drops no session; a restart, with another
# program file and with the ports kept by the service manager, stops what is relayed for a second at
# most and what is direct not at all.
. "$(dirname "$0")/check.sh"

RELOAD_MS=300 RELAYED_MS=1000 DIRECT_MS=300

test_begin
pairs_begin
mkdir "$LAB_DIR/keeper"
cp "$(lab_program relayd)" "$LAB_DIR/keeper/relayd"
lab_relay_up() { relay_kept_up "$1" "$LAB_DIR/keeper/relayd"; }
pairs_up
check "phone and tablet are relayed" lab_is_state phone tablet relayed
keeper=$RELAY_PID
config=$LAB_DIR/vps/relayd.yaml
relayd_pid() { cat "$LAB_DIR/keeper/pid"; }
ports() { lab_in vps ss -Huane 2>/dev/null | awk '$4 ~ /:(4433|443)$/ { print $4, $7 }' | sort; }
# The ports at which one socket is the same as in $before; those of workers are new ones.
kept_ports() {
    comm -12 <(echo "$before") <(ports) | sed 's/ .*//; s/.*://' | sort -u | tr '\n' ' '
}
says_log() { tail -n "+$logged" "$LAB_DIR/vps.log" | says "$1" cat; }
pings_begin() {
    pinging laptop nas 0.05 6000
    direct=$PING_PID
    pinging phone tablet 0.05 6000
    relayed=$PING_PID
    logged=$(($(wc -l <"$LAB_DIR/vps.log") + 1))
    moment=$(moment)
}
pings_judge() { # what relayed-limit
    check_most "$1: phone and tablet, which are relayed, were silent, in ms" \
        "$(silence_ms "$LAB_DIR/phone-tablet.ping" "$moment")" "$2"
    check_most "$1: laptop and nas, which are direct, were silent, in ms" \
        "$(silence_ms "$LAB_DIR/laptop-nas.ping" "$moment")" $DIRECT_MS
    kill "$direct" "$relayed"
}

pings_begin
printf 'bandwidth: 900 Mbit/s\nlog_level: debug\n' >>"$config"
kill -HUP "$(relayd_pid)"
check "relayd reads its configuration again" wait_for 5 says_log 'config.reload changed='
sleep 1
pings_judge "a reload" $RELOAD_MS
connected_once laptop nas phone tablet

before=$(ports)
check "relayd has its two ports" [ "$(kept_ports)" = "443 4433 " ]
# Another file in the place of the program, as a package puts it there.
cp "$LAB_DIR/keeper/relayd" "$LAB_DIR/keeper/next"
mv "$LAB_DIR/keeper/next" "$LAB_DIR/keeper/relayd"
for time in first second; do
    pings_begin
    former=$(relayd_pid)
    kill -HUP "$keeper"
    check "the $time restart: relayd is ready again" wait_for 10 says_log relay.ready
    all_back() { [ "$(relay_count vps sessions)" = 4 ]; }
    check "all hosts are back" wait_for 20 all_back
    sleep 1
    pings_judge "the $time restart" $RELAYED_MS
    check "it is another process" [ "$former" != "$(relayd_pid)" ]
    check "the ports are the same sockets" [ "$(kept_ports)" = "443 4433 " ]
done

# A port that is no longer wanted is given up, although the service manager had kept it.
printf 'listen: ["[::]:4433", "[::]:4434"]\n' >>"$config"
logged=$(($(wc -l <"$LAB_DIR/vps.log") + 1))
kill -HUP "$keeper"
check "relayd starts with other ports" wait_for 10 says_log 'relay.ready .*4434'
given_up() { ! says ':443 ' ports; }
check "port 443 is free" wait_for 5 given_up
check "port 4433 is the same socket" [ "$(kept_ports)" = "4433 " ]
test_end
