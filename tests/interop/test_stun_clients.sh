#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Stock STUN clients get their address from relayd: coturn's (RFC 8489), and Vovida's of the
# RFC 3489 age, which knows no magic cookie.
. "$(dirname "$0")/relayd_common.sh"

have=0
make_relay home
start home

if command -v turnutils_stunclient >/dev/null; then
    have=1
    out=$(timeout 20 turnutils_stunclient -p "$port" -L 127.0.0.1 127.0.0.1 2>&1)
    if [[ $out == *"reflexive addr: 127.0.0.1:"* ]]; then
        echo "ok: turnutils_stunclient: $(grep -m 1 -o 'reflexive addr: .*' <<<"$out")"
    else
        fail "turnutils_stunclient got no address: $out"
    fi
fi
if command -v stun >/dev/null; then
    have=1
    # Only its first test, a plain binding request; the others want a server with two addresses.
    out=$(timeout 20 stun "127.0.0.1:$port" 1 -v 2>&1)
    if grep -qE "[Mm]appedAddress *= *127\.0\.0\.1:[0-9]+" <<<"$out"; then
        echo "ok: stun (RFC 3489): $(grep -m 1 -i MappedAddress <<<"$out")"
    else
        fail "stun got no address: $out"
    fi
fi
if [ $have -eq 0 ]; then
    echo "skipped: neither turnutils_stunclient (coturn) nor stun (stun-client) is installed"
    exit 77
fi
answered=$("$relayd" status --json -c "$config" | sed -n 's/.*"stun_answered": \([0-9]*\).*/\1/p')
[ "${answered:-0}" -ge 1 ] || fail "the relay counted no answer"
finish
