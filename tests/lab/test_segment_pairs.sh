#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Pairs behind two Linux routers with one line of masquerade that are in one network segment: no
# router is between them, so a packet that ends after two hops gets to the other one, which takes
# it for its own, and gives its host another port. With an input hook that drops on both sides they
# become direct at once; without one when they send in turns, from the third attempt on.
. "$(dirname "$0")/check.sh"

AT_ONCE_S=8
# The third attempt begins 118 s after the first, and takes 34 s. Both pairs have the same time.
IN_TURNS_S=200

test_begin
lab_begin
lab_public vps 192.0.2.10
number=11
hosts=()
for host in open1 open2 hook1 hook2; do
    kind=$([ "${host%?}" = open ] && echo masquerade || echo masquerade-drop)
    lab_site "site$number" "$kind" "198.51.100.$number" "192.168.$number"
    lab_host $host "site$number" 2
    hosts+=("$host")
    number=$((number + 1))
done
relay_start vps 192.0.2.10
hosts_join "${hosts[@]}"
hosts_up "${hosts[@]}"
for pair in "open1 open2" "hook1 hook2" "hook1 open1"; do
    read -r one other <<<"$pair"
    check "$one reaches $other" wait_for 15 pings "$one" "$other"
    pinging "$one" "$other" 0.5 $((2 * (IN_TURNS_S + 30)))
done
began=$SECONDS
in_turns() { wait_for $((began + IN_TURNS_S - SECONDS)) both_are "$1" "$2" direct; }
check "with input hooks that drop they become direct at once" \
    wait_for $AT_ONCE_S both_are hook1 hook2 direct
check "with one such hook they become direct" in_turns hook1 open1
check "and so do they without one" in_turns open1 open2
test_end
