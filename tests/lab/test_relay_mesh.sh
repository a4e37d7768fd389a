#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Relays of different owners, each with one address of another, come to know all others. One behind
# a full-cone NAT is a relay like any; one behind a NAT that lets nothing in says what to do, and
# announces nothing. The first one dies, a restarted one knows the others, a partition heals.
. "$(dirname "$0")/check.sh"

declare -A pid

# Another relay, with what the first one's status prints as its URL.
relay_make() { # machine address
    lab_relay_init "$1" "$2" --name "$1" >/dev/null || { lab_fail "relayd init"; exit 1; }
    [ -z "${first_url:-}" ] || printf 'peers:\n  - %s\n' "$first_url" >>"$LAB_DIR/$1/relayd.yaml"
    relay_run "$1"
}
relay_run() { # machine
    pid[$1]=$(lab_relay_up "$1")
    wait_for 20 relay_answers "$1" || { lab_fail "relayd does not start"; exit 1; }
}
knows() { [ "$(relay_count "$1" nodes)" = "$2" ]; } # machine number: itself among them
relay_reach() { # machine
    lab_in "$1" "$(lab_program relayd)" status --json -c "$LAB_DIR/$1/relayd.yaml" |
        sed -n 's/.*"reach": *"\([a-z_]*\)".*/\1/p'
}
is_reached() { [ "$(relay_reach "$1")" = "$2" ]; }
all_know() { # number machine...
    local machine number=$1
    shift
    for machine; do knows "$machine" "$number" || return 1; done
}

test_begin
lab_begin
lab_public one 192.0.2.10
lab_public two 198.51.100.10
lab_public three 203.0.113.10
lab_site cone full-cone 198.51.100.20 192.168.1
lab_host home cone 2
lab_site shut port-restricted 203.0.113.20 192.168.2
lab_host hidden shut 2

relay_make one 192.0.2.10
first_url=$(lab_in one "$(lab_program relayd)" status -c "$LAB_DIR/one/relayd.yaml" |
    grep -o 'relay://[^ ]*')
began=$(moment)
relay_make two 198.51.100.10
relay_make three 203.0.113.10
check "three relays know each other" wait_for 40 all_know 3 one two three
check_most "that took, in ms" "$(since_ms "$began")" 30000
check "each is reached" is_reached one public
check "each is reached" is_reached two public

say "relays at home"
began=$(moment)
relay_make home 198.51.100.20
relay_make hidden 203.0.113.20
check "behind a full-cone NAT a relay is one of them" wait_for 40 all_know 4 one two three home
check_most "that took, in ms" "$(since_ms "$began")" 30000
check "and knows that it is behind one" is_reached home full_cone
check "behind another NAT it says that nobody reaches it" \
    wait_for 40 is_reached hidden not_reachable
expect "and which port to open where" 0 "forward it to this machine in the router" \
    lab_in hidden "$(lab_program relayd)" status -c "$LAB_DIR/hidden/relayd.yaml"
check "nobody is told of it" all_know 4 one two three home
expect "they are listed" 0 "203.0.113.10:4433" \
    lab_in home "$(lab_program relayd)" nodes -c "$LAB_DIR/home/relayd.yaml"

say "the first one dies, and another restarts"
kill -KILL "${pid[one]}"
kill -TERM "${pid[two]}"
wait_for 10 eval '! kill -0 ${pid[two]} 2>/dev/null'
relay_run two
# Itself only when it was measured again.
check "it knows the others from its state" eval '[ "$(relay_count two nodes)" -ge 3 ]'
check "and has neighbours again" wait_for 30 eval '[ "$(relay_count two neighbours)" -ge 1 ]'

say "a partition"
lab_cut 198.51.100.0/24 203.0.113.0/24
sleep 50
lab_heal
check "heals" wait_for 70 eval '[ "$(relay_count three neighbours)" -ge 2 ]'
test_end
