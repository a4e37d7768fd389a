# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What the scripts share that run the programs: the lab, the demo, the benchmarks, and the tests
# against foreign programs.

# Whether the command prints a line that matches: says PATTERN command...
# A pipe into grep -q would not do: grep ends at the first match, the command may then die of
# SIGPIPE, and pipefail would take that for "no".
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
# It is tried again after a quarter of the time that it took so far, so that who waits for long
# leaves the machine to those that it waits for; and once more when the time is over.
wait_for() {
    local now start pause end
    start=$(date +%s%N)
    end=$((start + $1 * 1000000000))
    shift
    until "$@" >/dev/null 2>&1; do
        now=$(date +%s%N)
        [ "$now" -lt "$end" ] || return 1
        pause=$(((now - start) / 4000000))
        pause=$((pause < 50 ? 50 : pause > 500 ? 500 : pause))
        sleep "$(printf '0.%03d' $pause)"
    done
}

# Words of a command that runs a program which deploy/setup has unpacked into its cache, with the
# loader and the libraries that belong to it: unpacked FOLDER PROGRAM. False if it is not there.
unpacked() {
    local root=${XDG_CACHE_HOME:-$HOME/.cache}/ziglan/$1 loader program
    for loader in "$root"/lib/*/ld-linux-*.so.* "$root"/usr/lib/*/ld-linux-*.so.*; do
        [ -x "$loader" ] || continue
        for program in "$root"/usr/bin/$2 "$root"/usr/sbin/$2; do
            [ -x "$program" ] || continue
            echo "$loader --library-path $(echo "$root"/usr/lib/*-linux-gnu):$(dirname "$loader")" \
                "$program"
            return
        done
    done
    return 1
}
