#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What `ziglan netcheck` says of a router: which protocols for mapping ports a real router daemon
# speaks, whether another NAT is behind it, and the one change that would help most. It maps
# nothing.
. "$(dirname "$0")/router_common.sh"

SHARED=100.64.7.20 # of a provider that gives no address of the internet

netcheck() {
    lab_ziglan laptop netcheck --json 192.0.2.10 >"$LAB_DIR/netcheck" 2>&1 ||
        cat "$LAB_DIR/netcheck"
}
is_said() { # key value; of the router or of all
    grep -q "\"$1\": *\"\{0,1\}$2" "$LAB_DIR/netcheck" && return
    grep -o "\"$1\": *[^,}]*" "$LAB_DIR/netcheck" | sed 's/^/     /'
    return 1
}

internet() { # wan; the same for all scenarios
    lab_begin
    lab_in inet ip addr add "${1%.*}.1/24" dev br0
    lab_public one 192.0.2.10
    lab_public two 198.51.100.10
    lab_site router open "$1" 192.168.1
    lab_host laptop router 2
    lab_in inet ip route del 192.168.1.0/24 # as on the internet: nobody outside knows that network
    router_rules none
    relay_start one 192.0.2.10
    lab_relay_init two 198.51.100.10 --name two >/dev/null
    printf 'peers:\n  - %s\n' "$(lab_in one "$(lab_program relayd)" status \
        -c "$LAB_DIR/one/relayd.yaml" | grep -o 'relay://[^ ]*')" >>"$LAB_DIR/two/relayd.yaml"
    lab_relay_up two >/dev/null
    wait_for 20 has_neighbour
}
has_neighbour() { [ "$(relay_count one neighbours)" -ge 1 ]; }

one_nat() { # suite
    local suite=$1 began
    internet $WAN
    say "a router that speaks nothing"
    began=$(moment)
    netcheck
    check_most "is known in 3 s, in ms" "$(since_ms "$began")" 3800
    check "is told of" is_said address 192.168.1.1
    check "PCP is silent" is_said pcp silent
    check "UPnP is silent, or may still answer" is_said upnp "\(silent\|asking\)"
    check "nothing is known of a second NAT" is_said double_nat null
    check "the advice is to switch it on" is_said change "switch on UPnP"
    say "PCP and NAT-PMP"
    router_up "$suite" natpmp
    sleep 1
    netcheck
    check "PCP is found" is_said pcp found
    check "NAT-PMP is found" is_said natpmp found
    check "the router's own address" is_said outside $WAN
    check "is where relays see the host" is_said double_nat false
    check "the advice is to use it" is_said change "the router at 192.168.1.1 speaks PCP"
    check "nothing was mapped" forwards_none 192.168.1.2
    say "UPnP alone"
    router_restart "$suite" upnp
    sleep 1
    netcheck
    check "UPnP is found" is_said upnp found
    check "the router's own address" is_said outside $WAN
    check "and nothing was mapped" forwards_none 192.168.1.2
    say "a host that lets it map its port"
    lab_ziglan laptop join --name laptop "$RELAY_URL" >/dev/null || lab_fail "join"
    pid[laptop]=$(lab_up laptop)
    wait_for 30 is_proven
    lab_ziglan laptop netcheck --json >"$LAB_DIR/netcheck" 2>&1
    check "is reached by everybody" is_said direct "everybody, by the port that the router lets in"
    check "has nothing to change" is_said change '"'
    check "status tells the kind" wait_for 20 says '"name": *"Sym"' lab_ziglan laptop status --json
    lab_end
}
is_proven() {
    says '"portmap_proven": *true' lab_ziglan laptop status --json
}

two_nats() { # suite
    internet $SHARED
    lab_in inet nft -f - <<NFT
table ip provider {
    chain post { type nat hook postrouting priority 100; ip saddr $SHARED snat to 203.0.113.77; }
}
NFT
    lab_in inet ip addr add 203.0.113.77/32 dev br0
    say "a router behind that of the provider"
    router_up "$1" natpmp
    sleep 1
    netcheck
    check "is known as such" is_said double_nat true
    check "the advice is about the second NAT" \
        is_said change "\(a second NAT is behind the router\|the provider shares one\)"
    router_restart "$1" upnp
    sleep 1
    netcheck
    check "also by UPnP" is_said double_nat true
    lab_end
}

lab_possible || exit 77
router_suites
jobs=()
( lab_named one; one_nat "${suites[0]}" ) &
jobs+=($!)
( lab_named two; two_nats "${suites[-1]}" ) &
jobs+=($!)
test_wait "${jobs[@]}"
