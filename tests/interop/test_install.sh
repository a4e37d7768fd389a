#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# cmake --install puts programs, man pages, units and examples where the prefix says, the units name
# the programs there, and systemd and man can read what it put there.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/../support/shell.sh"
build=$(dirname "$ZIGLAN_BIN")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

prefix=$work/usr
cmake --install "$build" --prefix "$prefix" >"$work/log" 2>&1 || fail "$(tail -5 "$work/log")"
for file in bin/relayd bin/ziglan share/man/man1/ziglan.1 share/man/man8/relayd.8 \
    lib/systemd/system/relayd.service lib/systemd/system/relayd@.service \
    lib/systemd/system/relayd.socket lib/systemd/system/ziglan@.service \
    share/doc/ziglan/examples/relayd.yaml share/doc/ziglan/examples/ziglan.yaml \
    share/doc/ziglan/monitoring/relayd.rules.yml share/doc/ziglan/monitoring/relayd-dashboard.json \
    share/doc/ziglan/README.md share/doc/ziglan/LICENSE; do
    [ -s "$prefix/$file" ] || fail "$file was not installed"
done
"$prefix/bin/relayd" -c "$prefix/share/doc/ziglan/examples/relayd.yaml" --print-config >/dev/null ||
    fail "the installed example is refused"
grep -qx "ExecStart=$prefix/bin/relayd" "$prefix/lib/systemd/system/relayd.service" ||
    fail "the unit starts another relayd"
grep -qx "ExecStart=$prefix/bin/ziglan up -i %i" "$prefix/lib/systemd/system/ziglan@.service" ||
    fail "the unit starts another ziglan"
echo "ok: installed below $prefix"

if command -v systemd-analyze >/dev/null; then
    for unit in relayd.service relayd.socket relayd@other.service ziglan@zig0.service; do
        # Without the man program it cannot look the pages up, and says so; that is not the unit.
        SYSTEMD_UNIT_PATH="$prefix/lib/systemd/system:" systemd-analyze verify "$unit" 2>&1 |
            grep -v "Command 'man " | grep -F "${unit%%@*}" >"$work/said" || true
        [ ! -s "$work/said" ] || fail "systemd says of $unit: $(cat "$work/said")"
        echo "ok: systemd takes $unit"
    done
fi

# How much of the machine a unit leaves open, as systemd reckons it: 10 is all.
exposed_at_most() { # file limit
    local unit=$work/${1/@/@x} level
    cp "$prefix/lib/systemd/system/$1" "$unit"
    level=$(systemd-analyze security --offline=yes --no-pager "$unit" 2>&1 |
        sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
    [ -n "$level" ] || fail "systemd does not judge $1"
    awk -v level="$level" -v limit="$2" 'BEGIN { exit !(level <= limit) }' ||
        fail "$1 has exposure $level, more than $2"
    echo "ok: $1 has exposure $level, at most $2"
}
if says --offline systemd-analyze --help; then
    exposed_at_most relayd.service 1.5
    exposed_at_most relayd@.service 1.5
    exposed_at_most ziglan@.service 3.0
fi
