#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Hosts keep two relays: that of their ziglan, and one that it told them of. When the one in use is
# killed, what is relayed flows again within a second over the other, and what is direct feels
# nothing; so it is with a relay that is pinned by its key alone.
. "$(dirname "$0")/check.sh"

FLOWS_MS=1000 # relayed traffic is back
DIRECT_MS=200 # a direct ping each 20 ms, on a machine that does other things, too

# An open relay, not running yet; each but the first knows the first one.
relay_make() { # machine address
    lab_relay_init "$1" "$2" --name "$1" >"$LAB_DIR/$1.invite" ||
        { lab_fail "relayd init"; exit 1; }
    {
        printf 'open_relay: true\n'
        [ ! -f "$LAB_DIR/vps.url" ] || printf 'peers:\n  - %s\n' "$(cat "$LAB_DIR/vps.url")"
    } >>"$LAB_DIR/$1/relayd.yaml"
    relay_begin "$1"
    relay_answers "$1" | grep -o 'relay://[^ ]*' >"$LAB_DIR/$1.url"
}
relay_begin() { # machine
    lab_relay_up "$1" >"$LAB_DIR/$1.pid"
    wait_for 20 relay_answers "$1" || { lab_fail "relayd does not start"; exit 1; }
}
relay_kill() { # machine
    kill -KILL "$(cat "$LAB_DIR/$1.pid")"
    wait_for 10 eval "! lab_alive $(cat "$LAB_DIR/$1.pid")"
}
key_of() { sed 's,relay://\(.*\)@.*,\1,' "$LAB_DIR/$1.url"; }
know() { [ "$(relay_count "$1" nodes)" = "$2" ]; }

relay_is() { # host relay word: whether the host's list says so
    json_of "$1" relays "any(r['$3'] for r in d['relays'] if r['key'] == '$(key_of "$2")')" |
        says True cat
}
is_connected() { # host relay
    json_of "$1" relays \
        "any(r['state'] == 'connected' for r in d['relays'] if r['key'] == '$(key_of "$2")')" |
        says True cat
}
homes() { json_of "$1" relays "sum(r['home'] for r in d['relays'])"; }

# The relay dies under two flows, a relayed and a direct one.
death() { # relay
    local at
    pinging phone tablet 0.02 2000
    pinging laptop nas 0.02 2000
    sleep 2
    at=$(moment)
    relay_kill "$1"
    sleep 4
    check_most "relayed traffic flows again when $1 was killed, in ms" \
        "$(silence_ms "$LAB_DIR/phone-tablet.ping" "$at")" $FLOWS_MS
    check_most "and direct traffic felt nothing, in ms" \
        "$(silence_ms "$LAB_DIR/laptop-nas.ping" "$at")" $DIRECT_MS
    check "phone still reaches tablet" pings phone tablet
    check "tablet reaches phone" pings tablet phone
    check "laptop and nas are direct" lab_is_state laptop nas direct
    pkill_pings
}
pkill_pings() {
    local pid
    for pid in $(lab_programs_run); do
        [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != ping ] || kill -INT "$pid"
    done
}

test_begin
pairs_begin
lab_public spare 198.51.100.10
lab_public third 203.0.113.10
relay_make vps 192.0.2.10
relay_make spare 198.51.100.10
check "the relays know each other" wait_for 60 eval 'know vps 2 && know spare 2'

RELAY_URL=$(cat "$LAB_DIR/vps.invite")
hosts_join laptop nas phone tablet
hosts_up laptop nas phone tablet
check "phone reaches tablet" wait_for 15 pings phone tablet
check "laptop reaches nas" wait_for 15 pings laptop nas
become_direct laptop nas
for host in laptop nas phone tablet; do
    check "$host keeps the other relay as well" wait_for 30 is_connected "$host" spare
    check "and says so" eval "relay_is $host vps home && relay_is $host spare home"
done

say "the relay of the ziglan dies"
death vps
relay_begin vps
check "all come back to it" wait_for 30 eval \
    'is_connected phone vps && is_connected tablet vps && is_connected laptop vps'

say "the other one dies"
death spare
relay_begin spare
check "all come back to it" wait_for 30 eval 'is_connected phone spare && is_connected laptop spare'
check "and have two again" [ "$(homes phone)" = 2 ]

say "a relay that is known by its key alone"
relay_make third 203.0.113.10
check "the relays know it" wait_for 60 eval 'know vps 3'
for host in phone tablet; do
    check "$host pins it" lab_ziglan "$host" relay pin "$(key_of third)"
    check "$host is there" wait_for 30 is_connected "$host" third
    check "and keeps it as its home" wait_for 10 relay_is "$host" third home
done
test_end
