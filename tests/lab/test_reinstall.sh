#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A machine is installed anew: it has another key, and gets its name back, by an invite for it or by
# the operator's word afterwards. Hosts that knew the old key follow, also one that was away.
. "$(dirname "$0")/check.sh"

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_public laptop 192.0.2.20
lab_public tv 192.0.2.21
lab_public nas 198.51.100.30
relay_start vps 192.0.2.10 --name home

operator() { lab_in vps "$(lab_program relayd)" "$@" -c "$LAB_DIR/vps/relayd.yaml"; }
# Without a goodbye, as when a disk dies.
lose_nas() {
    kill -KILL "$(cat "$LAB_DIR/nas.pid")"
    wait_for 5 eval '! lab_in nas ip link show zig0 >/dev/null 2>&1'
    rm -rf "$LAB_DIR/nas"
    lab_ziglan nas init --name nas >/dev/null
}
key_of_nas() { json_of "$1" peers 'next(p["key"] for p in d["peers"] if p["name"] == "nas")'; }
knows_new_nas() { [ "$(key_of_nas "$1")" = "$(json_of nas whoami 'd["key"]')" ]; }

hosts_join laptop tv nas
hosts_up laptop tv nas
check "laptop reaches nas" wait_for 15 pings laptop nas
check "tv reaches nas" wait_for 15 pings tv nas
old=$(key_of_nas laptop)

say "by an invite for its name"
invite=$(lab_invite vps --name nas)
check "the operator sees whose place it takes" says "\"replaces\": \"$old\"" operator invites --json
lose_nas
expect "nas joins as nas" 0 "Joined home as nas.zignet" \
    eval "printf '%s\n' '$invite' | lab_ziglan nas join -"
hosts_up nas
check "laptop knows the new key as nas" wait_for 10 knows_new_nas laptop
check "laptop reaches nas" wait_for 15 pings laptop nas
check "the old key is no member" says_no "$old" operator members

say "by the operator's word, while tv is away"
expect "tv goes down" 0 "" lab_ziglan tv down
lose_nas
expect "nas is told why it is nas-2, and what to do" 0 \
    "relayd forget nas; relayd rename nas-2 nas" \
    eval "printf '%s\n' '$RELAY_URL' | lab_ziglan nas join - 2>&1"
hosts_up nas
check "laptop reaches it as nas-2" wait_for 15 pings laptop nas-2
expect "the operator forgets the old key" 0 "The name nas is free" operator forget nas
expect "and gives the name to the new one" 0 "is called nas now" operator rename nas-2 nas
check "laptop knows the new key as nas" wait_for 10 knows_new_nas laptop
check "laptop reaches nas" wait_for 15 pings laptop nas
is_nas() { [ "$(json_of nas status 'd["ziglans"][0]["granted_name"]')" = nas ]; }
check "nas knows its name" wait_for 5 is_nas
hosts_up tv
check "tv follows, too" wait_for 15 knows_new_nas tv
check "tv reaches nas" wait_for 15 pings tv nas

say "a name for a second member asks the user"
expect "nas is called store" 0 "is called store now" operator rename nas store
expect "and tv is called nas" 0 "is called nas now" operator rename tv nas
in_doubt() { says "sudo ziglan trust nas" lab_ziglan laptop peers; }
check "laptop says that the name is in doubt" wait_for 10 in_doubt
check "laptop reaches nobody by it" eval '! pings laptop nas'
expect "its user agrees" 0 "nas means $(json_of tv whoami 'd["key"]') now" \
    lab_ziglan laptop trust nas
check "laptop reaches tv as nas" wait_for 15 pings laptop nas
expect "it is agreed" 0 "already" lab_ziglan laptop trust nas
test_end
