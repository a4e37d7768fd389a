#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A host goes from one network to another, each behind a NAT of its own (Wi-Fi, mobile): its peers,
# behind NAT too, and one of them behind a router with one line of masquerade, are direct again
# within 3 s.
. "$(dirname "$0")/check.sh"

DIRECT_MS=3000

# A second network card of a machine, which is down.
second_card() { # host site
    lab_in "$1" ip link add eth1 type veth peer name "to-$1" netns "$(lab_ns "$2")"
    lab_in "$2" ip link set "to-$1" master lan up
}

# From one network to the other: the old one is gone, and a moment later the new one is there.
walk() { # host old new address gateway pause-s
    lab_in "$1" ip link set "$2" down
    sleep "$6"
    lab_in "$1" ip addr replace "$4/24" dev "$3"
    lab_in "$1" ip link set "$3" up
    lab_in "$1" ip route replace default via "$5" dev "$3"
}

# The milliseconds until a pair is direct, both say so, and a ping is answered.
direct_ms() { # one other start-moment
    until lab_is_state "$1" "$2" direct && lab_is_state "$2" "$1" direct && pings "$1" "$2"; do
        [ "$(now_ms)" -lt $((${3%/*} + 30000)) ] || return 1
        sleep 0.05
    done
    since_ms "$3"
}

walks() { # pause-s card...
    local moved card old
    local -A address=([eth0]=192.168.1.2 [eth1]=192.168.3.2)
    for card in "${@:2}"; do
        old=eth1
        [ "$card" = eth0 ] || old=eth0
        walk laptop "$old" "$card" "${address[$card]}" "${address[$card]%.*}.1" "$1"
        moved=$(moment)
        direct_ms laptop nas "$moved" >"$LAB_DIR/nas.ms" &
        direct_ms laptop tv "$moved" >"$LAB_DIR/tv.ms" &
        wait $!
        wait_for 30 [ -s "$LAB_DIR/nas.ms" ]
        check_most "at $card after ${1} s: laptop and nas are direct, in ms" \
            "$(cat "$LAB_DIR/nas.ms")" $DIRECT_MS
        check_most "at $card after ${1} s: laptop and tv are direct, in ms" \
            "$(cat "$LAB_DIR/tv.ms")" $DIRECT_MS
        sleep 1
    done
}

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_site wifi port-restricted 198.51.100.11 192.168.1
lab_site mobile masquerade 198.51.100.13 192.168.3
lab_site home port-restricted 203.0.113.12 192.168.2
lab_site flat masquerade 203.0.113.14 192.168.4
lab_host laptop wifi 2
second_card laptop mobile
lab_host nas home 2
lab_host tv flat 2
relay_start vps 192.0.2.10
hosts_join laptop nas tv
hosts_up laptop nas tv
check "laptop reaches nas" wait_for 15 pings laptop nas
check "laptop reaches tv" wait_for 15 pings laptop tv
become_direct laptop nas
become_direct laptop tv
pinging laptop nas 0.2 1000
pinging laptop tv 0.2 1000
walks 0.1 eth1 eth0 eth1 eth0
walks 2 eth1 eth0
test_end
