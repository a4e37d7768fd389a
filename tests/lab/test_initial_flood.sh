#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# 6,000 QUIC Initials a second that do not open, from forged sources, make no connection at the
# relay, get no answer, and do not keep two members from talking over it.
. "$(dirname "$0")/check.sh"

RATE=6000
SECONDS_OF_FLOOD=5

# Ticks of CPU time that the relay has used.
relay_ticks() { awk '{ print $14 + $15 }' "/proc/$RELAY_PID/stat"; }

ping_median_us() { # from to count
    lab_in "$1" ping -n -i 0.05 -c "$3" "$2.zignet" |
        sed -n 's/.*time=\([0-9.]*\) ms.*/\1/p' | sort -n |
        awk '{ t[NR] = $1 } END { printf "%d\n", t[int((NR + 1) / 2)] * 1000 }'
}

# A number of the relay: counter NAME{LABELS}
metric() {
    lab_in vps curl -s http://127.0.0.1:9433/metrics |
        awk -v name="relayd_$1" '$1 == name { print $2 }'
}

test_begin
relayed_pair_begin
check "phone and tablet are relayed" lab_is_state phone tablet relayed
lab_public attacker 192.0.2.66
for at in net.ipv4.conf.all.rp_filter net.ipv4.conf.br0.rp_filter; do
    lab_in inet sysctl -qw $at=0 2>/dev/null
done
lab_in inet ip route replace 10.0.0.0/8 via 192.0.2.66
idle_us=$(ping_median_us phone tablet 60)

pid=$(lab_spawn attacker "$LAB_DIR/flood" "$LAB_PYTHON" "$LAB_NET/flood.py" 192.0.2.10 4433 $RATE \
    $SECONDS_OF_FLOOD)
sleep 0.5
before=$(relay_ticks)
flood_us=$(ping_median_us phone tablet 60)
ticks=$(($(relay_ticks) - before))
wait_for 20 eval "! lab_alive $pid"
sent=$(cat "$LAB_DIR/flood")
noise=$(metric 'connections_refused_total{reason="noise"}')
accepted=$(metric 'connection_events_total{event="accepted"}')
answered=$(metric 'stateless_answers_total{kind="retry"}')
say "$sent sent; a median ping took $idle_us us before and $flood_us us meanwhile"
say "the relay used $ticks ticks of CPU time in about 3 s"
check "nine of ten Initials were seen as noise ($noise)" [ "${noise:-0}" -gt $((sent * 9 / 10)) ]
check "none of them made a connection ($accepted)" [ "${accepted:-9999}" -le 10 ]
check "nobody was asked for a proof ($answered)" [ "${answered:-1}" = 0 ]
check "pings were answered" [ "${flood_us:-0}" -gt 0 ]
check "phone and tablet are still connected" pings phone tablet
connected_once phone tablet
test_end
