#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `ziglan netcheck` behind each kind of NAT that the kernel makes, before the interface is up and
# after. Three relays lend each other their addresses; one alone says what it cannot know.
. "$(dirname "$0")/check.sh"

# What `netcheck` says at a host; relays may be named.
netcheck() { # host [relay...]
    lab_ziglan "$1" netcheck --json "${@:2}" >"$LAB_DIR/$1.netcheck" 2>"$LAB_DIR/$1.error" ||
        cat "$LAB_DIR/$1.error"
}
said() { # host key; the first such value, without quotes
    grep -o "\"$2\": *[^,}]*" "$LAB_DIR/$1.netcheck" | sed -n '1{s/^[^:]*: *//;s/"//g;p;}'
}
says_of() { # host key value
    local got
    got=$(said "$1" "$2")
    [ "$got" = "$3" ] || { say "$1: $2 is $got, not $3"; return 1; }
}
measured() { # host name mapping filtering
    local host=$1
    says_of "$host" name "$2" && says_of "$host" mapping "$3" && says_of "$host" filtering "$4"
}
lends() { [ "$(relay_count "$1" neighbours)" -ge "$2" ]; }

EI=endpoint-independent
AD=address-dependent
APD=address-and-port-dependent

test_begin
lab_begin
lab_public one 192.0.2.10 2001:db8::10
lab_public two 198.51.100.10 2001:db8::11
lab_public three 192.0.2.30
lab_public pub 192.0.2.20 2001:db8::20
number=31
declare -A kind=([fc]=full-cone [ar]=address-restricted [pr]=port-restricted [sy]=symmetric
    [mq]=masquerade-drop)
for short in fc ar pr sy mq; do
    lab_site "site-$short" "${kind[$short]}" "198.51.100.$number" "192.168.$number"
    lab_host "$short" "site-$short" 2
    number=$((number + 1))
done
# A public address behind a firewall that lets in only answers.
lab_site wall open 198.51.100.50 203.0.113
lab_host fw wall 50
lab_rules wall through <<'NFT'
table ip lab {
    chain through {
        type filter hook forward priority 0
        iifname wan ct state established,related accept
        iifname wan drop
    }
}
NFT
# The home's router behind that of the provider: the home lets everybody in, the provider does not.
lab_site provider port-restricted 198.51.100.51 100.64.51
lab_host home provider 2
lab_in home sysctl -qw net.ipv4.ip_forward=1
lab_in home ip link add lan type bridge
lab_in home ip addr add 192.168.51.1/24 dev lan
lab_in home ip link set lan up
echo 192.168.51 >"$LAB_DIR/site-home"
lab_host twice home 2
lab_rules home nat <<'NFT'
table ip lab {
    chain post { type nat hook postrouting priority 100; oifname eth0 masquerade; }
}
NFT
lab_site silent port-restricted 198.51.100.52 192.168.52
lab_host blocked silent 2
lab_rules silent hole <<'NFT'
table ip hole {
    chain through {
        type filter hook forward priority 0
        meta l4proto udp drop
    }
}
NFT

relay_start one 192.0.2.10
first_url=$(lab_in one "$(lab_program relayd)" status -c "$LAB_DIR/one/relayd.yaml" |
    grep -o 'relay://[^ ]*')
one_url=$RELAY_URL

say "one relay alone"
netcheck pr 192.0.2.10
check "says that a second one is missing" says_of pr name unknown
expect "in words, too" 0 "only one relay's address answered" \
    lab_ziglan fc netcheck 192.0.2.10

say "three relays"
for relay in two three; do
    lab_relay_init "$relay" "$([ "$relay" = two ] && echo 198.51.100.10 || echo 192.0.2.30)" \
        --name "$relay" >/dev/null || exit 1
    printf 'peers:\n  - %s\n' "$first_url" >>"$LAB_DIR/$relay/relayd.yaml"
    lab_relay_up "$relay" >/dev/null
    wait_for 20 relay_answers "$relay" || exit 1
