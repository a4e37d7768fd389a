# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Part of tests/bench/run: what its parts share.

step() { printf '[bench %3ss] %s\n' "$SECONDS" "$*" >&2; }
stop() { echo "tests/bench/run: $*" >&2; exit 1; }

# A fact, or one sample of several under the same name; report.py sorts them.
sample() { printf '%s %s\n' "$1" "$2" >>"$samples"; }

joined() { says '"state": *"joined"' lab_ziglan "$1" status --json; }

# The local address that a host has given to a peer.
peer_ipv4() { # host peer-name
    lab_ziglan "$1" peers --json | python3 -c 'import json, sys
print(next(p["ipv4"] for p in json.load(sys.stdin)["peers"] if p["name"] == sys.argv[1]))' "$2"
}

daemon_pid() { # machine program
    local pid
    for pid in $(ip netns pids "$(lab_ns "$1")"); do
        if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ]; then
            echo "$pid"
            return
        fi
    done
    return 1
}

memory_sample() { # name pid
    sample "$1.rss_kib" "$(awk '/^VmRSS:/ { print $2 }' "/proc/$2/status")"
    sample "$1.private_dirty_kib" "$(awk '/^Private_Dirty:/ { print $2 }' "/proc/$2/smaps_rollup")"
}

# User and system time of processes together, in clock ticks.
ticks() { # pid...
    local pid
    for pid; do sed 's/^.*) //' "/proc/$pid/stat"; done |
        awk '{ sum += $12 + $13 } END { print sum + 0 }'
}
HERTZ=$(getconf CLK_TCK)

# The same of each thread: lines "pid thread ticks".
thread_ticks() { # pid...
    local pid
    for pid; do
        sed -s 's/^\([0-9]*\) .*) /\1 /' "/proc/$pid/task/"*/stat 2>/dev/null |
            awk -v pid="$pid" '{ print pid, $1, $13 + $14 }'
    done
}

calculate() { awk "BEGIN { printf \"%.4g\", $1 }"; }
