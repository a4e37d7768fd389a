#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What a join says that gets no answer, address by address; and a name with many dead addresses.
. "$(dirname "$0")/check.sh"

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_public bare 192.0.2.20  # nothing listens there
lab_public shut 192.0.2.30  # swallows all
lab_public guard 192.0.2.40 # sends all back
lab_public laptop 198.51.100.30
lab_public walled 198.51.100.31 # lets nothing out
lab_public island -             # has no address at all
lab_public nas 203.0.113.40
lab_public both 203.0.113.60 2001:db8::60
relay_start vps 192.0.2.10 --name home
drops() { # host chain verdict
    lab_in "$1" nft -f - <<NFT
table inet join {
    chain $2 {
        type filter hook $2 priority 0
        udp dport { 443, 4433 } $3
    }
}
NFT
}
drops shut input drop
drops guard input 'reject with icmpx admin-prohibited'
drops walled output drop
key=${RELAY_URL#ziglan://}
key=${key%%@*}
parameters=${RELAY_URL#*\?}
joins() { # host URL
    lab_ziglan "$1" join "$2"
}
at() { # hosts of the URL
    echo "ziglan://$key@$1?$parameters"
}
own_names() { # host name address...; what its resolver knows
    local folder
    folder=/etc/netns/$(lab_ns "$1")
    lab_mkdir "$folder"
    printf 'hosts: files\n' >"$folder/nsswitch.conf"
    for address in "${@:3}"; do
        echo "$address $2"
    done >"$folder/hosts"
}

say "joins that get no answer"
fails() { # host URL; each takes 15 s, so they run beside each other
    joins "$1" "$2" >"$LAB_DIR/join-$1" 2>&1
    echo "ended with $?" >>"$LAB_DIR/join-$1"
}
nobodys=ucnkl5d2m5myal7zkx4nyljkcss4thjdx2l7qzasp74tqncvutya
own_names both nowhere.example.org
pids=()
fails laptop "$(at '192.0.2.20:4433,192.0.2.30:4433,192.0.2.40:4433,[2001:db8::99]:4433')" &
pids+=($!)
fails walled "$(at 192.0.2.10:4433)" &
pids+=($!)
fails island "$(at '192.0.2.10:4433,[2001:db8::99]:4433')" &
pids+=($!)
fails nas "ziglan://$nobodys@192.0.2.10:4433" &
pids+=($!)
fails both "$(at nowhere.example.org)" &
pids+=($!)
wait "${pids[@]}"
told() { # sentence host text
    check "$1" grep -qF -- "$3" "$LAB_DIR/join-$2"
}
told "a port at which nothing listens" laptop "192.0.2.20:4433: nothing listens at that UDP port"
told "a machine that swallows packets, and how many" laptop \
    "192.0.2.30:4433: no answer in 15 s, nor to 3 more packets in 1.5 s"
told "a firewall that sends them back" laptop \
    "192.0.2.40:4433: a router or firewall on the way sends packets back"
told "a family that this host does not have" laptop \
    "[2001:db8::99]:4433: this machine has no IPv6"
told "what to do" laptop "To go on trying: sudo ziglan up"
told "a firewall of this machine" walled "192.0.2.10:4433: a firewall of this machine forbids it"
told "no address at all" island "192.0.2.10:4433: this machine has no IPv4"
told "nor of the other family" island "[2001:db8::99]:4433: this machine has no IPv6"
told "another's relay" nas "the relay at that address does not belong to this ziglan"
told "which answers" nas "192.0.2.10:4433: something answers there"
told "a name that does not resolve" both "the name nowhere.example.org does not resolve"
for host in laptop walled island nas both; do
    told "and it failed" $host "ended with 1"
    check "of an interface that is down nothing is said" \
        eval '! grep -q "interface is" "$LAB_DIR/join-$host"'
done

say "a name with four dead addresses and a good one"
own_names both vps.example.org 2001:db8::a 2001:db8::b 2001:db8::c 2001:db8::d 192.0.2.10
begin=$(moment)
expect "the host joins" 0 "Joined home as" joins both "$(at vps.example.org)"
check_most "and how long it takes, in ms" "$(since_ms "$begin")" 2500

for dead in 15 30; do
    say "a name with $dead dead addresses before the good one"
    addresses=()
    for i in $(seq "$dead"); do addresses+=("192.0.2.$((100 + i))"); done
    lab_ziglan both leave home >/dev/null
    own_names both many.example.org "${addresses[@]}" 192.0.2.10
    begin=$(moment)
    expect "the host joins" 0 "Joined home as" joins both "$(at many.example.org:4433)"
    check_most "and how long it takes, in ms" "$(since_ms "$begin")" $((250 * dead + 2000))
done
test_end
