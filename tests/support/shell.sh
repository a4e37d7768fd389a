# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What all scripts that run the programs share: the lab, the demo, the benchmarks, the tests against
# foreign programs.

# Whether what a command prints has a line that matches: says PATTERN command...
# Not a pipe into grep -q: that ends at the first match, and the command then dies of SIGPIPE now
# and then, which pipefail takes for "no".
says() {
    local pattern=$1 printed
    shift
    printed=$("$@") && grep -qE -- "$pattern" <<<"$printed"
}

# Whether the command succeeds and prints no such line.
says_no() {
    local pattern=$1 printed
    shift
    printed=$("$@") && ! grep -qE -- "$pattern" <<<"$printed"
}

# Wait until a command succeeds: wait_for SECONDS command...
wait_for() {
    local end=$(($(date +%s%N) + $1 * 1000000000))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s%N)" -lt "$end" ] || return 1
        sleep 0.05
    done
}
