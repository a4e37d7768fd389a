#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# deploy/openwrt with what writes down each call of procd in procd's place, because that is in no
# distribution but OpenWrt: which command, for which interfaces, and where the keys are kept. By
# busybox's ash, as there, or dash.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }
shell=(dash)
if command -v busybox >/dev/null; then
    shell=(busybox ash)
fi

# What /etc/rc.common does: it reads the script, and calls a function of it. The names of the calls
# are those of OpenWrt's procd.sh.
init() { # script action
    env IPKG_INSTROOT="$work" "${shell[@]}" -euc '
        for call in open_instance set_param close_instance send_signal; do
            eval "procd_$call() { echo $call \"\$@\"; }"
        done
        id() { false; }
        . "$1"
        [ "$USE_PROCD" = 1 ] && [ "$START" -gt "$STOP" ]
        "$2"' - "./deploy/openwrt/$1.init" "$2"
}

says() { # sentence wanted text
    [ "$2" = "$3" ] || fail "$1: $3"
    echo "ok: $1"
}

for script in deploy/openwrt/*.init; do
    "${shell[@]}" -n "$script" || fail "$script is no shell"
    [ "$(head -1 "$script")" = '#!/bin/sh /etc/rc.common' ] || fail "$script has another first line"
done

! init relayd start_service 2>"$work/said" || fail "relayd starts without a folder"
grep -q 'make it with relayd init' "$work/said" || fail "relayd does not say what is missing"
mkdir -p "$work/etc/relayd"
"$ZIGLAN_BIN/relayd" init "$work/etc/relayd/" --name home --public 192.0.2.10 >"$work/said"
commands() { grep -E '^(open_instance|set_param command)'; }
says "relayd is started with its folder" \
    "set_param command /usr/bin/relayd -c $work/etc/relayd/relayd.yaml" \
    "$(init relayd start_service | grep 'set_param command')"
[ "$(readlink "$work/var/lib/relayd")" = "$work/etc/relayd" ] || fail "the usual folder leads there"
"$ZIGLAN_BIN/relayd" --check -c "$work/var/lib/relayd/relayd.yaml" >/dev/null || fail "the folder"
says "relayd is told to read it again" "send_signal relayd" "$(init relayd reload_service)"

# A host that was set up before the first start.
ZIGLAN_ROOT=$work "$ZIGLAN_BIN/ziglan" init --name router >"$work/said"
key=$(cat "$work/var/lib/ziglan/zig0/key")
rm "$work/etc/ziglan/zig0.yaml"
zig0=$'open_instance zig0\nset_param command /usr/bin/ziglan up -i zig0'
says "without a configuration zig0 is started" "$zig0" "$(init ziglan start_service | commands)"
says "its key is kept where nothing is lost" "$key" "$(cat "$work/etc/ziglan/state/zig0/key")"
says "and is still found" "$key" "$(cat "$work/var/lib/ziglan/zig0/key")"
rm "$work/var/lib/ziglan" # the machine restarts
touch "$work/etc/ziglan/zig0.yaml" "$work/etc/ziglan/zig1.yaml"
says "each configuration is an interface" \
    "$zig0"$'\nopen_instance zig1\nset_param command /usr/bin/ziglan up -i zig1' \
    "$(init ziglan start_service | commands)"
says "after a restart of the machine it has its key" "$key" \
    "$(ZIGLAN_ROOT=$work cat "$work/var/lib/ziglan/zig0/key")"
