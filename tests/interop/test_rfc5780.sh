#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# coturn's turnutils_natdiscovery (RFC 5780), of Debian 12 and of a newer suite, tells the kinds of
# NAT of the kernel by two relays that lend each other their addresses. Where none can be lent it is
# told so.
. "$(dirname "$0")/../lab/check.sh"

# Words of a command that runs a natdiscovery; none if it is not here.
natdiscovery() { # debian|sid
    if [ "$1" = debian ]; then
        command -v turnutils_natdiscovery
    else
        unpacked "coturn-$1" turnutils_natdiscovery
    fi
}

# What it says at a host.
discover() { # host option...
    # shellcheck disable=SC2086
    lab_in "$1" timeout 30 $tool "${@:2}" -p 4433 192.0.2.10 >"$LAB_DIR/$1.$2" 2>&1
}
verdict() { # host option sentence
    grep -qF "$3" "$LAB_DIR/$1.$2" && return
    sed 's/^/     /' "$LAB_DIR/$1.$2"
    return 1
}
has_other() { # relay-ip host
    # shellcheck disable=SC2086
    says "Other addr" lab_in "$2" timeout 10 $tool -m -p 4433 "$1"
}

tools=()
for tool in debian sid; do
    [ -z "$(natdiscovery $tool)" ] || tools+=("$tool")
done
if [ ${#tools[@]} -eq 0 ]; then
    echo "skipped: turnutils_natdiscovery (coturn) is not installed"
    exit 77
fi

EI="Endpoint Independent"
AD="Address Dependent"
APD="Address and Port Dependent"

test_begin
lab_begin
lab_public one 192.0.2.10
lab_public two 198.51.100.10
lab_public pub 203.0.113.20
number=31
declare -A kind=([fc]=full-cone [ar]=address-restricted [pr]=port-restricted [sy]=symmetric)
for short in fc ar pr sy; do
    lab_site "site-$short" "${kind[$short]}" "203.0.113.$number" "192.168.$number"
    lab_host "$short" "site-$short" 2
    number=$((number + 1))
done

# The kernel makes no NAT that takes another port for each address, so the rules say which.
lab_site site-ad open 203.0.113.40 192.168.40
lab_host ad site-ad 2
lab_in inet ip route del 192.168.40.0/24
lab_rules site-ad nat <<'NFT'
table ip lab {
    chain post {
        type nat hook postrouting priority 100
        oifname wan ip daddr 192.0.2.0/24 meta l4proto udp snat to 203.0.113.40:40001
        oifname wan ip daddr 198.51.100.0/24 meta l4proto udp snat to 203.0.113.40:40002
    }
    chain through {
        type filter hook forward priority 0
        iifname wan ct state established,related accept
        iifname wan drop
    }
}
NFT

relay_start one 192.0.2.10
url=$(lab_in one "$(lab_program relayd)" status -c "$LAB_DIR/one/relayd.yaml" |
    grep -o 'relay://[^ ]*')
tool=$(natdiscovery "${tools[0]}")

say "one relay alone"
discover pub -m
check "answers, and offers no other address" says "UDP reflexive addr" cat "$LAB_DIR/pub.-m"
check "so nothing is said of mapping" says_no "NAT with" cat "$LAB_DIR/pub.-m"

say "two relays"
lab_relay_init two 198.51.100.10 --name two >/dev/null || exit 1
printf 'peers:\n  - %s\n' "$url" >>"$LAB_DIR/two/relayd.yaml"
two_pid=$(lab_relay_up two)
wait_for 20 relay_answers two || exit 1
check "the other address is there" wait_for 40 has_other 192.0.2.10 pub

for which in "${tools[@]}"; do
    tool=$(natdiscovery "$which")
    say "natdiscovery of $which"
    lab_reboot_nat site-ad # its one port is free again
    discover ad -m &
    for host in fc ar pr sy pub; do
        { discover $host -m; discover $host -f; } &
    done
    wait
    for test in "fc:$EI:$EI" "ar:$EI:$AD" "pr:$EI:$APD" "sy:$APD:$APD"; do
        IFS=: read -r host mapping filtering <<<"$test"
        check "${kind[$host]}: mapping" verdict "$host" -m "NAT with $mapping Mapping!"
        check "${kind[$host]}: filtering" verdict "$host" -f "NAT with $filtering Filtering!"
    done
    check "a port for each address: mapping" verdict ad -m "NAT with $AD Mapping!"
    check "without NAT: filtering" verdict pub -f "NAT with $EI Filtering!"
done

say "a relay that is told not to lend"
printf 'stun:\n  other_address: false\n' >>"$LAB_DIR/two/relayd.yaml"
lab_in two "$(lab_program relayd)" --check -c "$LAB_DIR/two/relayd.yaml" >/dev/null ||
    not_ok "the configuration is good"
kill -HUP "$two_pid"
lends_no_more() { ! has_other 192.0.2.10 pub; }
check "is no other address" wait_for 20 lends_no_more
test_end
