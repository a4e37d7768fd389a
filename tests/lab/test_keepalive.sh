#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A silent host behind a symmetric NAT that forgets soon is reached at once by everybody at any
# time, once it has measured for how long the NAT remembers; and it remembers that itself.
. "$(dirname "$0")/check.sh"

LIFETIME=${LIFETIME:-10} # in s; without a measurement something is sent every 15 s

keepalive() { json_of silent status "d[\"keepalive\"][\"kept_ms\"]"; }
knows() { [ "$(json_of silent status 'd["lifetime"] is not None')" = True ]; }

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_site forgetful symmetric 198.51.100.31 192.168.31
lab_in forgetful sysctl -qw "net.netfilter.nf_conntrack_udp_timeout=$LIFETIME" \
    "net.netfilter.nf_conntrack_udp_timeout_stream=$LIFETIME"
lab_host silent forgetful 2
lab_site far port-restricted 198.51.100.32 192.168.32
callers=(one two three)
last=2
for host in "${callers[@]}"; do
    lab_host "$host" far $((last++))
done
relay_start vps 192.0.2.10
hosts_join silent "${callers[@]}"
hosts_up silent "${callers[@]}"
for host in silent "${callers[@]}"; do
    check "$host is up" wait_for 10 is_joined "$host"
done
check "before it is measured, something goes every 15 s" [ "$(keepalive)" = 15000 ]
check "what is remembered is nothing" eval "! knows"
expect "the daemon measures" 0 "Kept" lab_ziglan silent netcheck --lifetime
check "now something goes every seven tenths of what was measured" \
    [ "$(($(keepalive) * 100 / 70 / 1000))" -le $((LIFETIME + 3)) ]
check "and not much oftener" [ "$(($(keepalive) * 100 / 70 / 1000))" -ge $((LIFETIME - 3)) ]
for host in "${callers[@]}"; do
    sleep 4.7
    check_most "$host, who never talked to it, gets its first answer in ms" \
        "$(first_reply_ms "$host" silent "$(moment)" 10)" 1500
done
lab_ziglan silent down >/dev/null
hosts_up silent
check "after a restart it knows" wait_for 10 knows
check "and sends as often as before" [ "$(keepalive)" -lt 15000 ]
test_end
