#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A relay gets another address: members are told by a reload and follow it, by themselves, over
# their restarts, and with a URL that is out of date.
. "$(dirname "$0")/check.sh"

test_begin
lab_begin
lab_public vps 192.0.2.10
relayed_pair
relay_start vps 192.0.2.10 --name home
old_url=$RELAY_URL
hosts_join phone tablet
hosts_up phone tablet
check "phone reaches tablet" wait_for 10 pings phone tablet
is_at() { says "\"host\": *\"$2:" lab_ziglan "$1" status --json 2>/dev/null; }
check "phone is at the old address" is_at phone 192.0.2.10

say "the relay says where it will be"
lab_in vps ip addr add 192.0.2.11/24 dev eth0
sed -i 's/^public:$/public:\n  - 192.0.2.11/' "$LAB_DIR/vps/relayd.yaml"
kill -HUP "$RELAY_PID"
for host in phone tablet; do
    check "$host is told" wait_for 5 grep -q 'reached_at=.*192.0.2.11' "$LAB_DIR/$host.log"
done
check "phone stays at the old address while it answers" is_at phone 192.0.2.10
expect "a URL of the old address changes nothing" 0 "Joined home" lab_ziglan phone join "$old_url"
connected_once phone

say "the old address is gone"
lab_in vps ip addr del 192.0.2.10/24 dev eth0
lab_in vps ip addr add 192.0.2.11/24 dev eth0 2>/dev/null
lab_in vps ip route replace default via 192.0.2.1
gone=$(moment)
pinging phone tablet 0.1 100
check "phone is at the new address" wait_for 10 is_at phone 192.0.2.11
check "tablet is at the new address" wait_for 10 is_at tablet 192.0.2.11
check_most "phone reaches tablet again, in ms" "$(first_reply_ms phone tablet "$gone" 30)" 6000

say "a host that starts again"
expect "phone goes down" 0 "" lab_ziglan phone down
hosts_up phone
up=$(moment)
check_most "phone reaches tablet from the start, in ms" \
    "$(first_reply_ms phone tablet "$up" 20)" 3000
check "phone is at the new address" is_at phone 192.0.2.11
test_end
