#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Pairs that are near each other, both behind Linux routers with one line of masquerade. A packet
# that comes to such a router before the host inside has sent anything to where it comes from is
# taken for one to the router itself, unless its input hook drops it, and that host loses its port.
# Yet the pairs become direct, whether a packet needs 0, 2, 5 or 20 ms from one site to the other,
# with such a hook and without.
. "$(dirname "$0")/check.sh"

DIRECT_S=8

test_begin
lab_begin
lab_public vps 192.0.2.10
number=11
hosts=()
pairs=()
for kind in masquerade masquerade-drop; do
    for delay in 0 2 5 20; do
        LAB_DELAY_MS=$delay
        lab_site "a$number" $kind "198.51.100.$number" "192.168.$number"
        LAB_DELAY_MS=0
        lab_site "b$number" $kind "203.0.113.$number" "192.168.$number"
        lab_host "one$number" "a$number" 2
        lab_host "other$number" "b$number" 2
        hosts+=("one$number" "other$number")
        pairs+=("one$number other$number $delay $kind")
        number=$((number + 1))
    done
done

relay_start vps 192.0.2.10
hosts_join "${hosts[@]}"
hosts_up "${hosts[@]}"
for pair in "${pairs[@]}"; do
    read -r one other delay kind <<<"$pair"
    check "$one reaches $other" wait_for 15 pings "$one" "$other"
    pinging "$one" "$other" 0.5 200
done
for pair in "${pairs[@]}"; do
    read -r one other delay kind <<<"$pair"
    check "$one and $other become direct ($kind, $delay ms)" \
        wait_for $DIRECT_S both_are "$one" "$other" direct
done
# The delays are what they shall be: a round trip takes twice as long, and little more.
for pair in "${pairs[@]}"; do
    read -r one other delay kind <<<"$pair"
    rtt=$(lab_in "$one" ping -n -c 5 -i 0.2 "$other.zignet" |
        sed -n 's|^rtt min/avg/max/mdev = \([0-9]*\).*|\1|p')
    check "the round trip of $one and $other is $((2 * delay)) ms or more (${rtt:-nothing})" \
        [ "${rtt:-0}" -ge $((2 * delay)) ]
done
test_end
