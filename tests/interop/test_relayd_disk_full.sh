#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A full disk: relayd goes on serving, refuses what it cannot store, shows that in its health, and
# is healthy again as soon as there is room. The disk is a small tmpfs in a mount namespace of its
# own.
if [ "${1:-}" != inside ]; then
    unshare -m true 2>/dev/null || { echo "skipped: no mount namespaces here"; exit 77; }
    exec unshare -m bash "$0" inside
fi
. "$(dirname "$0")/relayd_common.sh"
command -v curl >/dev/null || { echo "skipped: curl is not installed"; exit 77; }

mkdir "$work/disk"
mount -t tmpfs -o size=1m tmpfs "$work/disk" || { echo "skipped: no tmpfs here"; exit 77; }
port=$(free_port)
metrics=$(free_port)
config=$work/disk/relay/relayd.yaml
"$relayd" init "$work/disk/relay" --public "127.0.0.1:$port" >"$work/init" 2>&1 || fail "init"
sed -i "s|^#metrics:.*|metrics: \"127.0.0.1:$metrics\"|" "$config"
"$relayd" -c "$config" 2>"$work/relayd.log" &
pid=$!
pids+=("$pid")
wait_for 10 "$relayd" status -c "$config" || fail "relayd does not come up"

expect 0 "ziglan://" "$relayd" invite -c "$config"
head -c 2m /dev/zero >"$work/disk/ballast" 2>/dev/null # fills what is left
refused=no
for _ in $(seq 200); do
    if ! out=$("$relayd" invite -c "$config" 2>&1); then
        refused=yes
        break
    fi
done
[ $refused = yes ] || fail "invites were made on a full disk"
[[ $out == *"no invite was made"* ]] || fail "no clear sentence: $out"
expect 0 '"store_healthy": false' "$relayd" status --json -c "$config"
code=$(curl -sS -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$metrics/health")
[ "$code" = 503 ] || fail "health is $code on a full disk"
kill -0 "$pid" || fail "it died: $(cat "$work/relayd.log")"
# Where only a part of what is to be written finds room, LMDB says EIO: the disk is full.
for room in 4 8 12 16; do
    head -c 2m /dev/zero >"$work/disk/ballast" 2>/dev/null
    truncate -s "-${room}k" "$work/disk/ballast"
    "$relayd" invite -c "$config" >/dev/null 2>&1
done
head -c 2m /dev/zero >"$work/disk/ballast" 2>/dev/null
grep -q 'store.full .*make room on the disk' "$work/relayd.log" || fail "the log does not say it"
grep 'Input/output error' "$work/relayd.log" && fail "the log blames the disk"
expect 0 '"members": []' "$relayd" members --json -c "$config"

rm "$work/disk/ballast"
expect 0 "ziglan://" "$relayd" invite -c "$config"
expect 0 '"store_healthy": true' "$relayd" status --json -c "$config"
code=$(curl -sS -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$metrics/health")
[ "$code" = 200 ] || fail "health is $code with room again"
stop "$pid" || fail "it ended badly: $(cat "$work/relayd.log")"
umount "$work/disk"
finish
