#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# relayd backup, export and import: of a relay that runs and of one that does not, with members and
# invites, to another folder; what is not there, whole or free is refused with a sentence.
. "$(dirname "$0")/relayd_common.sh"

make_relay home
start home
"$relayd" invite --uses 3 --name anna -c "$config" >/dev/null
invites() { "$relayd" invites --json -c "$1" | grep -v '"uptime'; }
before=$(invites "$config")

expect 0 "is in $work/export" "$relayd" export "$work/export" -c "$config"
[ "$(stat -c %a "$work/export")" = 600 ] || fail "others may read the export"
expect 2 "is there already; name a new file" "$relayd" export "$work/export" -c "$config"
expect 0 "is in $work/backup" "$relayd" backup "$work/backup" -c "$config"
expect 2 "is not empty" "$relayd" backup "$work/backup" -c "$config"
"$relayd" export - -c "$config" >"$work/printed" 2>/dev/null
[ -z "$(compgen -G "$work/home/state/copy-*")" ] || fail "a copy was left in the state folder"
stop "$pid" || fail "relayd ended badly"

# From the export, and from the backup as it is, the same relay comes up.
same() { # folder
    cmp -s "$work/home/relay.key" "$work/$1/relay.key" &&
        cmp -s "$work/home/ziglan.key" "$work/$1/ziglan.key" &&
        [ "$(stat -c %a "$work/$1/ziglan.key")" = 600 ]
}
expect 0 "The relay and its ziglan 'home' are in $work/other" \
    "$relayd" import "$work/export" "$work/other"
for folder in other backup; do
    same $folder || fail "the keys of $folder are others"
    start $folder
    [ "$before" = "$(invites "$work/$folder/relayd.yaml")" ] || fail "$folder has other invites"
    stop "$pid" || fail "relayd ended badly"
done
expect 0 "'home'" "$relayd" import - "$work/third" <"$work/printed"
same third || fail "the keys of third are others"
expect 0 "is in" "$relayd" export "$work/still" -c "$work/third/relayd.yaml"

# Nothing is overwritten, and nothing is left where the export is not whole.
expect 2 "$work/other/relayd.yaml is there already, and nothing is overwritten" \
    "$relayd" import "$work/export" "$work/other"
head -c 900 "$work/export" >"$work/cut"
expect 2 "the export is damaged" "$relayd" import "$work/cut" "$work/fourth"
head -n 5 "$work/export" >"$work/cut"
expect 2 "the end is missing: the export was cut" "$relayd" import "$work/cut" "$work/fourth"
[ -z "$(ls "$work/fourth")" ] || fail "something of the cut export is in place"
expect 2 "absent" "$relayd" import "$work/absent" "$work/fourth"
expect 2 "import wants an export (or -) and a folder" "$relayd" import "$work/export"
expect 2 "backup wants a new folder" "$relayd" backup
finish
