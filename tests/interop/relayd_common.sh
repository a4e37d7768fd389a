# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by the tests that run a real relayd on the loopback: each gets a folder of its own and
# free ports, and at its end, whatever happens, all that it started ends and its folder is removed.
set -u
export LC_ALL=C

# The test runs in a network namespace of its own where the kernel allows it, so that nobody else
# takes a port that free_port has found.
if [ -z "${RELAYD_LOOPBACK:-}" ] && unshare -n ip link set lo up 2>/dev/null; then
    RELAYD_LOOPBACK=own exec unshare -n bash "$0" "$@"
fi
[ -z "${RELAYD_LOOPBACK:-}" ] || ip link set lo up

# shellcheck source=../support/shell.sh
. "$(dirname "${BASH_SOURCE[0]}")/../support/shell.sh"

relayd=${ZIGLAN_BIN:?set ZIGLAN_BIN to the folder of the built programs}/relayd
work=$(mktemp -d)
pids=()
failures=0

cleanup() {
    for pid in "${pids[@]}"; do
        kill -KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    rm -rf "$work"
}
trap cleanup EXIT

fail() {
    echo "FAIL: $*" >&2
    failures=$((failures + 1))
}

# The command must end with this exit code and print this part.
expect() { # code part command...
    local code=$1 part=$2 out rc
    shift 2
    out=$("$@" 2>&1)
    rc=$?
    if [ $rc -ne "$code" ]; then
        fail "'$*' ended with $rc, not $code: $out"
    elif [[ $out != *"$part"* ]]; then
        fail "'$*' did not say '$part' but: $out"
    else
        echo "ok: ${*##*/} -> $code, ...$part..."
    fi
}

# A number that no UDP or TCP socket of this network namespace uses as its port now.
free_port() {
    local port hex used
    used=$(cat /proc/net/udp /proc/net/udp6 /proc/net/tcp /proc/net/tcp6 2>/dev/null)
    while :; do
        port=$((20000 + RANDOM % 12000)) # below the kernel's ephemeral ports
        hex=$(printf ':%04X ' "$port")
        if [[ $used != *"$hex"* ]]; then
            echo "$port"
            return
        fi
    done
}

# Make a relay in $work/NAME. $config is its configuration, $port its port, $metrics that of its
# metrics.
make_relay() { # name
    port=$(free_port)
    metrics=$(free_port)
    config=$work/$1/relayd.yaml
    "$relayd" init "$work/$1" --name "$1" --public "127.0.0.1:$port" >"$work/$1.init" 2>&1 ||
        { cat "$work/$1.init" >&2; exit 1; }
    sed -i "s|^#metrics:.*|metrics: \"127.0.0.1:$metrics\"|" "$config"
}

# Start the relay in $work/NAME; $pid is its pid.
start() { # name
    "$relayd" -c "$work/$1/relayd.yaml" 2>"$work/$1.log" &
    pid=$!
    pids+=("$pid")
    if ! wait_for 10 "$relayd" status -c "$work/$1/relayd.yaml"; then
        fail "relayd does not come up: $(cat "$work/$1.log")"
        exit 1
    fi
}

# End a relay by SIGTERM; the exit code is its. Its pid leaves $pids, because it may then be given
# to another process.
stop() { # pid
    local other left=()
    for other in "${pids[@]}"; do
        [ "$other" = "$1" ] || left+=("$other")
    done
    pids=("${left[@]}")
    kill -TERM "$1"
    wait "$1"
}

# End every relay, which must exit with 0 (under sanitizers: without a leak), and the test.
finish() {
    for pid in "${pids[@]}"; do
        stop "$pid" || fail "relayd ended badly: $(cat "$work"/*.log)"
    done
    [ $failures -eq 0 ] && echo "all is well"
    exit $((failures > 0))
}
