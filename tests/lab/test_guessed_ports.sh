#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Behind a port-restricted and a symmetric NAT, two hosts become direct because they guess ports,
# while nothing that the relay carries meanwhile is lost; and only as long as nobody forbids it: the
# user, or a network. Two symmetric NATs stay relayed, and say why.
. "$(dirname "$0")/check.sh"

DIRECT_S=30 # 15 in 99 of 100 cases, and as long as it takes to measure the NATs

# Packets that a router's rules counted.
counted() { # site
    lab_in "$1" nft list table ip count | sed -n 's/.*counter packets \([0-9]*\).*/\1/p'
}
sockets_of() { # host; UDP sockets of its program
    lab_in "$1" ss -Huanp 2>/dev/null | grep -c "pid=$(cat "$LAB_DIR/$1.pid"),"
}
why() { # host peer
    json_of "$1" peers "next((p['why_code'], p['tried']) for p in d['peers'] if p['name'] == '$2')"
}
# What leaves for an address, counted.
count_to() { # site address
    lab_rules "$1" count <<NFT
table ip count {
    chain through {
        type filter hook forward priority -10
        oifname wan ip daddr $2 meta l4proto udp counter
    }
}
NFT
}

test_begin
lab_begin
lab_public vps 192.0.2.10
number=11
for short in pr sy; do
    for i in 1 2 3; do
        kind=$([ $short = pr ] && echo port-restricted || echo symmetric)
        lab_site "site-$short$i" "$kind" "198.51.100.$number" "192.168.$number"
        lab_host "$short$i" "site-$short$i" 2
        number=$((number + 1))
    done
done
hosts=(pr1 pr2 pr3 sy1 sy2 sy3)
relay_start vps 192.0.2.10
hosts_join "${hosts[@]}"
echo 'guess_ports: false' >>"$LAB_DIR/pr3/etc/ziglan/zig0.yaml"
# pr2's network does not like packets to many ports of one address.
lab_rules site-pr2 police <<'NFT'
table ip police {
    chain through {
        type filter hook forward priority -5
        iifname lan ip daddr 198.51.100.15 ct state new limit rate over 5/second burst 20 packets \
            counter reject with icmp admin-prohibited
    }
}
NFT
count_to site-pr1 198.51.100.14
count_to site-pr2 198.51.100.15
hosts_up "${hosts[@]}"
for pair in "pr1 sy1" "sy2 pr2" "pr3 sy3" "sy1 sy2"; do
    read -r from to <<<"$pair"
    check "$from reaches $to" wait_for 15 pings "$from" "$to"
done
began=$(moment)
pinging pr1 sy1 0.2 400
pinging sy2 pr2 0.5 200
pinging pr3 sy3 0.5 200
pinging sy1 sy2 0.5 200
check "port-restricted and symmetric become direct" wait_for $DIRECT_S both_are pr1 sy1 direct
say "$(($(now_ms) - ${began%/*})) ms after they began to talk"
check "of many sockets one is left" wait_for 10 eval '[ "$(sockets_of sy1)" -le 10 ]'
late=$(silence_ms "$LAB_DIR/pr1-sy1.ping" "$began")
check_most "no answer was late meanwhile, in ms" "$late" 1500
check_most "packets to the symmetric NAT, at most" "$(counted site-pr1)" 2600
check "a network that forbids it: it stops" wait_for 20 grep -q ' guess\.forbidden ' \
    "$LAB_DIR/pr2.log"
sent=$(counted site-pr2)
check_most "after so many packets" "$sent" 200
check "its user forbids it: nothing is guessed" says_no ' guess\.begin ' cat "$LAB_DIR/pr3.log"
check "two symmetric NATs stay relayed" both_are sy1 sy2 relayed
# Who measured its NAT before the other one did may have guessed meanwhile, in vain.
check "and say why, in a word, and what was tried" \
    wait_for 20 says "'sym-sym', \['punch'" why sy1 sy2
check "so does the log" says ' peer\.why peer=[a-z0-9]* why=sym-sym .* punch=tried guess=no' \
    cat "$LAB_DIR/sy1.log"
check "who guesses no ports says that" \
    wait_for 20 says "('guess-off', \['punch'\])" why pr3 sy3
check "and the other side that the peer does not" \
    wait_for 20 says "('guess-refused', \['punch', 'guess:refused'\])" why sy3 pr3
test_end
