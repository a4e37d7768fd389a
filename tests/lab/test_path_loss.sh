#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The direct path between two sites is cut: packets flow again within 1 s, over the relay. When it
# is whole again, they go directly. A NAT that restarts and forgets everything does no lasting harm.
. "$(dirname "$0")/check.sh"

FALLBACK_MS=1500 # 1 s, and some time for ping's interval and for this machine
HEAL_S=45

test_begin
pairs_begin address-restricted
pairs_up
become_direct phone tablet

pinging laptop nas 0.05 4000
pinging phone tablet 0.05 4000

cut_at=$(moment)
lab_cut 198.51.100.11 203.0.113.12
sleep 2.5
check_most "after a cut, packets flow again within 1 s, in ms" \
    "$(silence_ms "$LAB_DIR/laptop-nas.ping" "$cut_at")" $FALLBACK_MS
check "they go over the relay" lab_is_state laptop nas relayed
lab_heal
healed_at=$(now_ms)
check "the path is direct again after it was mended" wait_for $HEAL_S lab_is_state laptop nas direct
check "in the other direction, too" wait_for $HEAL_S lab_is_state nas laptop direct
say "direct again after $((($(now_ms) - healed_at) / 1000)) s"

# One router of each kind forgets everything at once, also the mapping of the session to the relay.
observed() { lab_ziglan "$1" status --json | sed -n 's/.*"observed": *"\(.*\)".*/\1/p'; }
old=$(observed phone)
moved() { [ -n "$(observed phone)" ] && [ "$(observed phone)" != "$old" ]; }
flush_at=$(moment)
lab_reboot_nat home1
lab_reboot_nat cafe
sleep 5
check "the symmetric NAT gave phone another port, and the relay told it" wait_for 30 moved
check_most "after a restart of a port-restricted NAT, packets flow again within 3 s, in ms" \
    "$(silence_ms "$LAB_DIR/laptop-nas.ping" "$flush_at")" 3500
check_most "after a restart of a symmetric NAT, packets flow again within 3 s, in ms" \
    "$(silence_ms "$LAB_DIR/phone-tablet.ping" "$flush_at")" 3500
check "laptop and nas become direct again" wait_for $HEAL_S lab_is_state laptop nas direct
check "phone and tablet become direct again" wait_for $HEAL_S lab_is_state phone tablet direct
say "direct again $((($(now_ms) - ${flush_at%/*}) / 1000)) s after the restarts"
test_end
