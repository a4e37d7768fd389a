#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Hosts and a relay that have only IPv6 below: relayed at once, direct through two firewalls, and
# relayed for good where the sites cannot reach each other. Then with both families: two hosts whose
# IPv4 is behind symmetric NAT become direct over IPv6, and a host with only IPv4 reaches one with
# only IPv6 over the relay.
. "$(dirname "$0")/check.sh"

test_begin
lab_begin
lab_public vps6 - 2001:db8::10
lab_site6 home1 firewall 2001:db8::11 2001:db8:11
lab_host laptop home1 2
lab_site6 home2 firewall 2001:db8::12 2001:db8:12
lab_host nas home2 2
lab_site6 far firewall 2001:db8::13 2001:db8:13
lab_host desk far 2
lab_cut 2001:db8:11::/64 2001:db8:13::/64

lab_public vps 192.0.2.20 2001:db8::20
lab_site cafe symmetric 198.51.100.21 192.168.21
lab_site6 cafe firewall 2001:db8::21 2001:db8:21
lab_host phone cafe 2
lab_site hotel symmetric 203.0.113.22 192.168.22
lab_site6 hotel firewall 2001:db8::22 2001:db8:22
lab_host tablet hotel 2
lab_site old port-restricted 198.51.100.23 192.168.23
lab_host four old 2
lab_site6 new open 2001:db8::24 2001:db8:24
lab_host six new 2

say "only IPv6"
relay_start vps6 '[2001:db8::10]'
check "the invite holds the address in brackets" grep -qF '@[2001:db8::10]' <<<"$RELAY_URL"
hosts_join laptop nas desk
hosts_up laptop nas desk
up=$(moment)
check_most "laptop reaches nas within 3 s of up, in ms" "$(first_reply_ms laptop nas "$up" 20)" 3000
check_most "laptop reaches desk within 3 s of up, in ms" \
    "$(first_reply_ms laptop desk "$up" 20)" 3000
pinging laptop nas 0.3 400
pinging laptop desk 0.3 400
become_direct laptop nas
check "1 MB directly arrives as sent" transfer laptop nas 1000000 -4 7001
check "1 MB over the relay arrives as sent" transfer laptop desk 1000000 -4 7002
check "laptop and desk stay relayed" lab_is_state laptop desk relayed

say "both families"
# The relay's names for itself are two, so every host finds one that it can reach.
relay_start vps 192.0.2.20
RELAY_URL=${RELAY_URL/@192.0.2.20/@192.0.2.20,[2001:db8::20]}
hosts_join phone tablet four six
hosts_up phone tablet four six
up=$(moment)
check_most "phone reaches tablet within 3 s of up, in ms" \
    "$(first_reply_ms phone tablet "$up" 20)" 3000
check_most "a host with IPv4 only reaches one with IPv6 only within 3 s, in ms" \
    "$(first_reply_ms four six "$up" 20)" 3000
check_most "and the other way round, in ms" "$(first_reply_ms six four "$(moment)" 20)" 3000
pinging phone tablet 0.3 400
pinging four phone 0.3 400
check "phone and tablet become direct in spite of their NATs" \
    wait_for 15 lab_is_state phone tablet direct
check "tablet and phone become direct" wait_for 15 lab_is_state tablet phone direct
check "their path is IPv6" says "tablet.*\[2001:db8:22" lab_ziglan phone peers
check "IPv4 only and IPv6 only stay relayed" lab_is_state four six relayed
check "and no NAT is blamed for it" wait_for 20 \
    says "this host has only IPv4 and the peer only IPv6" lab_ziglan four peers --json
check "six and phone become direct" \
    eval 'wait_for 10 pings six phone; wait_for 15 lab_is_state six phone direct'
test_end
