#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Names and membership: the resolver, addresses that stay, two interfaces on one machine, a network
# that comes late, joining while the interface is up, invites for one host, and revocation.
. "$(dirname "$0")/check.sh"

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_public vps2 192.0.2.20
lab_site home1 port-restricted 198.51.100.11 192.168.1
lab_host laptop home1 2
lab_host late home1 3
lab_site home2 port-restricted 203.0.113.12 192.168.2
lab_host nas home2 2
lab_host guest home2 3
lab_site home3 port-restricted 203.0.113.13 192.168.3
lab_host phone home3 2

relay_start vps2 192.0.2.20 --name two
two=$RELAY_URL
relay_start vps 192.0.2.10 --name one
one=$RELAY_URL
hosts_join laptop nas late
RELAY_URL=$two
hosts_join phone
RELAY_URL=$one
lab_in late ip link set eth0 down
hosts_up laptop nas late phone

say "names"
check "laptop reaches nas.zignet" wait_for 10 pings laptop nas
check "laptop reaches nas.one.zignet" wait_for 5 pings laptop nas.one
check "laptop reaches nas by its key" wait_for 5 pings laptop "$(json_of nas whoami 'd["key"]')"
check "laptop reaches NAS.ZIGNET" wait_for 5 lab_in laptop ping -n -c 1 -W 1 NAS.ZIGNET
v4=$(json_of laptop peers 'next(p["ipv4"] for p in d["peers"] if p["name"] == "nas")')
v6=$(json_of laptop peers 'next(p["ipv6"] for p in d["peers"] if p["name"] == "nas")')
if command -v dig >/dev/null; then
    ask() { lab_in laptop dig +time=3 +tries=3 @100.64.0.53 "$@"; }
    check "A of nas.zignet is $v4" [ "$(ask +short nas.zignet A)" = "$v4" ]
    check "AAAA of nas.zignet is $v6" [ "$(ask +short nas.zignet AAAA)" = "$v6" ]
    check "the same over TCP" [ "$(ask +tcp +short nas.zignet AAAA)" = "$v6" ]
    check "the name of $v4 is nas.zignet" [ "$(ask +short -x "$v4")" = nas.zignet. ]
    check "the name of $v6 is nas.zignet" [ "$(ask +short -x "$v6")" = nas.zignet. ]
    check "nobody.zignet does not exist" grep -q 'status: NXDOMAIN' <<<"$(ask nobody.zignet)"
    check "one.zignet exists, without an address" \
        grep -q 'status: NOERROR.*ANSWER: 0' <<<"$(ask one.zignet | tr '\n' ' ')"
    check "other.zignet does not exist" grep -q 'status: NXDOMAIN' <<<"$(ask other.zignet)"
    check "names elsewhere are refused" grep -q 'status: REFUSED' <<<"$(ask example.org)"
    check "so are addresses elsewhere" grep -q 'status: REFUSED' <<<"$(ask -x 192.0.2.10)"
else
    say "dig is not installed: the resolver was asked through ping only"
fi

say "two interfaces on one machine"
mkdir -p "$LAB_DIR/laptop/etc/ziglan"
printf 'name: laptop\npool: 100.65.0.0/16\n' >"$LAB_DIR/laptop/etc/ziglan/zig1.yaml"
lab_spawn laptop "$LAB_DIR/laptop-zig1.log" env ZIGLAN_ROOT="$LAB_DIR/laptop" \
    "$(lab_program ziglan)" up -i zig1 >/dev/null
zig1_up() { lab_ziglan laptop status -i zig1 >/dev/null 2>&1; }
check "zig1 comes up beside zig0" wait_for 10 zig1_up
expect "what zig1 advises is for zig1" 0 "sudo ziglan join - -i zig1" \
    lab_ziglan laptop peers -i zig1
expect "zig1 joins another ziglan while it is up" 0 "Joined two as laptop.zignet" \
    eval "printf '%s\n' '$two' | lab_ziglan laptop join - -i zig1"