done
check "they are neighbours" wait_for 20 lends one 2

began=$(moment)
netcheck fc 192.0.2.10
check_most "a measurement takes at most 3 s, in ms" "$(since_ms "$began")" 3600
check "full cone" measured fc FullC $EI $EI
netcheck ar 192.0.2.10
check "address-restricted" measured ar RC $EI $AD
netcheck pr 192.0.2.10
check "port-restricted" measured pr P-RC $EI $APD
netcheck sy 192.0.2.10
check "symmetric" measured sy Sym $APD $APD
check "with random ports" says_of sy ports random
netcheck mq 192.0.2.10
check "masquerade as Linux has it" measured mq P-RC $EI $APD
check "which keeps the port" says_of mq port_preserving true
sleep 2 # a relay sends for a neighbour to one network once a second
netcheck fw 192.0.2.10
check "a firewall" measured fw Public-FW $EI $APD
check "which translates nothing" says_of fw translated false
netcheck twice 192.0.2.10
check "two NATs count as the narrower one" measured twice P-RC $EI $APD
netcheck pub 192.0.2.10 '[2001:db8::10]:4433'
check "a public host" measured pub Public $EI $EI
check "by IPv6 nothing is translated either" \
    [ "$(grep -o '"translated": *false' "$LAB_DIR/pub.netcheck" | wc -l)" = 2 ]
check "the MTU" says_of pub mtu 1500
netcheck blocked 192.0.2.10
check "no UDP" says_of blocked name Blocked
expect "with advice" 0 "let UDP out" lab_ziglan blocked netcheck 192.0.2.10
netcheck mq --hairpin 192.0.2.10
check "masquerade does not hairpin" says_of mq hairpin false
expect "a name that is none" 2 "wanted is HOST" lab_ziglan pub netcheck 'no host'
expect "without daemon and relay" 3 "or name a relay" lab_ziglan pub netcheck

say "by the daemon, which tells relays what it measured"
RELAY_URL=$one_url
hosts_join pr pub
hosts_up pr pub
check "it is a member" wait_for 10 is_joined pr
sleep 5
netcheck pr
check "measures by its own relay" measured pr P-RC $EI $APD
check "and knows its round trip" says_of pr answered "$(said pr sent)"
expect "in words" 0 "forward one UDP port" lab_ziglan pr netcheck

say "in another network, and back"
nat_now() { # host; the kind that relays are told, and whether other networks are remembered
    lab_ziglan "$1" status --json | "$LAB_PYTHON" -c '
import json, sys
nat = json.load(sys.stdin)["nat"]
print(nat["name"] if nat["measured_s"] is not None else "none",
      "of several" if nat["networks"] > 1 else "of one")'
}
is_nat() { [ "$(nat_now "$1")" = "$2" ]; }
was_nat() { wait_for 20 is_nat "$@" || { say "it is: $(nat_now "$1")"; return 1; }; }
walk() { # host old new address; the new network is there, and then the old one is gone
    lab_in "$1" ip addr replace "$4/24" dev "$3"
    lab_in "$1" ip link set "$3" up
    lab_in "$1" ip link set "$2" down
    lab_in "$1" ip route replace default via "${4%.*}.1" dev "$3"
}
check "status tells the kind" is_nat pr "P-RC of one"
lab_in pr ip link add eth1 type veth peer name to-pr netns "$(lab_ns site-sy)"
lab_in site-sy ip link set to-pr master lan up
walk pr eth0 eth1 192.168.34.9
check "it is measured again" was_nat pr "Sym of several"
walk pr eth1 eth0 192.168.33.2
lab_in pr ip addr replace 192.168.33.2/24 dev eth0
left=$(moment)
check "what was measured here before is known again" was_nat pr "P-RC of several"
say "after $(since_ms "$left" | sed 's/@.*//') ms"
test_end
