#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The internet of twelve relays is parted in two, and another relay comes to one part. When the
# parts are one again, all relays are: each knows the one that came meanwhile, and the parts have
# sessions with each other.
. "$(dirname "$0")/check.sh"
. "$(dirname "$0")/subnet.sh"

# Who asks for a measurement right after the cut may ask over relays whose silence nobody noticed.
KNOWN_MS=45000 NOTICED_MS=35000 HEALED_MS=45000

near=(r0 r1 r2 r3 r4 r5) near_ips=(192.0.2.10 198.51.100.10 203.0.113.10 5.1.1.10 109.8.1.10
    129.9.1.10)
far=(r6 r7 r8 r9 r10 r11) far_ips=(23.2.1.10 37.3.1.10 45.4.1.10 62.5.1.10 80.6.1.10 91.7.1.10)
all=("${near[@]}" "${far[@]}") ips=("${near_ips[@]}" "${far_ips[@]}")
late_ip=151.10.1.10

joined() { local IFS=,; echo "{ $* }"; }

test_begin
lab_begin
for i in "${!all[@]}"; do
    subnet_machine "${all[i]}" "${ips[i]}"
done
subnet_machine late $late_ip
subnet_relay r0
for i in 1 2 3 4 5 6 7 8 9 10 11; do
    subnet_relay "r$i" "r$((i / 2))"
done
check "all know all" wait_for 60 subnet_all_know "${all[@]}"

say "the internet is parted in two"
parted() {
    local relay
    for relay in "${near[@]}"; do
        [ "$(subnet_sessions "$relay" "${far[@]}")" = 0 ] || return 1
    done
}
cut=$(moment)
lab_cut "$(joined "${near_ips[@]}" $late_ip)" "$(joined "${far_ips[@]}")"
came=$(moment)
subnet_relay late r1
wait_for 60 subnet_all_know "${near[@]}" late
check_most "a relay that comes now is known in its part, in ms" "$(since_ms "$came")" $KNOWN_MS
wait_for 60 parted
check_most "no session is left between the parts, in ms" "$(since_ms "$cut")" $NOTICED_MS
for relay in "${far[@]}"; do
    check "$relay, in the other part, does not know it" eval "! subnet_knows $relay late"
done

say "it is one again"
linked() {
    local relay
    for relay in "${near[@]}"; do
        [ "$(subnet_sessions "$relay" "${far[@]}")" -ge 1 ] || return 1
    done
}
healed=$(moment)
lab_heal
wait_for 60 subnet_all_know "${all[@]}" late
check_most "who came meanwhile is known to all, in ms" "$(since_ms "$healed")" $HEALED_MS
wait_for 60 linked
check_most "each has sessions with the other part, in ms" "$(since_ms "$healed")" $HEALED_MS
test_end
