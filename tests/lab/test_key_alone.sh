#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Hosts that know only each other's keys, each at a relay of its own, in no ziglan: they find each
# other, talk over both relays at once, and become direct, though both are behind NAT and far away.
# A third host that one of them does not name, or blocks, stays outside.
. "$(dirname "$0")/check.sh"

# One way between a site and the internet. A frame crosses two such lines to a relay, two more to
# the other one, and two to the host there.
DELAY_MS=20
BACK_MS=$((6 * DELAY_MS))
# The round trips of both hosts to their relays, three times.
FIRST_MS=$((3 * (4 + 4) * DELAY_MS))
DIRECT_MS=2000

declare -A url key

# An open relay; another than the first knows that one.
open_relay() { # machine address
    lab_relay_init "$1" "$2" --name "$1" >/dev/null || { lab_fail "relayd init"; exit 1; }
    {
        printf 'open_relay: true\n'
        [ -z "${url[one]:-}" ] || printf 'peers:\n  - %s\n' "${url[one]}"
    } >>"$LAB_DIR/$1/relayd.yaml"
    lab_relay_up "$1" >/dev/null
    wait_for 20 relay_answers "$1" || { lab_fail "relayd does not start"; exit 1; }
    url[$1]=$(relay_answers "$1" | grep -o 'relay://[^ ]*')
}
know_each_other() {
    [ "$(relay_count one nodes)" = 2 ] && [ "$(relay_count two nodes)" = 2 ]
}
# A host that uses this relay and nothing else.
host_make() { # host relay
    lab_ziglan "$1" init --name "$1" >/dev/null
    lab_ziglan "$1" relay pin "${url[$2]}" >/dev/null || not_ok "$1 pins $2"
    key[$1]=$(json_of "$1" whoami 'd["key"]')
}
name() { lab_ziglan "$1" peer add "${key[$2]}" --name "$2" >/dev/null || not_ok "$1 names $2"; }
is_connected() { says '"state": *"connected"' lab_ziglan "$1" status --json; }
why() { json_of "$1" peers "next(p['why'] for p in d['peers'] if p['name'] == '$2')"; }
why_says() { why "$1" "$2" | says "$3" cat; }

test_begin
lab_begin
LAB_DELAY_MS=$DELAY_MS
lab_site rack1 open 192.0.2.2 5.1.1
lab_host one rack1 10
lab_site rack2 open 198.51.100.2 23.2.1
lab_host two rack2 10
lab_site home1 port-restricted 198.51.100.11 192.168.1
lab_host laptop home1 2
lab_site home2 port-restricted 203.0.113.12 192.168.2
lab_host nas home2 2
lab_public desk 203.0.113.20
lab_public guest 203.0.113.21

open_relay one 5.1.1.10
open_relay two 23.2.1.10
check "the relays know each other" wait_for 60 know_each_other
host_make laptop one
host_make nas two
host_make desk two
host_make guest two
name laptop nas
name laptop desk
name nas laptop
name desk laptop
name guest laptop
name laptop guest
lab_ziglan laptop peer remove guest >/dev/null
hosts_up laptop nas desk guest
for host in laptop nas desk guest; do
    check "$host is at its relay" wait_for 15 is_connected "$host"
done

say "two relays between them"
sleep 2 # the relays tell each other where the hosts are
began=$(moment)
pinging laptop nas 0.05 200
replied=$(sed -n 's/.*icmp_seq=1 .*time=\([0-9]*\).*/\1/p' "$LAB_DIR/laptop-nas.ping")
check_most "the first packet is there, in ms" "$((replied - BACK_MS))@$began" $FIRST_MS
relayed_packets() { json_of laptop peers "sum(p['rx_relayed_packets'] for p in d['peers'])"; }
check "over the relays" [ "$(relayed_packets)" -ge 1 ]
become_direct laptop nas
direct_at() { # when the log of laptop says so, in ms since 1970
    date -u -d "$(sed -n '/ path\.direct /{s/Z .*//p;q}' "$LAB_DIR/laptop.log")" +%s%3N
}
check_most "they are direct, in ms after it was sent" \
    "$(($(direct_at) - ${began%/*}))@$began" $DIRECT_MS
check "without a loss" wait_for 20 none_lost "$LAB_DIR/laptop-nas.ping"
check "nas reaches laptop" wait_for 10 pings nas laptop

say "direct"
check "laptop reaches desk" wait_for 10 pings laptop desk
pinging laptop desk 0.5 60
become_direct laptop desk

say "who is not named"
check "guest does not reach laptop" eval '! pings guest laptop'
check "and is told where laptop is" wait_for 20 why_says guest laptop 'does not name this host'

say "who is nowhere"
kill -TERM "$(cat "$LAB_DIR/nas.pid")"
sleep 2
lab_ziglan laptop peer remove nas >/dev/null
name laptop nas
check "nas does not answer" eval '! pings laptop nas'
check "and nobody knows where it is" wait_for 30 eval \
    'pings laptop nas; why_says laptop nas "no relay that this host uses knows"'

say "who is blocked"
lab_ziglan desk block laptop >/dev/null
check "laptop does not reach desk any more" eval '! pings laptop desk'
lab_ziglan desk unblock laptop >/dev/null
check "and then again" wait_for 20 pings laptop desk
test_end
