#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two applications of libstun2 behind one router that does not send packets back inwards meet in
# their LAN, also from two networks of one site; and nobody asks for the addresses of containers,
# nor for the same address in another home.
. "$(dirname "$0")/check.sh"
. "$(dirname "$0")/apps.sh"

apps_begin
check "chat.c compiles" apps_compile chat
lab_public vps 192.0.2.10
lab_site home masquerade 198.51.100.11 192.168.1
lab_site other symmetric 203.0.113.12 192.168.1
lab_host one home 2
lab_host two home 3
lab_host far other 3
# A second network of that home, to which its router leads.
lab_in home ip addr add 192.168.7.1/24 dev lan
lab_host guest home 9
lab_in guest ip addr flush dev eth0
lab_in guest ip addr add 192.168.7.2/24 dev eth0
lab_in guest ip route add default via 192.168.7.1
# Each has a bridge of containers and a VPN, of one network everywhere.
number=1
for host in one two guest; do
    lab_in $host ip link add docker0 type bridge
    lab_in $host ip link add veth0 type veth peer name veth1
    lab_in $host ip link set veth0 master docker0 up
    lab_in $host ip link set veth1 up
    lab_in $host ip addr add 172.17.0.$number/16 dev docker0
    lab_in $host ip link set docker0 up
    lab_in $host ip link add wg0 type veth peer name wg-end
    lab_in $host ip link set wg-end up
    lab_in $host ip addr add 10.9.0.$number/16 dev wg0
    lab_in $host ip link set wg0 up
    number=$((number + 1))
done
# What goes to addresses that are none of anybody's.
lab_in one nft -f - <<'NFT'
table ip astray {
    chain out {
        type filter hook output priority 0
        meta l4proto udp ip daddr { 172.16.0.0/12, 10.0.0.0/8 } counter name astray
    }
    counter astray { }
}
NFT
apps_relay vps 192.0.2.10

app_start a one chat "$APPS_RELAY"
check "a tells its key" wait_for 10 app_said a 'our key is'
app_start b two chat "$APPS_RELAY" "$(app_key a)"
check "a and b meet" wait_for 15 app_said b 'open to'
wait_for 5 app_said a 'open to'
check "in their LAN" app_said b 'open to 192\.168\.1\.2:'
check "both" app_said a 'open to 192\.168\.1\.3:'
app_tell a "hello from a"
check "and talk" wait_for 5 app_heard b "hello from a"

app_start c one chat "$APPS_RELAY"
wait_for 10 app_said c 'our key is'
app_start d guest chat "$APPS_RELAY" "$(app_key c)"
check "c and d, in two networks of one home, meet" wait_for 15 app_said d 'open to 192\.168\.1\.2:'

app_start e two chat "$APPS_RELAY"
wait_for 10 app_said e 'our key is'
app_start f far chat "$APPS_RELAY" "$(app_key e)"
check "two at the same address in two homes do not" wait_for 20 app_said f 'nothing came through'
check "and take nobody for the other" eval '! app_said f "open to"'
check "nothing went astray" says 'packets 0 ' lab_in one nft list counter ip astray astray
lab_in one nft list counter ip astray astray
test_end
