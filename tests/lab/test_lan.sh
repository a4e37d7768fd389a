#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two hosts in one LAN talk over the LAN, although their NAT is symmetric and does not send packets
# back inwards, and they keep talking when the internet is gone. So does a third one, which has more
# bridges for containers than a list of addresses holds.
. "$(dirname "$0")/check.sh"

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_site home symmetric 198.51.100.11 192.168.1
lab_host laptop home 2
lab_host nas home 3
lab_machine docker
for i in {1..20}; do
    lab_in docker ip link add "br-c0ffee0000$i" type bridge
    lab_in docker ip addr add "172.$((i + 10)).0.1/16" dev "br-c0ffee0000$i"
    lab_in docker ip link set "br-c0ffee0000$i" up
done
lab_wire docker home lan eth0 "$LAB_MTU"
lab_in docker ip addr add 192.168.1.5/24 dev eth0
lab_in docker ip route add default via 192.168.1.1
# Another site with the same private addresses: its hosts must not be taken for neighbours.
lab_site other symmetric 203.0.113.12 192.168.1
lab_host phone other 3
lab_host printer other 4 # it talks to nobody

relay_start vps 192.0.2.10
hosts_join laptop nas phone printer docker
hosts_up laptop nas phone printer docker
up=$(moment)
check_most "laptop reaches nas within 3 s of up, in ms" "$(first_reply_ms laptop nas "$up" 20)" 3000
check "laptop reaches phone, in another home with the same addresses" wait_for 10 pings laptop phone
become_direct laptop nas
check "over the address in the LAN" says "^nas .*192\.168\.1\.3" lab_ziglan laptop peers
check "laptop and phone are relayed" lab_is_state laptop phone relayed
check "nas reaches docker" wait_for 10 pings nas docker
become_direct nas docker
check "over the address in the LAN, not one of its bridges" \
    says "^docker .*192\.168\.1\.5" lab_ziglan nas peers
sleep 3 # a session wrongly taken for dead would be replaced after little more than a second
connected_once laptop nas phone

pinging laptop nas 0.1 1000
lab_in home ip link set wan down
down=$(moment)
sleep 6
check_most "without the internet, the longest silence between laptop and nas, in ms" \
    "$(silence_ms "$LAB_DIR/laptop-nas.ping" "$down")" 1000
check "laptop and nas are still direct" lab_is_state laptop nas direct
check "laptop does not reach phone now" eval '! pings laptop phone'
lab_in home ip link set wan up
lab_in home ip route replace default via 198.51.100.1
check "with the internet back, laptop reaches phone again" wait_for 20 pings laptop phone
connected_once phone printer
test_end
