# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# What the scripts of findings/ share. Source it first; then:
#
#   finding_package NAME VERSION   unpack a package of the distribution below $WORK/root
#   finding_netns NAME             a network namespace, removed at exit; prints its name
#   expect TEXT WANTED SEEN        compare; counts what differs
#   finding_end                    exit code by what was compared
set -euo pipefail
export LC_ALL=C

WORK=$(mktemp -d)
FINDING_ID=zf$$
changed=0

finding_clean() {
    local ns
    for pid in $(jobs -p); do kill "$pid" 2>/dev/null || true; done
    for ns in $(ip netns list 2>/dev/null | awk '{print $1}' | grep "^$FINDING_ID-" || true); do
        ip netns del "$ns" || true
    done
    if mountpoint -q "$WORK/full"; then umount "$WORK/full"; fi
    rm -rf "$WORK"
}
trap finding_clean EXIT

cannot() { printf 'cannot be tried here: %s\n' "$*"; exit 77; }
need_root() { [ "$(id -u)" = 0 ] || cannot "needs root for network namespaces"; }

finding_package() {
    mkdir -p "$WORK/root"
    (cd "$WORK" && apt-get download "$1=$2" >/dev/null 2>&1) || cannot "no package $1 $2"
    dpkg-deb -x "$WORK/$1"_*.deb "$WORK/root"
    printf 'package: %s %s\n' "$1" "$2"
}

finding_netns() {
    ip netns add "$FINDING_ID-$1" 2>/dev/null || cannot "no network namespaces"
    ip -n "$FINDING_ID-$1" link set lo up
    printf '%s' "$FINDING_ID-$1"
}

expect() {
    if [ "$2" = "$3" ]; then
        printf 'as written: %s: %s\n' "$1" "$3"
    else
        printf 'CHANGED: %s: it was %s, it is %s\n' "$1" "$2" "$3"
        changed=1
    fi
}

finding_end() { exit "$changed"; }
