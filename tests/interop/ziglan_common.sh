# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Sourced by the tests that run a real ziglan without any relay: each gets a network namespace and a
# root folder of its own, which are removed at its end, whatever happens.
set -euo pipefail
export LC_ALL=C

skip() { echo "skipped: $*"; exit 77; }

[ "$(id -u)" = 0 ] || skip "needs root"
[ -c /dev/net/tun ] || skip "there is no /dev/net/tun"
space="zig-test-$$"
ip netns add "$space" 2>/dev/null || skip "no network namespaces here"
root=$(mktemp -d)
export ZIGLAN_ROOT="$root"

ziglan() { ip netns exec "$space" "$ZIGLAN_BIN/ziglan" "$@"; }

cleanup() {
    ziglan down >/dev/null 2>&1 || true
    ziglan down -i zig1 >/dev/null 2>&1 || true
    ip netns del "$space" 2>/dev/null || true
    rm -rf "$root" "${public:-}"
}
trap cleanup EXIT

ip -n "$space" link set lo up
