#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two hosts of no ziglan name each other, and each keeps two home relays of its own, so that what
# they send passes two of four relays. The one in use dies, first of one host, then of the other:
# it flows again within a second.
. "$(dirname "$0")/check.sh"
. "$(dirname "$0")/subnet.sh"

FLOWS_MS=1000

test_begin
lab_begin
subnet_machine a 192.0.2.10
subnet_machine b 23.1.1.10
subnet_machine c 37.2.1.10
subnet_machine d 45.3.1.10
relayed_pair

SUBNET_SETTINGS='open_relay: true'
subnet_relay a
for relay in b c d; do subnet_relay $relay a; done
check "all know all" wait_for 60 subnet_all_know a b c d

# A host that pins these two relays.
host_of() { # host relay relay
    subnet_host "$1" "$2"
    lab_ziglan "$1" relay pin "$(subnet_url "$3")" >/dev/null || not_ok "$1 pins $3"
}
host_of phone a b
host_of tablet c d
printf 'name: phone\npeers: [{name: tablet, id: %s}]\n' "$(cat "$LAB_DIR/tablet.key")" \
    >"$LAB_DIR/phone/etc/ziglan/zig0.yaml"
printf 'name: tablet\npeers: [{name: phone, id: %s}]\n' "$(cat "$LAB_DIR/phone.key")" \
    >"$LAB_DIR/tablet/etc/ziglan/zig0.yaml"
hosts_up phone tablet

homes_of() { # host relay...: whether these are its home relays, with sessions
    local host=$1 keys='' relay
    shift
    for relay; do keys=$keys$(subnet_key "$relay"); done
    [ "$(json_of "$host" relays "sum(r['home'] and r['state'] == 'connected' and
        r['key'] in '$keys' for r in d['relays'])")" = $# ]
}
homes_are_apart() { homes_of phone a b && homes_of tablet c d; }
check "each host has two home relays of its own" wait_for 30 homes_are_apart
check "phone reaches tablet" wait_for 20 pings phone tablet

# Of these two relays, the one that passes more frames on now.
passed_on() { subnet_metric "$1" 'relayd_relayed_packets_total{dir="out"}'; }
in_use() { # relay relay
    local first second
    first=$(passed_on "$1")
    second=$(passed_on "$2")
    sleep 1
    first=$(($(passed_on "$1") - first))
    second=$(($(passed_on "$2") - second))
    if [ $first -ge $second ]; then echo "$1"; else echo "$2"; fi
}
death() { # whose relay relay
    local dead died
    pinging phone tablet 0.02 1500
    sleep 3
    dead=$(in_use "$2" "$3")
    died=$(moment)
    subnet_end KILL "$dead"
    sleep 4
    check_most "packets flow again when $dead, which $1 used, was killed, in ms" \
        "$(silence_ms "$LAB_DIR/phone-tablet.ping" "$died")" $FLOWS_MS
    kill -INT "$PING_PID"
    check "tablet reaches phone" pings tablet phone
    subnet_start "$dead"
    check "$1 comes back to $dead" wait_for 30 homes_are_apart
}
death phone a b
death tablet c d
test_end
