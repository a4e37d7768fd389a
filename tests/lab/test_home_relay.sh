#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A relay at home, behind a full-cone NAT: its provider gives it another address while members talk,
# and later its router gives it another port. It notices within 20 s, the others know where it is,
# and its members follow within 10 s more, also those that are direct and say nothing to it.
. "$(dirname "$0")/check.sh"
. "$(dirname "$0")/subnet.sh"

NOTICED_MS=20000 KNOWN_MS=25000 FOLLOWED_MS=10000 RELAYED_GAP_MS=30000 DIRECT_GAP_MS=1000

test_begin
lab_begin
subnet_machine r1 192.0.2.10
subnet_machine r2 23.1.1.10
lab_site home full-cone 198.51.100.30 192.168.7
lab_host attic home 2
echo 198.51.100.30 >"$LAB_DIR/attic.address"
lab_site home1 port-restricted 198.51.100.11 192.168.1
lab_host laptop home1 2
lab_public desk 203.0.113.20
relayed_pair

subnet_relay r1
subnet_relay r2 r1
subnet_relay attic r1
is_reached() { says "\"reach\": *\"$2\"" relayd_of "$1" status --json; }
check "the relay at home finds out that it is behind a full-cone NAT" \
    wait_for 30 is_reached attic full_cone
# Where these relays say that the one at home is.
place_of_attic() {
    subnet_nodes "$1" "next((n['address'] for n in nodes if n['key'] == '$(subnet_key attic)'), '')"
}
all_know() { # address
    [ "$(place_of_attic r1)" = "$1" ] && [ "$(place_of_attic r2)" = "$1" ]
}
check "the others know where it is" wait_for 30 all_know 198.51.100.30:4433

RELAY_URL=$(cat "$LAB_DIR/attic.invite")
hosts_join laptop desk phone tablet
hosts_up laptop desk phone tablet
check "phone reaches tablet" wait_for 15 pings phone tablet
check "laptop reaches desk" wait_for 15 pings laptop desk
become_direct laptop desk

# The relay at home says in its log that it is reached there.
noticed() { # address
    tail -n "+$logged" "$LAB_DIR/attic.log" | says "relay.reach .*address=$1 fault=none" cat
}
is_at() { # host address
    lab_ziglan "$1" status --json 2>/dev/null | "$LAB_PYTHON" -c 'import json, sys
exit(not any(r["state"] == "connected" and r["host"] == sys.argv[1]
             for r in json.load(sys.stdin)["relays"]))' "$2"
}
all_are_at() { # address
    local host
    for host in phone tablet laptop desk; do is_at "$host" "$1" || return 1; done
}
# It moves by the given command, and is to be known there.
moves_to() { # address command...
    local address=$1 moment noticed direct
    shift
    logged=$(($(wc -l <"$LAB_DIR/attic.log") + 1))
    pinging laptop desk 0.1 3000
    direct=$PING_PID
    pinging phone tablet 0.1 3000
    "$@"
    moment=$(moment)
    wait_for 60 noticed "$address"
    noticed=$(moment)
    check_most "it notices that it is at $address, in ms" "$(since_ms "$moment")" $NOTICED_MS
    wait_for 60 all_know "$address"
    check_most "the others know, in ms" "$(since_ms "$moment")" $KNOWN_MS
    wait_for 60 all_are_at "$address"
    check_most "all members are there after that notice, in ms" "$(since_ms "$noticed")" \
        $FOLLOWED_MS
    check "phone reaches tablet again" wait_for 10 pings phone tablet
    check_most "phone and tablet, which are relayed, were silent, in ms" \
        "$(silence_ms "$LAB_DIR/phone-tablet.ping" "$moment")" $RELAYED_GAP_MS
    check_most "laptop and desk, which are direct, were silent, in ms" \
        "$(silence_ms "$LAB_DIR/laptop-desk.ping" "$moment")" $DIRECT_GAP_MS
    kill $direct $PING_PID
}

say "the provider gives the house another address"
sleep $((RANDOM % 5))
moves_to 198.51.100.31:4433 lab_redial home 198.51.100.31

say "the router restarts, and gives the relay another port"
sleep $((RANDOM % 5))
moves_to 198.51.100.31:5433 lab_remap home 192.168.7.2:4433 5433
test_end
