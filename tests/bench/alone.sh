# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Part of tests/bench/run: what needs no lab.

part_link() {
    local i
    step "link: a datagram through two hubs in memory"
    for ((i = 0; i < 3; i++)); do
        sample link.ns_each \
            "$("$ZIGLAN_BIN/bench_link" 2 | sed -n 's/.* ns_each=\([0-9]*\).*/\1/p')"
    done
}

part_size() {
    local name
    step "size"
    for name in relayd ziglan; do
        sample "size.$name.built_bytes" "$(stat -c %s "$ZIGLAN_BIN/$name")"
        strip -o "$work/$name" "$ZIGLAN_BIN/$name"
        sample "size.$name.stripped_bytes" "$(stat -c %s "$work/$name")"
    done
}

elapsed() { # name command...
    local name=$1 start
    start=$(date +%s%N)
    shift
    "$@" >"$work/build.log" 2>&1 || { tail -n 40 "$work/build.log" >&2; stop "$* failed"; }
    sample "$name" "$(awk "BEGIN { printf \"%.1f\", ($(date +%s%N) - $start) / 1e9 }")"
}

part_build() {
    export XDG_CACHE_HOME=$work/cache
    step "build: the libraries, from nothing but the packages"
    elapsed build.libraries_s deploy/setup
    step "build: the project"
    elapsed build.configure_s cmake --preset release -B "$work/build"
    elapsed build.project_s cmake --build "$work/build" --target relayd ziglan -j "$(nproc)"
}
