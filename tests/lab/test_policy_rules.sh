#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Another VPN that leads addresses elsewhere by rules before the main table (ip rule): it takes the
# whole range of the pool, or everything. Peers stay reached by IPv4 and IPv6, what is the VPN's
# own stays with it, and nothing of ours is left when it goes, when we go, or after a crash.
. "$(dirname "$0")/check.sh"

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_public nas 203.0.113.40
lab_public walker 203.0.113.41
relay_start vps 192.0.2.10
hosts_join nas walker
hosts_up nas walker
check "walker reaches nas" wait_for 15 pings walker nas
check "by IPv4, too" pings walker nas -4

walker() { lab_in walker "$@"; }
ours() { # 4 or 6: the rules of zig0
    walker ip "-$1" -N rule show | grep -c 'proto 122' || true
}
no_rules() { [ "$(ours 4)" = 0 ] && [ "$(ours 6)" = 0 ]; }
advice() { json_of walker status "d['rule_advice']"; }
check "no rule is made without need" no_rules
check "and nothing is said of rules" [ -z "$(advice)" ]

vpn_begin() { # a device of another VPN, and its table
    walker ip link add vpn0 type veth peer name vpn1
    walker ip link set vpn0 up
    walker ip link set vpn1 up
}
vpn_rules() { # its rules, before the main table
    walker ip rule add pref 5200 lookup 5200
    walker ip -6 rule add pref 5200 lookup 5200
}
vpn_end() {
    walker ip rule del pref 5200
    walker ip -6 rule del pref 5200
    walker ip link del vpn0
}
leads() { # address: the device that the kernel takes for it
    walker ip route get "$1" | sed -n 's/.* dev \([^ ]*\).*/\1/p'
}
both() { pings walker nas -4 && pings walker nas -6 && pings nas walker -4; }

say "a VPN that takes the range of the pool"
vpn_begin
walker ip route add 100.64.0.0/10 dev vpn0 table 5200
walker ip -6 route add fdd9::/16 dev vpn0 table 5200
vpn_rules
check "walker reaches nas by IPv4 and IPv6, and nas walker" wait_for 10 both
check "an address of the range that is no peer's goes to the VPN" [ "$(leads 100.99.1.1)" = vpn0 ]
check "a rule of ours goes before theirs" [ "$(ours 4)/$(ours 6)" = 1/1 ]
check "status says so" says 'rules of this machine .ip rule. take .*zig0 goes before them' \
    lab_ziglan walker status
check "and so does the log" grep -q 'rule\.set.*IPv4' "$LAB_DIR/walker.log"

say "somebody takes our rules away"
for family in 4 6; do walker ip "-$family" rule del pref 5199; done
check "they are back" wait_for 10 both

say "the VPN goes"
vpn_end
check "our rules go, too" wait_for 10 no_rules
check "status is silent about it" wait_for 5 eval '[ -z "$(advice)" ]'
check "walker reaches nas" wait_for 5 both

say "a VPN that takes everything but what leads to the internet"
vpn_begin
walker ip route add default dev vpn0 table 5200
walker ip -6 route add default dev vpn0 table 5200
walker ip rule add pref 5100 to 192.0.2.0/24 lookup main
walker ip rule add pref 5101 to 203.0.113.0/24 lookup main
vpn_rules
check "walker reaches nas by IPv4 and IPv6, and nas walker" wait_for 10 both
check "the rest goes to the VPN" [ "$(leads 8.8.8.8)" = vpn0 ]

say "a crash, and the VPN goes meanwhile"
kill -9 "$(json_of walker status "d['pid']")"
vpn_end
check "the crash leaves our rules behind" [ "$(ours 4)/$(ours 6)" = 1/1 ]
hosts_up walker
check "walker reaches nas again" wait_for 15 both
check "our rules are gone" wait_for 5 no_rules

say "the end, with the VPN"
vpn_begin
walker ip route add 100.64.0.0/10 dev vpn0 table 5200
vpn_rules
check "walker reaches nas by IPv4" wait_for 10 pings walker nas -4
check "by one rule: IPv6 needs none" [ "$(ours 4)/$(ours 6)" = 1/0 ]
lab_ziglan walker down >/dev/null
check "nothing of ours is left" wait_for 5 no_rules
test_end
