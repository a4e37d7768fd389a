#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Hosts whose own network is a carrier's 100.64.0.0/10, with a router, a DNS server and a neighbour
# in it: one that joins there takes another pool; one that joined elsewhere, and one whose user
# chose the pool, keep theirs and hide nothing. Pings work for all of them.
. "$(dirname "$0")/check.sh"

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_public nas 203.0.113.40
lab_site home port-restricted 198.51.100.11 192.168.1
lab_host traveller home 2
# The carrier: 100.64.0.1 is its router, .5 its DNS server and .9 a neighbour. All its customers are
# on one link of 100.64.0.0/10.
lab_router carrier
lab_in carrier ip addr add 198.51.100.12/24 dev wan
lab_in carrier ip route add default via 198.51.100.1
lab_in carrier ip addr add 100.64.0.1/10 dev lan
lab_in carrier sysctl -qw net.ipv4.ip_forward=1
lab_nat carrier port-restricted 198.51.100.12 100.64.0
at_carrier() { # name last: on that link
    lab_machine "$1"
    lab_wire "$1" carrier lan eth0 "$LAB_MTU"
    lab_in "$1" ip addr add "100.64.0.$2/10" dev eth0
    lab_in "$1" ip route add default via 100.64.0.1
}
at_carrier resolver 5
at_carrier neighbour 9
at_carrier fresh 20
at_carrier stubborn 21
resolvers() { # name: its DNS server is the carrier's (lab_up has a list of its own)
    lab_mkdir "/etc/netns/$(lab_ns "$1")"
    echo 'nameserver 100.64.0.5' >"/etc/netns/$(lab_ns "$1")/resolv.conf"
}
resolvers fresh
reaches() { # host what
    local to
    for to in "router 1" "DNS server 5" "neighbour 9"; do
        check "$1 reaches its ${to% *}$2" says '1 received' \
            lab_in "$1" ping -nqc 1 -W 2 "100.64.0.${to##* }"
    done
}
advice() { json_of "$1" status "d['pool_advice']"; }
pool() { json_of "$1" status "d['pool']"; }

relay_start vps 192.0.2.10
hosts_join nas traveller fresh stubborn
echo 'pool: 100.64.0.0/16' >>"$LAB_DIR/stubborn/etc/ziglan/zig0.yaml"
echo 10.213.0.53 >"$LAB_DIR/fresh.resolver"
hosts_up nas traveller fresh stubborn

say "a host that joins behind the carrier"
check "fresh reaches nas" wait_for 15 pings fresh nas
check "by IPv4, too" pings fresh nas -4
reaches fresh ""
check "its pool is another one" [ "$(pool fresh)" = 10.213.0.0/16 ]
check "its log says so" grep -q 'pool\.chosen.*10\.213\.0\.0/16' "$LAB_DIR/fresh.log"
check "nothing is wrong then" [ -z "$(advice fresh)" ]
check "others keep the usual one" [ "$(pool nas)" = 100.64.0.0/16 ]

say "a host whose user insists on the pool"
check "stubborn reaches nas" wait_for 15 pings stubborn nas
check "by IPv4, too" pings stubborn nas -4
reaches stubborn ""
check "status says what overlaps, and the next step" \
    says 'overlaps with this machine.s network 100\.64\.0\.0/10.*set .pool: 10\.213\.0\.0/16' \
    lab_ziglan stubborn status
check "and so does its log" grep -q 'pool\.overlap.*100\.64\.0\.0/10' "$LAB_DIR/stubborn.log"

say "a host whose machine uses every pool that it could take"
for network in 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16; do
    lab_in stubborn ip route add $network via 100.64.0.1
done
check "status names none, but says what to look for" \
    wait_for 5 says 'set .pool:. to a range that nothing here uses, in ' lab_ziglan stubborn status
check "stubborn reaches nas still" wait_for 5 pings stubborn nas -4

say "a host that comes to the carrier later"
check "traveller reaches nas" wait_for 15 pings traveller nas -4
check "nothing overlaps at home" [ -z "$(advice traveller)" ]
lab_in traveller ip link del eth0
lab_wire traveller carrier lan eth0 "$LAB_MTU"
lab_in traveller ip addr add 100.64.0.22/10 dev eth0
lab_in traveller ip route add default via 100.64.0.1
check "traveller reaches nas again, by IPv4" wait_for 15 pings traveller nas -4
told() { [ -n "$(advice traveller)" ]; }
check "status says that the pool overlaps" wait_for 5 told
reaches traveller " now"
check "nas still answers" pings traveller nas -4
check "traveller has the address that it had" [ "$(pool traveller)" = 100.64.0.0/16 ]

say "and goes home"
lab_in traveller ip link del eth0
lab_wire traveller home lan eth0 "$LAB_MTU"
lab_in traveller ip addr add 192.168.1.2/24 dev eth0
lab_in traveller ip route add default via 192.168.1.1
check "nothing overlaps any more" wait_for 10 eval '! told'
check "traveller reaches nas, by IPv4" wait_for 15 pings traveller nas -4
check "the pool is routed as a whole again" \
    says '^100\.64\.0\.0/16 ' lab_in traveller ip route show dev zig0

say "the choice stays"
lab_ziglan fresh down >/dev/null
lab_in fresh ip addr flush dev eth0
hosts_up fresh
check "fresh is up" wait_for 10 says 10.213.0.0/16 lab_ziglan fresh status --json
check "with the pool that it chose" [ "$(pool fresh)" = 10.213.0.0/16 ]
test_end
