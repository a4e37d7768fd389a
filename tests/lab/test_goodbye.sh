#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A host that ends by `ziglan down` is offline at once for all others, whether they talked to it
# directly, over the relay or not at all, and their packets come back at once. While the relay is
# away, by its word or without one, nobody is called offline or online.
. "$(dirname "$0")/check.sh"

AT_ONCE_S=2 # a moment, and some time for a busy machine; it was minutes

test_begin
pairs_begin
pairs_up
check "phone and tablet are relayed" lab_is_state phone tablet relayed
check "nas and tablet have not talked" lab_is_state nas tablet online

connected() { json_of "$1" status 'd["peers_connected"]'; }
unreachable() { # from to
    expect "packets to it come back at once" 1 nreachable \
        lab_in "$1" ping -n -c 1 -W 1 "$2.zignet"
}

ends() { # host; says goodbye
    check "$1 goes down" lab_ziglan "$1" down
}

before=$(connected laptop)
ends nas
check "for laptop, which was direct, nas is offline" \
    wait_for $AT_ONCE_S lab_is_state laptop nas offline
check "laptop heard its goodbye" grep -q ' peer\.offline .*reason=goodbye' "$LAB_DIR/laptop.log"
check "it is not counted as connected" [ "$(connected laptop)" = $((before - 1)) ]
check "for tablet, which never talked to it, too" \
    wait_for $AT_ONCE_S lab_is_state tablet nas offline
unreachable laptop nas
asked=$(moment)
expect "ziglan ping says so at once" 1 "nas is offline" lab_ziglan laptop ping nas
check_most "in ms" "$(since_ms "$asked")" 1000

ends phone
check "for tablet, which was relayed, phone is offline" \
    wait_for $AT_ONCE_S lab_is_state tablet phone offline
unreachable tablet phone

hosts_up nas phone
check "nas is back for laptop" wait_for 10 pings laptop nas
check "phone is back for tablet" wait_for 10 pings tablet phone
become_direct laptop nas

# A relay that stops cleanly says so to its hosts; that they are away is not what it says.
kill -TERM "$RELAY_PID"
check "relayd is gone" wait_for 10 eval "! lab_alive $RELAY_PID"
check "whom laptop does not reach directly is unknown" wait_for 5 lab_is_state laptop tablet unknown
check "so is who was relayed" wait_for 5 lab_is_state tablet phone unknown
check "laptop and nas stay direct" lab_is_state laptop nas direct
check "laptop's log says why, in a word" \
    grep -q ' relay\.closed reason=stopped ' "$LAB_DIR/laptop.log"
# (or some: on a busy machine not all answer in the 0.25 s that a stop may take)
check "and the relay's whom it told" grep -q ' relay\.stopped hosts_told=' "$LAB_DIR/vps.log"
ends nas
check "a direct goodbye needs no relay" wait_for $AT_ONCE_S lab_is_state laptop nas offline

# A relay that dies says nothing. What it told counts until it owes an answer for a while.
RELAY_PID=$(lab_relay_up vps)
check "tablet reaches phone over the relay that is back" wait_for 20 pings tablet phone
check "tablet hears of laptop" wait_for 5 lab_is_state tablet laptop online
pinging tablet phone 0.2 200
kill -KILL "$RELAY_PID"
check "when it is silent, who was relayed is unknown" wait_for 8 lab_is_state tablet phone unknown
check "so is whom it named online" wait_for 2 lab_is_state tablet laptop unknown
test_end
