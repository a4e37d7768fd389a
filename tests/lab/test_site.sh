#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two networks of one site, a NAT behind a NAT, and cloud hosts with a /32: their hosts talk
# directly over their private addresses, although the NATs in front of them allow no hole punching.
# Where the site keeps two networks apart, the reason is told.
. "$(dirname "$0")/check.sh"

test_begin
lab_begin
lab_public vps 192.0.2.10

# home: symmetric NAT, and behind it the networks 192.168.1.0/24 and 192.168.7.0/24.
lab_site home symmetric 198.51.100.11 192.168.1
second_lan() { # site net3
    lab_in "$1" ip link add lan2 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
    lab_in "$1" ip link set lan2 up
    lab_in "$1" ip addr add "$2.1/24" dev lan2
}
at_second() { # name site net3 last
    lab_machine "$1"
    lab_wire "$1" "$2" lan2 eth0 "$LAB_MTU"
    lab_in "$1" ip addr add "$3.$4/24" dev eth0
    lab_in "$1" ip route add default via "$3.1"
}
second_lan home 192.168.7
lab_host laptop home 2
at_second nas home 192.168.7 3

# attic: a router of 192.168.1.0/24 with a NAT of its own, and den behind it.
lab_machine attic
lab_wire attic home lan wan "$LAB_MTU"
lab_in attic ip addr add 192.168.1.9/24 dev wan
lab_in attic ip route add default via 192.168.1.1
lab_in attic ip link add lan type bridge stp_state 0 forward_delay 0 mcast_snooping 0
lab_in attic ip link set lan up
lab_in attic ip addr add 192.168.20.1/24 dev lan
lab_in attic sysctl -qw net.ipv4.ip_forward=1
echo 192.168.20 >"$LAB_DIR/site-attic"
lab_nat attic symmetric 192.168.1.9 192.168.20
lab_host den attic 2

# cloud: hosts with a /32 each, which reach each other through the router only.
lab_site cloud symmetric 203.0.113.12 10.8.0
lab_in cloud sysctl -qw net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.lan.send_redirects=0
at_cloud() { # name last
    lab_machine "$1"
    lab_wire "$1" cloud lan eth0 "$LAB_MTU"
    lab_in "$1" ip addr add "10.8.0.$2/32" dev eth0
    lab_in "$1" ip route add 10.8.0.1 dev eth0
    lab_in "$1" ip route add default via 10.8.0.1
}
at_cloud web 2
at_cloud db 3

# office: two networks that its router keeps apart.
lab_site office symmetric 203.0.113.13 192.168.5
second_lan office 192.168.6
lab_host desk office 2
at_second printer office 192.168.6 3
lab_rules office apart <<'NFT'
table ip apart {
    chain through {
        type filter hook forward priority 5
        iifname lan oifname lan2 drop
        iifname lan2 oifname lan drop
    }
}
NFT

relay_start vps 192.0.2.10
hosts_join laptop nas den web db desk printer
hosts_up laptop nas den web db desk printer

pair() { # one other address-of-other
    check "$1 reaches $2" wait_for 15 pings "$1" "$2"
    become_direct "$1" "$2"
    check "$1 and $2 talk over the address inside" says "^$2 .*$3" lab_ziglan "$1" peers
}
say "two networks behind one router"
pair laptop nas '192\.168\.7\.3'
say "a NAT behind a NAT"
pair den laptop '192\.168\.1\.2'
say "cloud hosts with a /32"
pair web db '10\.8\.0\.3'

say "networks that are kept apart"
check "desk reaches printer" wait_for 15 pings desk printer
why() { json_of desk peers "[p['why'] for p in d['peers'] if p['name'] == 'printer'][0]"; }
check "desk says why it is relayed" wait_for 15 says 'both are behind one router' why
check "desk and printer are relayed" lab_is_state desk printer relayed
test_end
