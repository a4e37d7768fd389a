#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# 100 MB over TCP arrive with the same checksum, over the relay and directly, over IPv4 and IPv6,
# by name; and so do trains of UDP datagrams.
. "$(dirname "$0")/check.sh"

SIZE=100000000

test_begin
pairs_begin
pairs_up

before=$(relay_count vps forwarded_bytes)
check "100 MB over the relay and IPv4 arrive as sent" transfer phone tablet $SIZE -4 7001
check "100 MB over the relay and IPv6 arrive as sent" transfer tablet phone $SIZE -6 7002
check "trains of UDP datagrams arrive over the relay and IPv4" trains phone tablet 100 -4 7005
check "trains of UDP datagrams arrive over the relay and IPv6" trains tablet phone 100 -6 7006
check "phone and tablet are still relayed" lab_is_state phone tablet relayed
middle=$(relay_count vps forwarded_bytes)
check "the relay forwarded both ($(((middle - before) / 1000000)) MB)" \
    [ $((middle - before)) -gt $((2 * SIZE)) ]

check "100 MB directly over IPv4 arrive as sent" transfer laptop nas $SIZE -4 7003
check "100 MB directly over IPv6 arrive as sent" transfer nas laptop $SIZE -6 7004
check "trains of UDP datagrams arrive directly over IPv4" trains laptop nas 200 -4 7007
check "trains of UDP datagrams arrive directly over IPv6" trains nas laptop 200 -6 7008

check "laptop and nas are still direct" lab_is_state laptop nas direct
after=$(relay_count vps forwarded_bytes)
check "the relay saw next to nothing of these ($(((after - middle) / 1000)) kB)" \
    [ $((after - middle)) -lt 1000000 ]
connected_once laptop nas phone tablet
test_end
