#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Files of the state that were cut, emptied, zeroed, overwritten or replaced: both programs refuse
# to start with one sentence that names the file and the way back, end with 2 or 4, and leave every
# byte as it was. What is damaged where nothing of use stands may be used; no damage ends a program
# by a signal, neither at its start nor while it runs. With DAMAGE=all in the environment every page
# of the databases is damaged, else some.
[ "$(id -u)" = 0 ] || { echo "skipped: needs root"; exit 77; }
[ -c /dev/net/tun ] || { echo "skipped: there is no /dev/net/tun"; exit 77; }
. "$(dirname "$0")/relayd_common.sh"
[ -n "${RELAYD_LOOPBACK:-}" ] || { echo "skipped: no network namespaces here"; exit 77; }

ziglan=$ZIGLAN_BIN/ziglan
export ZIGLAN_ROOT=$work/root
whole=$work/whole # a copy of all files as they were

# --- a relay with a member, and the member, both with a past --------------------------------------

make_relay relay
relay=$work/relay
start relay
for _ in 1 2 3 4 5 6 7 8 9 10; do
    "$relayd" invite -c "$config" >/dev/null || fail "invite"
done
mkdir -p "$ZIGLAN_ROOT/etc/ziglan"
printf 'name: laptop\ndns: {enabled: false}\n' >"$ZIGLAN_ROOT/etc/ziglan/zig0.yaml"
"$relayd" invite -c "$config" | "$ziglan" join - >/dev/null || fail "join"
cp "$config" "$relay/with-key.yaml"
echo 'delegation: ziglan.delegation' >>"$config"
"$relayd" delegate -c "$config" --key "$relay/ziglan.key" >/dev/null || fail "delegate"
cp -a "$relay/state/reset-ledger" "$work/ledger" # a clean end removes it
stop "$pid" || fail "relayd ended badly"
cp -a "$work/ledger" "$relay/state/reset-ledger"
mkdir "$whole"
cp -a "$relay" "$ZIGLAN_ROOT" "$whole"

# --- how a program meets its files ----------------------------------------------------------------

restore() {
    rm -rf "$relay" "$ZIGLAN_ROOT"
    cp -a "$whole/relay" "$relay"
    cp -a "$whole/root" "$ZIGLAN_ROOT"
}

# The file's kind, mode, owner, size and content.
look() { # file
    stat -c '%F %a %u %s' "$1" 2>&1
    [ ! -f "$1" ] || sha256sum "$1"
}

# Run the command until it serves or ends. $rc is its exit code, of one that serves after SIGTERM;
# $served is yes or no; its words are in $work/words.
run() { # command...
    : >"$work/words"
    "$@" >"$work/words" 2>&1 &
    pid=$!
    served=no
    while kill -0 "$pid" 2>/dev/null; do
        if grep -qE 'is up|relay\.ready' "$work/words"; then
            served=yes
            kill -TERM "$pid"
            break
        fi
        sleep 0.02
    done
    wait "$pid"
    rc=$?
}

relayd_runs() { run "$relayd" -c "$config"; }
relayd_with_key_runs() { run "$relayd" -c "$relay/with-key.yaml"; }
ziglan_runs() { run "$ziglan" up; }
# Root without its powers over files that belong to others.
relayd_powerless_runs() { run setpriv --bounding-set -all --inh-caps -all "$relayd" -c "$config"; }
relayd_with_key_powerless_runs() {
    run setpriv --bounding-set -all --inh-caps -all "$relayd" -c "$relay/with-key.yaml"
}
ziglan_powerless_runs() {
    run setpriv --bounding-set -all,+net_admin --inh-caps -all "$ziglan" up
}

words() { sed 's/^/    /' "$work/words"; }
by_signal() { [ "$rc" -ge 126 ] || grep -qE 'Sanitizer|ERROR: |runtime error' "$work/words"; }

# Damage FILE by a command, and let the program run: it must refuse it in one sentence that has this
# part, and touch nothing.
refused() { # program part file damage...
    local program=$1 part=$2 file=$3 before
    shift 3
    restore
    "$@" "$file"
    before=$(look "$file")
    "${program}_runs"
    if by_signal; then
        fail "$program, ${file##*/} after $*: ended by a signal ($rc)"; words
    elif [ $served = yes ] || { [ "$rc" != 2 ] && [ "$rc" != 4 ]; }; then
        fail "$program, ${file##*/} after $*: exit code $rc, served: $served"; words
    elif [ "$(grep -c . "$work/words")" != 1 ] || ! grep -q -- "$part" "$work/words"; then
        fail "$program, ${file##*/} after $*: not one sentence with '$part'"; words
    elif [ "$before" != "$(look "$file")" ]; then
        fail "$program, ${file##*/} after $*: the file was changed"
    else
        echo "ok: $program, ${file##*/} after $* -> $rc"
    fi
}

