#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Hosts whose packets go through threads of their own, one of them with two queues: streams both
# ways at once, directly and relayed, arrive as sent; pings, a NAT that forgets its mappings, a
# reload, the loss of the device and an end in the middle of a stream are as without threads.
#
# TEST_THREADS_SIZE bytes are sent each time. tests/threads lets it run under ThreadSanitizer.
. "$(dirname "$0")/check.sh"

SIZE=${TEST_THREADS_SIZE:-60000000}

threads_of() { # host name
    local pid
    pid=$(cat "$LAB_DIR/$1.pid")
    cat "/proc/$pid/task/"*/comm 2>/dev/null | grep -c "^$2\$"
}

ended() { ! kill -0 "$1" 2>/dev/null; } # pid

# Both ways at once, twice each.
streams() { # one other port
    local pids=() i bad=0
    for i in 0 1; do
        transfer "$1" "$2" "$SIZE" -4 $(($3 + i)) &
        pids+=($!)
        transfer "$2" "$1" "$SIZE" -6 $(($3 + 2 + i)) &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i" || bad=1; done
    return $bad
}

up_with() { # host threads
    mkdir -p "$LAB_DIR/$1/etc/ziglan"
    printf 'threads: %s\n%s\n' "$2" "${TEST_THREADS_LINE:-}" >>"$LAB_DIR/$1/etc/ziglan/zig0.yaml"
}

test_begin
pairs_begin
relay_start vps 192.0.2.10
hosts_join laptop nas phone tablet
up_with laptop 2
up_with nas 1
up_with phone 2
up_with tablet 0
hosts_up laptop nas phone tablet
check "phone reaches tablet" wait_for 15 pings phone tablet
check "laptop reaches nas" wait_for 15 pings laptop nas
become_direct laptop nas
check "laptop has a thread for each of two queues" [ "$(threads_of laptop ziglan-out)" = 2 ]
check "and one for the socket" [ "$(threads_of laptop ziglan-in)" = 1 ]
check "nas has one each" [ "$(threads_of nas ziglan-out)$(threads_of nas ziglan-in)" = 11 ]
check "tablet has none" [ "$(threads_of tablet ziglan-out)$(threads_of tablet ziglan-in)" = 00 ]

check "four streams arrive directly as sent" streams laptop nas 7001
check "four streams arrive relayed as sent" streams phone tablet 7011
check "trains of UDP datagrams arrive directly" trains laptop nas 100 -4 7021
check "and relayed" trains tablet phone 100 -6 7022
check "phone and tablet are still relayed" lab_is_state phone tablet relayed

say "the NAT before laptop forgets its mappings, and laptop is told to read its configuration"
pinging laptop nas 0.05 2000
before=$(moment)
lab_in home1 conntrack -F >/dev/null 2>&1
lab_ziglan laptop status >/dev/null
kill -HUP "$(cat "$LAB_DIR/laptop.pid")"
check "a stream beside that arrives as sent" transfer laptop nas "$SIZE" -4 7031
check_most "pings pause no longer than this, in ms" \
    "$(silence_ms "$LAB_DIR/laptop-nas.ping" "$before")" 2000
kill "$PING_PID"
check "laptop and nas are direct" wait_for 20 both_are laptop nas direct

say "ziglan ends while a stream goes on"
transfer laptop nas 2000000000 -4 7041 >/dev/null 2>&1 &
stream=$!
sleep 0.5
expect "down" 0 "" lab_ziglan laptop down
check "the process is gone" wait_for 5 ended "$(cat "$LAB_DIR/laptop.pid")"
kill $stream 2>/dev/null
wait $stream 2>/dev/null
hosts_up laptop
check "it starts again" wait_for 15 pings laptop nas

say "somebody removes the device"
lab_in laptop ip link delete zig0
check "ziglan ends" wait_for 5 ended "$(cat "$LAB_DIR/laptop.pid")"
check "and says why" grep -q "somebody removed the interface zig0" "$LAB_DIR/laptop.log"
test_end
