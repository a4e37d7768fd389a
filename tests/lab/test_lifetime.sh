#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `ziglan netcheck --lifetime` behind the kernel's NAT, whose two timeouts are set to what is to be
# found: for mappings that were used both ways after two seconds, and for others. All NATs are
# measured at once. lifetimes.sh runs it with long lifetimes.
. "$(dirname "$0")/check.sh"

# What is forgotten after how many seconds: unanswered/kept.
CASES=${LIFETIME_CASES:-10/10 15/15 10/20 20/20}

said() { # host field...; a number in the report
    python3 - "$LAB_DIR/$1.lifetime" "${@:2}" <<'PY'
import json, sys
value = json.load(open(sys.argv[1]))["lifetime"]
for field in sys.argv[2:]:
    value = value[field]
print(json.dumps(value))
PY
}
near() { # host kind seconds
    local ms
    ms=$(said "$1" "$2" ms)
    [ "$ms" -ge $(($3 * 1000 - 3000)) ] && [ "$ms" -le $(($3 * 1000 + 3000)) ] ||
        { say "$1: $2 is $ms ms, not $3 s"; return 1; }
}
measure() { # host
    local began
    began=$(moment)
    lab_ziglan "$1" netcheck --lifetime --json 192.0.2.10 >"$LAB_DIR/$1.lifetime" \
        2>"$LAB_DIR/$1.error" || cat "$LAB_DIR/$1.error"
    since_ms "$began" >"$LAB_DIR/$1.took"
}

test_begin
lab_begin
lab_public vps 192.0.2.10
number=31
for one in $CASES; do
    kind=$([ $((number % 2)) = 0 ] && echo symmetric || echo masquerade-drop)
    lab_site "site$number" "$kind" "198.51.100.$number" "192.168.$number"
    lab_in "site$number" sysctl -qw "net.netfilter.nf_conntrack_udp_timeout=${one%/*}" \
        "net.netfilter.nf_conntrack_udp_timeout_stream=${one#*/}"
    lab_host "h$number" "site$number" 2
    number=$((number + 1))
done
relay_start vps 192.0.2.10

number=31
pids=()
for one in $CASES; do
    measure "h$number" &
    pids+=($!)
    number=$((number + 1))
done
wait "${pids[@]}"

number=31
for one in $CASES; do
    host=h$number
    quiet=${one%/*} kept=${one#*/}
    check "$one: kept mappings" near $host kept "$kept"
    check "$one: unanswered ones" near $host unanswered "$quiet"
    # Below 11 s no socket heard the relay at an age at which that shows.
    [ "$kept" -lt 11 ] ||
        check "$one: packets from outside keep them" [ "$(said $host inbound_keeps)" = true ]
    check_most "$one: 10 s after the longer one is over, in ms" "$(cat "$LAB_DIR/$host.took")" \
        $((kept * 1000 + 10000))
    number=$((number + 1))
done
test_end
