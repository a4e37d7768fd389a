#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Prometheus' own checker reads relayd's metrics without a complaint, after some traffic.
. "$(dirname "$0")/relayd_common.sh"

for program in promtool curl; do
    if ! command -v $program >/dev/null; then
        echo "skipped: $program is not installed"
        exit 77
    fi
done
make_relay home
start home

curl -sS -m 5 "http://127.0.0.1:$metrics/metrics" >"$work/metrics.txt" || fail "no metrics"
out=$(promtool check metrics <"$work/metrics.txt" 2>&1) || fail "promtool: $out"
[ -z "$out" ] || fail "promtool complains: $out"
for name in relayd_build_info relayd_sessions relayd_forwarded_packets_total \
    process_resident_memory_bytes process_cpu_seconds_total process_open_fds \
    process_start_time_seconds; do
    grep -q "^$name" "$work/metrics.txt" || fail "$name is missing"
done
resident=$(sed -n 's/^process_resident_memory_bytes //p' "$work/metrics.txt")
[ "${resident%%[.e]*}" -gt 0 ] || fail "resident memory is $resident"
type=$(curl -sS -m 5 -o /dev/null -w '%{content_type}' "http://127.0.0.1:$metrics/metrics")
[[ $type == "text/plain; version=0.0.4"* ]] || fail "content type is $type"
health=$(curl -sS -m 5 -w ' %{http_code}' "http://127.0.0.1:$metrics/health")
[[ $health == *'"status":"ok"'*200 ]] || fail "health: $health"
code=$(curl -sS -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$metrics/members")
[ "$code" = 404 ] || fail "/members is answered with $code"
code=$(curl -sS -m 5 -o /dev/null -w '%{http_code}' -H 'Host: evil.example' \
    "http://127.0.0.1:$metrics/metrics")
[ "$code" = 200 ] && fail "a foreign Host header is served"
[ $failures -eq 0 ] && echo "ok: $(grep -c '^[a-z]' "$work/metrics.txt") samples"

# Moved by a reload, and switched off.
next=$(free_port)
sed -i "s|^metrics:.*|metrics: \"127.0.0.1:$next\"|" "$config"
kill -HUP "$pid"
wait_for 20 curl -sS -m 2 "http://127.0.0.1:$next/health" || fail "metrics did not move"
sed -i "s|^metrics:.*|metrics: off|" "$config"
kill -HUP "$pid"
is_off() { ! curl -sS -m 2 "http://127.0.0.1:$next/health"; }
wait_for 20 is_off || fail "metrics are not off"
finish
