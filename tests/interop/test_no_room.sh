#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Disks that are full or read-only, files that are not what they ought to be, and too few open
# files: both programs say what is wrong and what to do, and nothing half-made is in the way
# afterwards. The disk is a small tmpfs in a mount namespace of its own.
if [ "${1:-}" != inside ]; then
    [ "$(id -u)" = 0 ] || { echo "skipped: needs root"; exit 77; }
    [ -c /dev/net/tun ] || { echo "skipped: there is no /dev/net/tun"; exit 77; }
    unshare -mn true 2>/dev/null || { echo "skipped: no namespaces here"; exit 77; }
    exec unshare -m bash "$0" inside
fi
. "$(dirname "$0")/relayd_common.sh"

ziglan=$ZIGLAN_BIN/ziglan
disk=$work/disk
export ZIGLAN_ROOT=$disk/root
config=$disk/root/etc/ziglan/zig0.yaml
state=$disk/root/var/lib/ziglan/zig0
url=ziglan://ucnkl5d2m5myal7zkx4nyljkcss4thjdx2l7qzasp74tqncvutya@127.0.0.1
mkdir "$disk"
mount -t tmpfs -o size=256k tmpfs "$disk" || { echo "skipped: no tmpfs here"; exit 77; }
room() { # how many kB are free; without a number the whole disk is
    rm -f "$disk/ballast"
    [ $# = 0 ] || head -c 1m /dev/zero >"$disk/ballast" 2>/dev/null
    [ $# = 0 ] || [ "$1" = 0 ] || truncate -s "-$1k" "$disk/ballast"
}
left_only() { # folder file...; no other files are there, in particular no temporary ones
    local have
    have=$(cd "$1" && find . -type f -printf '%P\n' | sort | tr '\n' ' ')
    [ "$have" = "${*:2} " ] || [ "$have" = "${*:2}" ] || fail "in $1 are: $have, not: ${*:2}"
}
# The command comes up, and ends when it is asked to.
serves() { # command...
    rm -f "$work/serves" # what the previous command said must not count
    "$@" >"$work/serves" 2>&1 &
    pid=$!
    pids+=("$pid")
    wait_for 20 grep -E 'is up|relay\.ready' "$work/serves" ||
        fail "'$*' does not serve: $(cat "$work/serves")"
    stop "$pid" || fail "'$*' ended badly: $(cat "$work/serves")"
}

# --- relayd init ---
room 0
expect 1 "No space left on device; make room" "$relayd" init "$disk/relay" --public 127.0.0.1
left_only "$disk/relay"
room 8
expect 1 "make room" "$relayd" init "$disk/relay" --public 127.0.0.1
[ ! -e "$disk/relay/relayd.yaml" ] || fail "a configuration without a state"
key=$(cat "$disk/relay/ziglan.key")
room
expect 0 "are ready in" "$relayd" init "$disk/relay" --public 127.0.0.1
[ "$key" = "$(cat "$disk/relay/ziglan.key")" ] || fail "init made another ziglan"
expect 2 "exists already" "$relayd" init "$disk/relay" --public 127.0.0.1
rm -r "$disk/relay"

# --- ziglan init, join, up ---
room 0
expect 1 "make room" "$ziglan" init
left_only "$disk/root"
expect 1 "make room" "$ziglan" up
expect 1 "make room" "$ziglan" join "$url"
room 8
expect 0 "Wrote $config" "$ziglan" init
key=$(cat "$state/key")
room 0
expect 1 "make room" "$ziglan" up
expect 1 "make room" "$ziglan" join "$url"
room
serves "$ziglan" up
[ "$key" = "$(cat "$state/key")" ] || fail "the key is another one"

# --- read-only ---
mount -o remount,ro "$disk"
expect 1 "mount it writable" "$relayd" init "$disk/relay" --public 127.0.0.1
expect 1 "mount it writable" "$ziglan" up
expect 1 "mount it writable" "$ziglan" join "$url"
expect 1 "mount it writable" "$ziglan" init -i zig1
mount -o remount,rw "$disk"

# --- files that are something else ---
chmod 640 "$state/key"
expect 2 "chmod 600 $state/key" "$ziglan" up
rm "$state/key"
: >"$state/key"
chmod 600 "$state/key"
expect 2 "put it back from a copy" "$ziglan" up
rm "$state/key"
mkdir "$state/key"
expect 2 "is not a regular file" "$ziglan" up
rmdir "$state/key"
echo "$key" >"$state/key"
chmod 600 "$state/key"
: >"$disk/root/run/ziglan/zig0.sock"
expect 2 "is in the way and is not a socket; remove it" "$ziglan" up
rm "$disk/root/run/ziglan/zig0.sock"
ip link show zig0 >/dev/null 2>&1 && fail "an interface was left behind"

# --- a daemon that is killed at its start: here because it writes more than it may ---
expect 1 "ended without a word; its last ones may be in $disk/root/run/ziglan/zig0.log" \
    prlimit --fsize=100 "$ziglan" up --detach

# --- open files ---
only_standard() ( # command...: without the files that our caller left open to us
    local fd
    for fd in /proc/$BASHPID/fd/*; do
        fd=${fd##*/}
        [ "$fd" -le 2 ] || eval "exec $fd>&-"
    done
    exec "$@"
)
expect 1 "ulimit -n" only_standard prlimit --nofile=4 "$ziglan" up --detach
for files in 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do
    expect 1 "ulimit -n" only_standard timeout 10 prlimit --nofile=$files "$ziglan" up
done
for files in 5 9 12; do
    expect 1 "ulimit -n" only_standard timeout 10 prlimit --nofile=$files "$ziglan" join "$url"
done
serves prlimit --nofile=32 "$ziglan" up # our caller may have left some files open to us
"$relayd" init "$disk/relay" --public "127.0.0.1:$(free_port)" >/dev/null || fail "init"
for files in 5 6 8 10 12 13 14 16 18; do
    expect 1 "ulimit -n" \
        only_standard timeout 10 prlimit --nofile=$files "$relayd" -c "$disk/relay/relayd.yaml"
done
serves prlimit --nofile=32 "$relayd" -c "$disk/relay/relayd.yaml"
umount "$disk"
finish
