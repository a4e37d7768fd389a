#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# laptop's own line takes 10 Mbit/s, and its TCP (Reno) fills what queue it finds. A ping inside the
# tunnel beside an upload is nearly as fast as alone, and the upload uses the line; also where TCP
# understands ECN, and then packets are marked.
. "$(dirname "$0")/check.sh"

SIZE=4500000
UPLOAD_MOST_MS=4235 # 8.5 Mbit/s of payload; beside headers the line takes at most 9.2
PING_MOST_US=30000

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_public laptop 192.0.2.20
lab_public nas 192.0.2.30
relay_start vps 192.0.2.10
hosts_join laptop nas
mkdir -p "$LAB_DIR/laptop/etc/ziglan"
echo "fair_queue: true" >>"$LAB_DIR/laptop/etc/ziglan/zig0.yaml"
hosts_up laptop nas
check "laptop reaches nas" wait_for 15 pings laptop nas
become_direct laptop nas
lab_in laptop sysctl -qw net.ipv4.tcp_congestion_control=reno
lab_in laptop tc qdisc add dev eth0 root tbf rate 10mbit burst 4kb limit 8mb

# Of the pings that were answered, half took no longer than this, in us.
half_us() { # log
    sed -n 's/.*time=\([0-9.]*\) ms.*/\1/p' "$1" | sort -n |
        awk '{ all[NR] = $1 } END { printf "%d\n", all[int((NR + 1) / 2)] * 1000 }'
}
count_of() { json_of laptop status "d['counters']$1"; }

upload() { # how port
    local begun mbit
    pinging laptop nas 0.05 4000
    begun=$(moment)
    check "an upload $1 arrives as sent" transfer laptop nas $SIZE -4 "$2"
    kill "$PING_PID"
    mbit=$(sed -n 's/^rate \([0-9.]*\).*/\1/p' "$LAB_DIR/laptop-nas-$2.got")
    check_most "$1 it uses the line, in ms" \
        "$(awk "BEGIN { printf \"%d\", $SIZE * 8 / $mbit / 1000 }")@$begun" $UPLOAD_MOST_MS
    check_most "$1 half of the pings beside it take at most this, in us" \
        "$(half_us "$LAB_DIR/laptop-nas.ping")@$begun" $PING_MOST_US
}

upload "without ECN" 7001
check "packets that waited too long were dropped, and counted" \
    [ "$(count_of "['packets_dropped_by']['age']")" -gt 0 ]
check "none was marked" [ "$(count_of "['packets_marked']")" = 0 ]
dropped=$(count_of "['packets_dropped_by']['age']")
for host in laptop nas; do lab_in $host sysctl -qw net.ipv4.tcp_ecn=1; done
upload "with ECN" 7002
check "packets were marked" [ "$(count_of "['packets_marked']")" -gt 0 ]
check "and not dropped" [ "$(count_of "['packets_dropped_by']['age']")" = "$dropped" ]
check "laptop and nas are still direct" lab_is_state laptop nas direct
test_end
