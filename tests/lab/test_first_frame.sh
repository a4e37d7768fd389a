#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two hosts that know only each other's keys, at two of eleven relays that have no session with each
# other, all far away: their first frames wait for no session between the relays.
. "$(dirname "$0")/check.sh"
. "$(dirname "$0")/subnet.sh"

# One way between a site and the internet. A frame crosses two such lines to a relay, two more to
# the other one, and two to the host there; a question to a third relay crosses one there and one
# back.
DELAY_MS=20
WAY_MS=$((6 * DELAY_MS))
# A packet is there after the look-up, a handshake and its own way: the first frame alone may take
# three round trips.
ROUND_MS=$((4 * DELAY_MS))
FIRST_MS=$((3 * ROUND_MS + 2 * WAY_MS))

addresses=(192.0.2.10 198.51.100.10 203.0.113.10 37.3.1.10 45.4.1.10 62.5.1.10 80.6.1.10 91.7.1.10
    102.8.1.10)
near=() # relays without a delay, which one and two know

# Frames between relays without a session.
words() { subnet_metric "$1" "relayd_frame_words_total{what=\"$2\"}"; }

# The host's only named peer. It uses its own relay alone: another one could be near to both.
names() { # host peer
    printf 'name: %s\nhome_relays: false\npeers:\n  - {name: %s, id: %s}\n' "$1" "$2" \
        "$(cat "$LAB_DIR/$2.key")" >"$LAB_DIR/$1/etc/ziglan/zig0.yaml"
}

test_begin
lab_begin
for i in "${!addresses[@]}"; do
    near+=("r$i")
    subnet_machine "r$i" "${addresses[i]}"
done
LAB_DELAY_MS=$DELAY_MS
for i in 1 2; do
    lab_site "rack$i" open "198.51.100.1$i" "$([ $i = 1 ] && echo 5.1.1 || echo 23.2.1)"
    lab_site "home$i" port-restricted "203.0.113.2$i" "192.168.$i"
done
lab_host one rack1 10
lab_host two rack2 10
lab_host laptop home1 2
lab_host nas home2 2
echo 5.1.1.10 >"$LAB_DIR/one.address"
echo 23.2.1.10 >"$LAB_DIR/two.address"

SUBNET_SETTINGS='open_relay: true'
subnet_relay r0
for i in 1 2 3 4 5 6 7 8; do subnet_relay "r$i" "r$((i / 2))"; done
for relay in one two; do subnet_relay $relay "${near[@]}"; done # enough, so they want no others
check "all know all" wait_for 60 subnet_all_know "${near[@]}" one two
subnet_host laptop one
subnet_host nas two
names laptop nas
names nas laptop
hosts_up laptop nas
for host in laptop nas; do
    check "$host is at its relay" wait_for 15 says '"state": *"connected"' \
        lab_ziglan "$host" status --json
done
sleep 11 # so long a relay takes no words after its start, and a session for a question lasts
strange() { [ "$(subnet_sessions one two)$(subnet_sessions two one)" = 00 ]; }
check "the two relays have no session" wait_for 20 strange

began=$(moment)
pinging laptop nas 0.05 100
replied=$(sed -n 's/.*icmp_seq=1 .*time=\([0-9]*\).*/\1/p' "$LAB_DIR/laptop-nas.ping")
check_most "the first packet is there, in ms" "$((replied - WAY_MS))@$began" $FIRST_MS
check "its first frame came by a word" [ "$(words two taken)" -ge 1 ]
check "no packet is lost" wait_for 20 none_lost "$LAB_DIR/laptop-nas.ping"
test_end