# It may be used if the damage is where nothing stands; if not it is refused as above.
met() { # program file damage...
    local program=$1 file=$2 before
    shift 2
    restore
    "$@" "$file"
    before=$(look "$file")
    "${program}_runs"
    if by_signal; then
        fail "$program, ${file##*/} after $*: ended by a signal ($rc)"; words
    elif [ $served = no ] && { [ "$rc" != 2 ] || [ "$before" != "$(look "$file")" ] ||
        [ "$(grep -c . "$work/words")" != 1 ]; }; then
        fail "$program, ${file##*/} after $*: exit code $rc, or the file was changed"; words
    elif [ $served = yes ] && [ "$rc" != 0 ]; then
        fail "$program, ${file##*/} after $*: served, and ended with $rc"; words
    else
        echo "ok: $program, ${file##*/} after $* -> served: $served, $rc"
    fi
}

# --- damages --------------------------------------------------------------------------------------

cut() { truncate -s "$1" "$2"; }
zero() { dd if=/dev/zero of="$3" bs=1 seek="$1" count="$2" conv=notrunc status=none; }
noise() { # offset size file; the same noise every time
    dd if="$work/noise" of="$3" bs=1 count="$2" seek="$1" conv=notrunc status=none
}
seq 1 3000 | gzip -n >"$work/noise"
text() { echo "this is a letter to my aunt, and not what was here before" >"$1"; }
folder() { rm -rf "$1"; mkdir "$1"; }
fifo() { rm -rf "$1"; mkfifo "$1"; }
loop() { rm -rf "$1"; ln -s "${1##*/}" "$1"; }
nowhere() { rm -rf "$1"; ln -s "$work/not-mounted/file" "$1"; }
text_instead() { rm -rf "$1"; text "$1"; }
not_mine() { chown 12345:12345 "$1"; chmod 600 "$1"; }
nobody_reads() { chown 12345:12345 "$1"; chmod 0 "$1"; }

# --- the database ---------------------------------------------------------------------------------

