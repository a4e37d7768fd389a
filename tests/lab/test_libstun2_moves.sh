#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two applications of libstun2 stay together: when the router of one gets another address, silent or
# in the middle of a talk, and when one of them goes to another network. One of the routers has one
# line of masquerade, which takes packets that come too early for its own.
. "$(dirname "$0")/check.sh"
. "$(dirname "$0")/apps.sh"

apps_begin
check "chat.c compiles" apps_compile chat
lab_public vps 192.0.2.10
lab_site wifi port-restricted 198.51.100.11 192.168.1
lab_site mobile masquerade 198.51.100.13 192.168.3
lab_site home port-restricted 203.0.113.12 192.168.2
lab_site flat masquerade 203.0.113.14 192.168.4
lab_host one wifi 2
lab_host two home 2
lab_host three flat 2
apps_relay vps 192.0.2.10

# A second network card of a machine, which is down; and from one network to the other.
second_card() { # host site
    lab_in "$1" ip link add eth1 type veth peer name "to-$1" netns "$(lab_ns "$2")"
    lab_in "$2" ip link set "to-$1" master lan up
}
walk() { # host old new address gateway
    lab_in "$1" ip link set "$2" down
    sleep 0.1
    lab_in "$1" ip addr replace "$4/24" dev "$3"
    lab_in "$1" ip link set "$3" up
    lab_in "$1" ip route replace default via "$5" dev "$3"
}

# Two chats, each on its host; the second one meets the first one.
meet() { # host name other-host other-name
    app_start "$2" "$1" chat "$APPS_RELAY"
    wait_for 10 app_said "$2" 'our key is'
    app_start "$4" "$3" chat "$APPS_RELAY" "$(app_key "$2")"
    check "$2 and $4 meet" wait_for 15 app_said "$4" 'open to'
    wait_for 5 app_said "$2" 'open to'
}

# The milliseconds from a moment until a line of each is heard by the other that was said after it.
# Both say one every 0.1 s.
joined_ms() { # name other start-moment
    local i
    for ((i = 0; i < 1000; i++)); do
        app_tell "$1" "there $i ${3%/*}"
        app_tell "$2" "back $i ${3%/*}"
        if grep -q "^there .* ${3%/*}\$" "$APPS_DIR/$2.out" &&
            grep -q "^back .* ${3%/*}\$" "$APPS_DIR/$1.out"; then
            since_ms "$3"
            return
        fi
        sleep 0.1
    done
}
# The same for both pairs: a and b, c and d. Prints the two times.
both_joined_ms() { # start-moment
    joined_ms a b "$1" >"$LAB_DIR/ab.ms" &
    joined_ms c d "$1" >"$LAB_DIR/cd.ms"
    wait $!
}
# Until somebody has written this, in ms; nobody talks.
told_ms() { # name pattern start-moment
    wait_for 60 app_said "$1" "$2" && since_ms "$3"
}

meet one a two b
meet one c three d
both_joined_ms "$(moment)"

say "the router of a and c gets another address, and nobody talks"
lab_redial wifi 198.51.100.21
moved=$(moment)
told_ms b '198.51.100.21:' "$moved" >"$LAB_DIR/ab.ms" &
told_ms d '198.51.100.21:' "$moved" >"$LAB_DIR/cd.ms"
wait $!
check_most "b is told at the next look, in ms" "$(cat "$LAB_DIR/ab.ms")" 16500
check_most "so is d, behind one line of masquerade, in ms" "$(cat "$LAB_DIR/cd.ms")" 16500
both_joined_ms "$(moment)"
check_most "a and b talk at once, in ms" "$(cat "$LAB_DIR/ab.ms")" 1000
check_most "so do c and d, in ms" "$(cat "$LAB_DIR/cd.ms")" 1000

say "one goes to another network, and back, in the middle of a talk"
second_card one mobile
for card in eth1 eth0; do
    old=eth1 address=192.168.1.2
    [ $card = eth0 ] || { old=eth0 address=192.168.3.2; }
    walk one $old $card $address "${address%.*}.1"
    moved=$(moment)
    both_joined_ms "$moved"
    check_most "at $card a and b are direct again, in ms" "$(cat "$LAB_DIR/ab.ms")" 3000
    check_most "at $card c and d are direct again, in ms" "$(cat "$LAB_DIR/cd.ms")" 3000
    sleep 1
done

# a has been behind two more routers since: kinds of their NATs are told, too.
kinds_told() { [ "$(grep -c 'our NAT is' "$LAB_DIR/app-a.log")" -ge 3 ]; }
check "what the NATs of other networks do is measured there" wait_for 15 kinds_told

say "the router of a and c gets another address in the middle of a talk"
both_joined_ms "$(moment)"
lab_redial wifi 198.51.100.22
moved=$(moment)
both_joined_ms "$moved"
# 1 s of silence, or 5 s after the last one that was looked at.
check_most "a and b talk again, in ms" "$(cat "$LAB_DIR/ab.ms")" 6500
# d's router has taken what c said for its own, and remembers that for 30 s.
check_most "c and d talk again, in ms" "$(cat "$LAB_DIR/cd.ms")" 45000
test_end
