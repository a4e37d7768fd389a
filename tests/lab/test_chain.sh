#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A host at relay A names relays that its frames to a host at relay B shall pass: A, C, D, B.
# Replies take the way of the latest request, unless the other host names relays, too. One in the
# middle dies, and another is not open to strangers.
. "$(dirname "$0")/check.sh"
. "$(dirname "$0")/subnet.sh"

OTHER_WAY_MS=5000 SAID_MS=10000

test_begin
lab_begin
subnet_machine a 192.0.2.10
subnet_machine b 198.51.100.10
subnet_machine c 23.2.1.10
subnet_machine d 37.3.1.10
subnet_machine e 45.4.1.10
subnet_machine closed 62.5.1.10
relayed_pair

SUBNET_SETTINGS='open_relay: true'
subnet_relay a
for relay in b c d e; do subnet_relay $relay a; done
SUBNET_SETTINGS=''
subnet_relay closed a
check "all know all" wait_for 60 subnet_all_know a b c d e closed
subnet_host phone a
subnet_host tablet b

# phone's or tablet's only named peer, with the relays on the way. A second relay that the host
# found could be the one where the peer is, from which no frame goes on.
names() { # host peer relay...
    local host=$1 peer=$2 relay file=$LAB_DIR/$1/etc/ziglan/zig0.yaml
    shift 2
    {
        printf 'name: %s\nhome_relays: false\npeers:\n' "$host"
        printf '  - {name: %s, id: %s, via: [' "$peer" "$(cat "$LAB_DIR/$peer.key")"
        for relay; do printf '%s, ' "$(subnet_key "$relay")"; done
        printf ']}\n'
    } >"$file"
    if [ -s "$LAB_DIR/$host.pid" ]; then
        kill -HUP "$(cat "$LAB_DIR/$host.pid")"
        sleep 0.5
    fi
}
# Frames that this relay has passed on to others.
passed_on() { subnet_metric "$1" 'relayd_relayed_packets_total{dir="out"}'; }
before() { for relay in a b c d e; do passed_on $relay >"$LAB_DIR/$relay.before"; done; }
more_of() { cat "$LAB_DIR/$1.more"; }
# 20 pings, and which relays passed how many frames on; a busy machine goes on with others later.
twenty_pings() { # from to
    before
    lab_in "$1" ping -n -i 0.05 -c 20 -W 2 "$2.zignet" | sed -n 's/^20 packets/    &/p'
    for relay in a b c d e; do
        echo $(($(passed_on $relay) - $(cat "$LAB_DIR/$relay.before"))) >"$LAB_DIR/$relay.more"
    done
    for relay in a b c d e; do printf '    %s passed on %s' $relay "$(more_of $relay)"; done
    echo
}
check_some() { check "$1 passes frames on" [ "$(more_of "$1")" -ge "${2:-20}" ]; }
check_none() { check "$1 passes none on" [ "$(more_of "$1")" -le 3 ]; }

names phone tablet c d
names tablet phone
hosts_up phone tablet
check "phone reaches tablet" wait_for 20 pings phone tablet

say "phone names c and d: replies come back by d and c"
twenty_pings phone tablet
for relay in a b; do check_some $relay; done
for relay in c d; do check_some $relay 40; done
check_none e
check "10 MB pass intact" transfer phone tablet 10000000 -6 5001
check "and back" transfer tablet phone 10000000 -6 5002

say "tablet names e: the two directions differ"
names tablet phone e
twenty_pings phone tablet
for relay in a b c d e; do check_some $relay; done
for relay in c d e; do check "$relay passes one direction" [ "$(more_of $relay)" -le 38 ]; done

say "tablet names none: the way of phone's latest request again"
names tablet phone
twenty_pings tablet phone
for relay in c d; do check_some $relay 40; done
check_none e

say "one in the middle dies"
relayed_in() { subnet_metric a 'relayd_relayed_packets_total{dir="in"}'; }
more_arrive() { [ "$(relayed_in)" -gt "$arrived" ]; }
says_why() { says "$1" json_of phone peers "next(p['why'] for p in d['peers'])"; }
pinging tablet phone 0.1 1000
ping_pid=$PING_PID
arrived=$(relayed_in) died=$(moment)
subnet_end KILL c
arrived=$(relayed_in)
wait_for 30 more_arrive
check_most "tablet's frames take another way, in ms" "$(since_ms "$died")" $OTHER_WAY_MS
wait_for 30 says_why "$(subnet_key c | cut -c 1-10).* is not reached"
check_most "phone says which relay is not reached, in ms" "$(since_ms "$died")" $SAID_MS
named=$(moment)
names phone tablet
wait_for 30 pings phone tablet
check_most "phone names none, and reaches tablet, in ms" "$(since_ms "$named")" $OTHER_WAY_MS
kill "$ping_pid"

say "one in the middle is not open"
names phone tablet closed
check "phone does not reach tablet" eval '! pings phone tablet'
check "and says why" wait_for 10 says_why "$(subnet_key closed | cut -c 1-10).* does not serve"
names phone tablet d
check "over an open one it reaches tablet" wait_for 20 pings phone tablet
check "and nothing is wrong any more" wait_for 20 eval '! says_why via'
test_end
