#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The internet of eight relays is parted in two, and one more comes to one part. When the parts are
# one again, all relays are: each knows it.
. "$(dirname "$0")/check.sh"
. "$(dirname "$0")/subnet.sh"

HEALED_MS=45000

near=(r0 r1 r2 r3) near_addresses=192.0.2.10,198.51.100.10,203.0.113.10,5.1.1.10,109.8.1.10
far=(r4 r5 r6 r7) far_addresses=23.2.1.10,37.3.1.10,45.4.1.10,62.5.1.10

test_begin
lab_begin
i=0
for address in 192.0.2.10 198.51.100.10 203.0.113.10 5.1.1.10 23.2.1.10 37.3.1.10 45.4.1.10 \
    62.5.1.10; do
    subnet_machine "r$i" $address
    i=$((i + 1))
done
subnet_machine late 109.8.1.10
subnet_relay r0
for i in 1 2 3 4 5 6 7; do
    subnet_relay "r$i" "r$((i / 2))"
done
check "all know all" wait_for 30 subnet_all_know "${near[@]}" "${far[@]}"

say "the internet is parted in two"
lab_cut "{ $near_addresses }" "{ $far_addresses }"
subnet_relay late r1
check "and not in the other" eval '! subnet_knows r7 late'
parted() {
    local relay
    for relay in "${near[@]}"; do
        [ "$(subnet_sessions "$relay" "${far[@]}")" = 0 ] || return 1
    done
}
check "no session is left between the parts" wait_for 40 parted

say "it is one again"
lab_heal
healed=$(moment)
wait_for 60 subnet_all_know "${near[@]}" "${far[@]}" late
check_most "who came meanwhile is known to all, in ms" "$(since_ms "$healed")" $HEALED_MS
test_end
