#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# 1 % of all packets is lost at both routers: 20 MB over TCP arrive as sent, over the relay and
# directly.
. "$(dirname "$0")/check.sh"

SIZE=20000000

test_begin
pairs_begin
for site in home1 home2 cafe hotel; do lab_lose $site 10; done
pairs_up
check "20 MB over the relay arrive as sent" transfer phone tablet $SIZE -4 7001
check "20 MB directly arrive as sent" transfer laptop nas $SIZE -4 7002
check "laptop and nas are still direct" lab_is_state laptop nas direct
check "phone and tablet are still relayed" lab_is_state phone tablet relayed
for site in home1 home2 cafe hotel; do
    lost=$(lab_in $site nft list ruleset | grep -c 'numgen random mod 1000 < 10 drop')
    check "the router of $site loses packets" [ "$lost" = 1 ]
done
test_end
