#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A machine with a relay is lost. From the export that was made while it ran, the relay starts on
# another machine with another address, and its members come back: by a URL with the new address,
# without an invite. A host, too, moves to another machine by its export, and is who it was.
. "$(dirname "$0")/check.sh"

test_begin
relayed_pair_begin
check "they are relayed" lab_is_state phone tablet relayed
lab_public newvps 192.0.2.11

check "the relay is exported while it runs" \
    lab_in vps "$(lab_program relayd)" export "$LAB_DIR/export" -c "$LAB_DIR/vps/relayd.yaml"
check "phone and tablet noticed nothing" pings phone tablet
kill -KILL "$RELAY_PID"
check "the first machine is lost" wait_for 10 eval "! lab_alive $RELAY_PID"
rm -r "$LAB_DIR/vps"

expect "the other machine imports it" 0 "are in $LAB_DIR/newvps" \
    lab_in newvps "$(lab_program relayd)" import "$LAB_DIR/export" "$LAB_DIR/newvps"
sed -i 's/192\.0\.2\.10/192.0.2.11/' "$LAB_DIR/newvps/relayd.yaml"
RELAY_PID=$(lab_relay_up newvps)
check "it starts" wait_for 20 relay_answers newvps
key=$(sed 's/^ziglan:\/\/\([a-z2-7]*\).*/\1/' <<<"$RELAY_URL")
for host in phone tablet; do
    check "$host learns the new address" lab_ziglan "$host" join "ziglan://$key@192.0.2.11"
done
check "phone reaches tablet again" wait_for 20 pings phone tablet
members() {
    lab_in newvps "$(lab_program relayd)" members --json -c "$LAB_DIR/newvps/relayd.yaml" |
        grep -c '"state": *"member"'
}
check "both are members as before" [ "$(members)" = 2 ]

# The tablet is replaced by another machine.
key_of() { json_of "$1" whoami 'd["key"]'; }
before=$(key_of tablet)
check "tablet is exported while it is up" lab_ziglan tablet export "$LAB_DIR/host"
expect "an interface that is up is not imported" 1 "is up" \
    lab_ziglan tablet import "$LAB_DIR/host"
check "tablet goes down" lab_ziglan tablet down
lab_host slate hotel 3
expect "the other machine imports it" 0 "is the host that was exported" \
    lab_ziglan slate import "$LAB_DIR/host"
hosts_up slate
check "phone reaches it by the old name" wait_for 20 pings phone tablet
check "it has the old key" [ "$(key_of slate)" = "$before" ]
test_end
