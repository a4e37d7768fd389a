#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Every kind of NAT with every other one, either side first, and each with a public host and an open
# site: traffic flows within 3 s of `up`, and becomes direct exactly where that is possible without
# guessing ports (all but symmetric with port-restricted, and symmetric with symmetric).
. "$(dirname "$0")/check.sh"

FLOWS_MS=3000
DIRECT_S=6

declare -A kind=(
    [fc]=full-cone [ar]=address-restricted [pr]=port-restricted [sy]=symmetric [op]=open)

# Pairs "from to": the first one speaks first.
pairs=()
hosts=(pub op1)
for a in fc ar pr sy; do
    hosts+=("${a}1" "${a}2")
    pairs+=("${a}1 ${a}2" "pub ${a}1" "${a}2 pub" "op1 ${a}2" "${a}1 op1")
    for b in fc ar pr sy; do
        if [[ $a < $b ]]; then
            pairs+=("${a}1 ${b}1" "${b}2 ${a}2")
        fi
    done
done
pairs+=("pub op1")

can_be_direct() {
    case "${1%[12]} ${2%[12]}" in
    "sy sy" | "sy pr" | "pr sy") return 1 ;;
    esac
}

reply_into() { first_reply_ms "$1" "$2" "$3" 20 >"$LAB_DIR/$1-$2.ms"; }
both_are() { lab_is_state "$1" "$2" "$3" && lab_is_state "$2" "$1" "$3"; }
kind_of() { local short=${1%[12]}; echo "${kind[$short]:-public}"; }

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_public pub 192.0.2.20
number=11
for short in fc ar pr sy; do
    for i in 1 2; do
        lab_site "site-$short$i" "${kind[$short]}" "198.51.100.$number" "192.168.$number"
        lab_host "$short$i" "site-$short$i" 2
        number=$((number + 1))
    done
done
lab_site site-op open 198.51.100.40 203.0.113
lab_host op1 site-op 2

relay_start vps 192.0.2.10
hosts_join "${hosts[@]}"
hosts_up "${hosts[@]}"
up=$(moment)
waits=()
for pair in "${pairs[@]}"; do
    # shellcheck disable=SC2086
    { reply_into $pair "$up" && pinging $pair 0.5 200; } &
    waits+=($!)
done
wait "${waits[@]}"
for pair in "${pairs[@]}"; do
    read -r from to <<<"$pair"
    check_most "$from reaches $to within 3 s of up ($(kind_of "$from"), $(kind_of "$to")), in ms" \
        "$(cat "$LAB_DIR/$from-$to.ms")" "$FLOWS_MS"
done

stay=()
for pair in "${pairs[@]}"; do
    read -r from to <<<"$pair"
    if can_be_direct "$from" "$to"; then
        check "$(kind_of "$from") and $(kind_of "$to") become direct ($from, $to)" \
            wait_for $DIRECT_S both_are "$from" "$to" direct
    else
        stay+=("$pair")
    fi
done
say "all pairs that can become direct were so $((($(now_ms) - ${up%/*}) / 1000)) s after up"
while [ $(($(now_ms) - ${up%/*})) -lt $((DIRECT_S * 1000)) ]; do sleep 0.2; done
for pair in "${stay[@]}"; do
    read -r from to <<<"$pair"
    check "$(kind_of "$from") and $(kind_of "$to") stay relayed, and answer ($from, $to)" \
        eval "both_are $from $to relayed && wait_for 5 pings $from $to"
done
test_end