host_db=$ZIGLAN_ROOT/var/lib/ziglan/zig0/store/data.mdb
relay_db=$relay/state/data.mdb
step=16384 # every fourth page
[ "${DAMAGE:-}" != all ] || step=4096
back="put it back from a backup, or move it away to begin anew"
for pair in "ziglan $host_db" "relayd $relay_db"; do
    program=${pair% *} db=${pair#* }
    size=$(stat -c %s "$db")
    for at in 0 1 15 16 100 152 4095 4096 4097 4112 8191 8192 8193 12288 16384 20480 \
        $((size / 2)); do
        [ "$at" -lt "$size" ] && refused "$program" "$back" "$db" cut "$at"
    done
    for at in $((size - 8192)) $((size - 4096)); do # the last pages may be free ones
        met "$program" "$db" cut "$at"
    done
    refused "$program" "$back" "$db" zero 0 "$size"
    refused "$program" "$back" "$db" zero 0 4096
    refused "$program" "$back" "$db" zero 4096 4096
    refused "$program" "$back" "$db" zero 0 8192
    refused "$program" "$back" "$db" zero 8192 $((size - 8192))
    for at in 16 17 20 4112 4113 4116; do # magic and version of either meta page
        refused "$program" "$back" "$db" noise "$at" 1
    done
    for at in 24 32 40 48 64 88 96 112 136 144; do # the fields of the meta pages
        met "$program" "$db" noise $at 8
        met "$program" "$db" noise $((4096 + at)) 8
    done
    for ((at = 8192; at < size; at += step)); do # heads of pages and what follows them
        met "$program" "$db" zero "$at" 16
        met "$program" "$db" noise "$at" 64
        met "$program" "$db" noise $((at + 4000)) 64
    done
    refused "$program" "$back" "$db" text
    refused "$program" "is not a regular file" "$db" folder
    refused "$program" "is not a regular file" "$db" fifo
    refused "$program" "data.mdb: Too many levels" "$db" loop
    refused "$program" "data.mdb is a link that leads to nothing" "$db" nowhere
    refused "${program}_powerless" "$db: Permission denied; run this as root" "$db" not_mine
    refused "${program}_powerless" "$db: Permission denied; run this as root" "$db" nobody_reads
    refused "$program" "is not a directory" "$(dirname "$db")" text_instead
done


# --- keys, delegation, configuration --------------------------------------------------------------

host_key=$ZIGLAN_ROOT/var/lib/ziglan/zig0/key
for pair in "ziglan $host_key" "relayd $relay/relay.key" "relayd_with_key $relay/ziglan.key" \
    "relayd $relay/ziglan.delegation"; do
    program=${pair% *} file=${pair#* }
    name=${file##*/}
    size=$(stat -c %s "$file")
    for at in 0 1 26 51; do
        refused "$program" "$name" "$file" cut "$at"
    done
    refused "$program" "$name" "$file" zero 0 "$size"
    refused "$program" "$name" "$file" zero 20 8
    refused "$program" "$name" "$file" noise 0 8
    refused "$program" "$name" "$file" noise 0 5000
    refused "$program" "$name" "$file" text
    refused "$program" "$name is not a regular file" "$file" folder
    refused "$program" "$name is not a regular file" "$file" fifo
    refused "$program" "$name" "$file" loop
    refused "$program" "$name" "$file" nowhere
    refused "${program}_powerless" "$name: Permission denied" "$file" not_mine
done

for pair in "ziglan $ZIGLAN_ROOT/etc/ziglan/zig0.yaml" "relayd $config"; do
    program=${pair% *} file=${pair#* }
    size=$(stat -c %s "$file")
    refused "$program" "is empty; put it back from a copy" "$file" cut 0
    refused "$program" "${file##*/}:1: this is not YAML" "$file" zero 0 "$size"
    refused "$program" "${file##*/}:" "$file" zero 20 3
    refused "$program" "${file##*/}:1: " "$file" noise 0 64
    refused "$program" "is larger than" "$file" cut 3000000
    refused "$program" "${file##*/}:1: " "$file" text
    refused "$program" "is not a regular file" "$file" folder
    refused "$program" "is not a regular file" "$file" fifo
    refused "$program" "${file##*/}" "$file" loop
    refused "$program" "${file##*/}" "$file" nowhere
    refused "${program}_powerless" "${file##*/}: Permission denied" "$file" not_mine
    for ((at = 1; at < size; at += size / 8)); do
        met "$program" "$file" cut "$at"
    done
done

# --- what only helps while a program runs ---------------------------------------------------------

refused ziglan "lock: Is a directory" "$ZIGLAN_ROOT/var/lib/ziglan/zig0/lock" folder
refused ziglan "lock: Is a directory" "$ZIGLAN_ROOT/var/lib/ziglan/zig0/store/lock" folder
refused relayd "lock: Is a directory" "$relay/state/lock" folder

# A ledger that cannot be used is no reason not to serve. One that is not a ledger is left alone.
ledger=$relay/state/reset-ledger
serves_without() { # part damage...
    local part=$1 before
    shift
    restore
    "$@" "$ledger"
    before=$(look "$ledger")
    relayd_runs
    if [ $served = no ] || [ "$rc" != 0 ] || [ "$before" != "$(look "$ledger")" ] ||
        [ "$(grep -c 'warn relay.reset_ledger' "$work/words")" != 1 ] ||
        ! grep -q "$part" "$work/words"; then
        fail "reset-ledger after $*: served: $served, $rc, $(look "$ledger")"; words
    else
        echo "ok: relayd serves with the reset-ledger after $*"
    fi
}
serves_without "something else or damaged, remove it" text
serves_without "something else or damaged, remove it" noise 0 8
serves_without "something else or damaged, remove it" cut 3
serves_without "Is a directory" folder
serves_without "Too many levels" loop
for at in 0 8 16 24 100; do
    met relayd "$ledger" cut $at
done
for at in 8 12 16 24 40 80 500; do
    met relayd "$ledger" noise $at 8
    met relayd "$ledger" zero $at 8
done

# --- under a running program ---------------------------------------------------------------------

ends_with_a_sentence() { # program file
    wait "$pid"
    rc=$?
    pids=()
    if [ $rc != 2 ] || ! grep -q "^$1: the database $2 was cut or damaged while it was open" \
        "$work/words" || by_signal; then
        fail "$1 with a database that is cut under it: $rc"; words
    else
        echo "ok: $1 says that its database was cut under it -> $rc"
    fi
}
restore
"$relayd" -c "$config" 2>"$work/words" &
pid=$!
pids=("$pid")
wait_for 10 "$relayd" status -c "$config" || fail "relayd does not come up"
cut 8192 "$relay_db"
"$relayd" invite -c "$config" >/dev/null 2>&1
ends_with_a_sentence relayd "$relay_db"
restore
"$ziglan" up >/dev/null 2>"$work/words" &
pid=$!
pids=("$pid")
wait_for 10 "$ziglan" status || fail "ziglan does not come up"
cut 8192 "$host_db"
"$ziglan" leave relay >/dev/null 2>&1
ends_with_a_sentence ziglan "$host_db"
finish
