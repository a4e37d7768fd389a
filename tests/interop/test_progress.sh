#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# deploy/progress.sh on a terminal: a question that a command asks there stays, until the command
# has written something to its log; then one line tells how long it has taken.
set -u
command -v script >/dev/null || { echo "skipped: no script to make a terminal"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/setup" <<END
. "$(dirname "$0")/../../deploy/progress.sh"
ask() {
    printf 'Password: ' >/dev/tty
    sleep 2.5
    echo reading
    sleep 2.5
}
: >"$work/log"
with_progress packages "$work/log" ask
END
TERM=xterm script -qec "bash $work/setup" /dev/null </dev/null >"$work/screen"
if grep -qE 'packages +[0-9]+ s +[^r ]' "$work/screen"; then
    echo "FAILED: the question was written over: $(cat -v "$work/screen")"
    exit 1
fi
grep -qE 'packages +[0-9]+ s +reading' "$work/screen" || {
    echo "FAILED: no progress was shown: $(cat -v "$work/screen")"
    exit 1
}
echo "ok: a question stays, and progress follows"
