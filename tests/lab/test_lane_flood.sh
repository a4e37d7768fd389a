#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A relay gets 20,000 datagrams a second from forged sources: data with unknown labels, binds with a
# label that is in use and a wrong mac, and binds that somebody overheard. It answers none of them,
# and two hosts go on by their lane.
. "$(dirname "$0")/check.sh"

RATE=20000
SECONDS_OF_FLOOD=6
SIZE=20000000

# A number of the relay: counter NAME{LABELS}
metric() {
    lab_in vps curl -s http://127.0.0.1:9433/metrics |
        awk -v name="relayd_$1" '$1 == name { print $2 }'
}

rate_of() { # log of transfer
    sed -n 's/^rate \([0-9.]*\).*/\1/p' "$1"
}

test_begin
lab_begin
lab_public vps 192.0.2.10
relayed_pair
relay_start vps 192.0.2.10
hosts_join phone tablet
hosts_take_lanes phone tablet
lab_spawn vps "$LAB_DIR/heard" "$LAB_PYTHON" "$LAB_NET/overhear.py" eth0 4433 >/dev/null
hosts_up phone tablet
check "phone reaches tablet" wait_for 15 pings phone tablet
pinging phone tablet 0.02 1500
check "phone's packets go on a lane" wait_for 10 on_lane phone
check "and so do tablet's" wait_for 10 on_lane tablet
grep '^91' "$LAB_DIR/heard" >"$LAB_DIR/binds"
check "their binds were overheard" [ -s "$LAB_DIR/binds" ]
check "20 MB arrive as sent" transfer phone tablet $SIZE -4 7001

lab_public attacker 192.0.2.66
for at in net.ipv4.conf.all.rp_filter net.ipv4.conf.br0.rp_filter; do
    lab_in inet sysctl -qw $at=0 2>/dev/null
done
lab_in inet ip route replace 10.0.0.0/8 via 192.0.2.66
answers=$(metric 'lane_binds_total{result="challenged"}')
bound=$(metric 'lane_binds_total{result="bound"}')
pid=$(lab_spawn attacker "$LAB_DIR/flood" "$LAB_PYTHON" "$LAB_NET/flood_lanes.py" 192.0.2.10 4433 \
    $RATE $SECONDS_OF_FLOOD "$LAB_DIR/binds")
sleep 0.5
check "20 MB arrive as sent meanwhile" transfer phone tablet $SIZE -4 7002
check "phone is on the lane" wait_for 10 on_lane phone
wait_for 30 eval "! lab_alive $pid"
each=$(cat "$LAB_DIR/flood")
unknown=$(metric 'dropped_packets_total{reason="lane_unknown"}')
forged=$(metric 'lane_binds_total{result="forged"}')
replayed=$(metric 'lane_binds_total{result="replayed"}')
say "$each of each kind; counted: $unknown unknown labels, $forged forged binds, $replayed replayed"
say "Mbit/s without and with the flood:" \
    "$(rate_of "$LAB_DIR/phone-tablet-7001.got") $(rate_of "$LAB_DIR/phone-tablet-7002.got")"
check "unknown labels are counted" [ "${unknown:-0}" -gt $((each / 10)) ]
check "forged binds, too" [ "${forged:-0}" -gt $((each / 10)) ]
check "replayed ones, too" [ "${replayed:-0}" -gt $((each / 10)) ]
check "none was answered" [ "$(metric 'lane_binds_total{result="challenged"}')" = "$answers" ]
check "and none bound anything" [ "$(metric 'lane_binds_total{result="bound"}')" = "$bound" ]
check "and pings are answered" pings phone tablet
test_end