zig1_knows_phone() { [ "$(json_of laptop peers 'd["peers"][0]["name"]' -i zig1)" = phone ]; }
check "zig1 knows phone" wait_for 10 zig1_knows_phone
phone4=$(json_of laptop peers 'd["peers"][0]["ipv4"]' -i zig1)
check "phone's address ($phone4) is in the pool of zig1" [ "${phone4%.*.*}" = 100.65 ]
check "laptop reaches phone through zig1" wait_for 10 lab_in laptop ping -n -c 1 -W 1 "$phone4"
check "laptop reaches nas through zig0" wait_for 5 pings laptop nas
check "phone is no peer of zig0" [ "$(lab_peer_state laptop phone)" = unknown ]
phone6=$(json_of laptop peers 'd["peers"][0]["ipv6"]' -i zig1)
# IPv6 of all peers is one prefix, which zig0 has: zig1 routes to each of its peers.
check "laptop reaches phone through zig1 by IPv6" \
    wait_for 10 lab_in laptop ping -n -c 1 -W 1 "$phone6"
check "phone reaches laptop by IPv4" wait_for 10 pings phone laptop -4
check "phone reaches laptop by IPv6" wait_for 10 pings phone laptop -6
expect "zig1 goes down" 0 "" lab_ziglan laptop down -i zig1
check "zig0 stays" wait_for 5 pings laptop nas

say "addresses stay"
own=$(json_of laptop whoami 'd["addresses"]')
expect "laptop goes down" 0 "" lab_ziglan laptop down
check "its interface is gone" eval '! lab_in laptop ip link show zig0 >/dev/null 2>&1'
hosts_up laptop
check "laptop is back and reaches nas" wait_for 10 pings laptop nas
check "its own addresses are the same" [ "$(json_of laptop whoami 'd["addresses"]')" = "$own" ]
nas_v4=$(json_of laptop peers 'next(p["ipv4"] for p in d["peers"] if p["name"] == "nas")')
check "nas has the same address" [ "$nas_v4" = "$v4" ]
check "nas reaches laptop again" wait_for 10 pings nas laptop

say "a network that comes late"
check "late is up without a network" lab_ziglan late status >/dev/null
check "late is not joined" eval '! is_joined late'
lab_in late ip link set eth0 up
lab_in late ip route replace default via 192.168.1.1
came=$(moment)
check_most "with the network it joins and reaches nas by itself, in ms" \
    "$(first_reply_ms late nas "$came" 30)" 10000

say "invites for one host"
single=$(lab_invite vps --uses 1)
lab_ziglan guest init --name guest >/dev/null
expect "the first host joins with it" 0 "Joined one as guest.zignet" \
    eval "printf '%s\n' '$single' | lab_ziglan guest join -"
second() { lab_in guest env ZIGLAN_ROOT="$LAB_DIR/second" "$(lab_program ziglan)" "$@"; }
second init --name second >/dev/null
expect "the second host is refused, and told why" 1 "refused this host: " \
    eval "printf '%s\n' '$single' | second join -"
say "$(printf '%s\n' "$single" | second join - 2>&1 | sed -n 1p)"

say "revocation"
hosts_up guest
check "guest reaches laptop" wait_for 10 pings guest laptop
check "guest and laptop become direct" wait_for 15 lab_is_state guest laptop direct
expect "the operator revokes guest" 0 "is revoked and cut off" \
    lab_in vps "$(lab_program relayd)" revoke guest -c "$LAB_DIR/vps/relayd.yaml"
cut_off() { ! pings guest laptop; }
check "guest does not reach laptop any more, although they were direct" wait_for 5 cut_off
check "laptop has forgotten it" wait_for 5 lab_is_state laptop guest unknown
check "laptop does not reach guest" eval '! pings laptop guest'
check "the others reach each other" wait_for 5 pings laptop nas
test_end
