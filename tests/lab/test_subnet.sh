#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Twelve relays of different owners. Each joins from one address of another, and all come to know
# all, and send little when nobody needs anything; who starts again knows the others at once; and
# when a third of them dies at once, the others are one as before.
. "$(dirname "$0")/check.sh"
. "$(dirname "$0")/subnet.sh"

KNOWN_MS=30000 DEAD_MS=35000 IDLE_BYTES_PER_S=2000

# The last three are in one /16, two of them in one /24.
addresses=(192.0.2.10 198.51.100.10 203.0.113.10 5.1.1.10 23.2.1.10 37.3.1.10 45.4.1.10 62.5.1.10
    80.6.1.10 91.7.1.10 91.7.1.11 91.7.2.10)
relays=(r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11)

test_begin
lab_begin
for i in "${!addresses[@]}"; do
    subnet_machine "r$i" "${addresses[i]}"
done

say "each joins from one address of another"
subnet_relay r0
for i in 1 2 3 4 5 6 7 8 9 10 11; do
    last=$(moment)
    subnet_relay "r$i" "r$((i / 2))"
done
wait_for 60 subnet_all_know "${relays[@]}"
check_most "all know all, in ms after the last one began" "$(since_ms "$last")" $KNOWN_MS
for relay in "${relays[@]}"; do
    check "$relay is reached by others" says '"reach": *"public"' relayd_of "$relay" status --json
done

say "nobody needs anything"
# Bytes that a machine has sent and received, Ethernet and IP headers included.
carried() { lab_in "$1" awk '/eth0:/ { print $2 + $10 }' /proc/net/dev; }
# Until then those that joined last find out whom they reach, and are found: a handshake for each.
sleep 25
for relay in r0 r5 r11; do carried "$relay" >"$LAB_DIR/$relay.carried"; done
sleep 20
for relay in r0 r5 r11; do
    check_most "an idle $relay sends and receives in a second, in bytes" \
        $((($(carried "$relay") - $(cat "$LAB_DIR/$relay.carried")) / 20)) $IDLE_BYTES_PER_S
done

say "one that starts again where nobody can tell it anything"
lab_in r4 ip link set eth0 down
subnet_end TERM r4
subnet_start r4
check "it knows what it knew" subnet_knows r4 r0 r1 r2 r3 r5 r6 r7 r8 r9 r10 r11
lab_in r4 ip link set eth0 up
lab_in r4 ip route add default via 23.2.1.1
check "it has sessions again" wait_for 30 eval '[ "$(subnet_sessions r4 "${relays[@]}")" -ge 3 ]'

say "a third of them dies at once"
dead=(r2 r4 r7 r10) alive=(r0 r1 r3 r5 r6 r8 r9 r11)
noticed() {
    local relay
    for relay in "${alive[@]}"; do
        [ "$(subnet_sessions "$relay" "${dead[@]}")" = 0 ] &&
            [ "$(subnet_sessions "$relay" "${alive[@]}")" -ge 5 ] || return 1
    done
}
died=$(moment)
subnet_end KILL "${dead[@]}"
wait_for 65 noticed
check_most "all others have sessions with live ones only, in ms" "$(since_ms "$died")" $DEAD_MS
test_end
