#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# 1 % of all packets is lost at both routers: 20 MB over TCP arrive as sent, over the relay and
# directly.
. "$(dirname "$0")/check.sh"

SIZE=20000000

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_site home1 port-restricted 198.51.100.11 192.168.1
lab_host laptop home1 2
lab_site home2 port-restricted 203.0.113.12 192.168.2
lab_host nas home2 2
lab_site cafe symmetric 198.51.100.13 192.168.3
lab_host phone cafe 2
lab_site hotel symmetric 203.0.113.14 192.168.4
lab_host tablet hotel 2
for site in home1 home2 cafe hotel; do lab_lose $site 10; done

relay_start vps 192.0.2.10
hosts_join laptop nas phone tablet
hosts_up laptop nas phone tablet
check "phone reaches tablet" lab_wait 15 pings phone tablet
check "laptop reaches nas" lab_wait 15 pings laptop nas
check "laptop and nas become direct" lab_wait 20 lab_is_state laptop nas direct
check "nas and laptop become direct" lab_wait 20 lab_is_state nas laptop direct
check "20 MB over the relay arrive as sent" transfer phone tablet $SIZE -4 7001
check "20 MB directly arrive as sent" transfer laptop nas $SIZE -4 7002
check "laptop and nas are still direct" lab_is_state laptop nas direct
check "phone and tablet are still relayed" lab_is_state phone tablet relayed
for site in home1 home2 cafe hotel; do
    lost=$(lab_in $site nft list ruleset | grep -c 'numgen random mod 1000 < 10 drop')
    check "the router of $site loses packets" [ "$lost" = 1 ]
done
test_end
