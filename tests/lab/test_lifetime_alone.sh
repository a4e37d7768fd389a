#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A daemon that nobody asks measures by itself for how long the NAT remembers mappings, once it has
# nothing else to do. When the NAT forgets earlier than it did, that is noticed, and something is
# sent so often that the host is reached.
. "$(dirname "$0")/check.sh"

keepalive() { json_of silent status "d[\"keepalive\"][\"kept_ms\"]"; }
knows() { [ "$(json_of silent status 'd["lifetime"] is not None')" = True ]; }
nat_forgets_after() { # s
    lab_in forgetful sysctl -qw "net.netfilter.nf_conntrack_udp_timeout=$1" \
        "net.netfilter.nf_conntrack_udp_timeout_stream=$1"
}
is_kept_below() { [ "$(keepalive)" -lt "$1" ]; } # ms

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_site forgetful symmetric 198.51.100.31 192.168.31
nat_forgets_after 20
lab_host silent forgetful 2
lab_site far port-restricted 198.51.100.32 192.168.32
lab_host caller far 2
relay_start vps 192.0.2.10
hosts_join silent caller
hosts_up silent caller
check "silent is up" wait_for 10 is_joined silent
check "before it is measured, something goes every 15 s" [ "$(keepalive)" = 15000 ]
# 30 s after it came, and then 10 s of calm; the measurement takes 25 s.
check "the daemon measures by itself" wait_for 90 knows
check "something goes every seven tenths of what was measured" \
    [ "$(($(keepalive) * 100 / 70 / 1000))" -le 23 ]
check "and not much oftener" [ "$(($(keepalive) * 100 / 70 / 1000))" -ge 17 ]
nat_forgets_after 10
check "a NAT that forgets earlier is noticed" \
    wait_for 60 grep -q ' nat.forgot ' "$LAB_DIR/silent.log"
check "something goes oftener at once" wait_for 5 is_kept_below 10000
sleep 12
check_most "caller, who never talked to it, gets its first answer in ms" \
    "$(first_reply_ms caller silent "$(moment)" 10)" 1500
test_end
