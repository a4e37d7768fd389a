#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two hosts at different relays, one with IPv4 only, the other one with IPv6 only: what goes between
# them takes a lane over both relays, one of which forwards by workers. When the lane is blocked
# between the relays, packets flow again within 1 s by the sessions, and on a lane when it is open.
. "$(dirname "$0")/check.sh"
. "$(dirname "$0")/subnet.sh"

SIZE=2000000
FALLBACK_MS=1000

test_begin
lab_begin
subnet_machine a 192.0.2.10
lab_in inet ip addr add 23.1.1.1/24 dev br0
lab_public b 23.1.1.10 2001:db8::20
echo 23.1.1.10 >"$LAB_DIR/b.address"
lab_site old symmetric 198.51.100.23 192.168.23
lab_host four old 2
lab_site6 new firewall 2001:db8::24 2001:db8:24
lab_host six new 2

SUBNET_SETTINGS='open_relay: true'
subnet_relay a
SUBNET_SETTINGS='open_relay: true
workers: 1'
subnet_relay b a
check "the relays know each other" wait_for 60 subnet_all_know a b
subnet_host four a
sed -i 's/@.*/@[2001:db8::20]/' "$LAB_DIR/b.url"
subnet_host six b
for host in four six; do
    other=$([ $host = four ] && echo six || echo four)
    printf 'name: %s\nhome_relays: false\nlanes: true\npeers: [{name: %s, id: %s}]\n' \
        $host "$other" "$(cat "$LAB_DIR/$other.key")" >"$LAB_DIR/$host/etc/ziglan/zig0.yaml"
done
hosts_up four six
check "four reaches six" wait_for 20 pings four six

both_on_lane() { on_lane four && on_lane six; }
not_on_lane() { ! on_lane four && ! on_lane six; }

pinging four six 0.02 6000
pinging six four 0.02 6000
check "both send by a lane" wait_for 20 both_on_lane
check "each relay has one lane" [ "$(relay_count a lanes) $(relay_count b lanes)" = "1 1" ]
before_a=$(relay_count a lane_packets)
before_b=$(relay_count b lane_packets)
check "2 MB over both relays arrive as sent" transfer four six $SIZE -4 7001
check "2 MB back arrive as sent" transfer six four $SIZE -6 7002
passed_a=$(($(relay_count a lane_packets) - before_a))
passed_b=$(($(relay_count b lane_packets) - before_b))
check "$passed_a packets passed a by its lane" [ $passed_a -gt $((2 * SIZE / 1400)) ]
check "$passed_b packets passed b by its lane" [ $passed_b -gt $((2 * SIZE / 1400)) ]
check "b's worker forwarded them" [ "$(relay_count b worker_packets)" -gt $((2 * SIZE / 1500)) ]
check "nothing was lost so far" none_lost "$LAB_DIR/four-six.ping"

blocked_at=$(moment)
lab_rules b lanes <<'NFT'
table ip lanes {
    chain in {
        type filter hook input priority 0
        ip saddr 192.0.2.10 meta l4proto udp @th,64,8 & 0xf0 == 0x90 drop
    }
}
NFT
sleep 2
check_most "blocked between the relays: packets flow again within 1 s, in ms" \
    "$(silence_ms "$LAB_DIR/four-six.ping" "$blocked_at")" $FALLBACK_MS
check "they go by the sessions" not_on_lane
rm "$LAB_DIR/b.lanes.nft"
lab_in b nft delete table ip lanes
check "the lane is open again: it is used again" wait_for 30 both_on_lane
test_end
