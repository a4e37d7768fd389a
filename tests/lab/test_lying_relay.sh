#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# One of twelve relays lies about other relays to all its neighbours, twice a second (lying_relay.c
# says what). The others believe that it is a relay, since they reach it, and nothing else that it
# says.
. "$(dirname "$0")/check.sh"
. "$(dirname "$0")/subnet.sh"

test_begin
liar=$(lab_program lying_relay)
[ -n "$liar" ] || { echo "skipped: lying_relay is not built"; exit 77; }
lab_begin
i=0
for address in 192.0.2.10 23.1.1.10 37.2.1.10 45.3.1.10 62.4.1.10 109.7.1.10 129.8.1.10 \
    145.10.1.10 151.11.1.10 163.12.1.10 176.13.1.10; do
    subnet_machine "r$i" $address
    i=$((i + 1))
done
subnet_machine liar 80.5.1.10
relays=(r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10)
subnet_relay r0
for i in 1 2 3 4 5 6 7 8 9 10; do
    subnet_relay "r$i" "r$((i / 2))"
done
check "all know all" wait_for 60 subnet_all_know "${relays[@]}"

say "one comes that lies"
lab_spawn liar "$LAB_DIR/liar.lies" "$liar" 80.5.1.10 37.2.1.10 91.9.1.10 "$(subnet_url r0)" \
    "$(subnet_url r1)" "$(subnet_url r4)" >"$LAB_DIR/liar.pid"
lie() { sed -n "s/^$1 //p" "$LAB_DIR/liar.lies"; }
wait_for 5 lie crowd
believes() { [ -n "$(lie "$2")" ] && says "$(lie "$2")" relayd_of "$1" nodes --json; }
for relay in "${relays[@]}"; do
    check "$relay believes that it is a relay" wait_for 30 believes "$relay" own
done
check "it tells records of others with its own address" grep -q spoilt "$LAB_DIR/liar.lies"
sleep 20
for relay in "${relays[@]}"; do
    nodes=$(relayd_of "$relay" nodes --json)
    for what in unsigned at-another at-nobody at-liar friends future loopback home crowd; do
        lies=$(lie $what)
        [ -z "$lies" ] || ! grep -q "$lies" <<<"$nodes" || not_ok "$relay does not believe in $what"
    done
    check "$relay knows eleven relays and the liar" \
        [ "$(subnet_nodes "$relay" 'len(nodes)')" = 12 ]
    check "$relay knows no other relay at the liar's address" \
        [ "$(subnet_nodes "$relay" 'sum("80.5.1.10" in n["address"] for n in nodes)')" = 1 ]
done
check "all know all" subnet_all_know "${relays[@]}"
metrics=$(lab_in r0 "$LAB_PYTHON" -c 'from urllib.request import urlopen
print(urlopen("http://127.0.0.1:9433/metrics").read().decode())')
for result in forged future bad_address limit_unproven; do
    check "r0 counts what was $result" \
        grep -q "^relayd_node_records_total{result=\"$result\"} [1-9]" <<<"$metrics"
done
grep '^relayd_node' <<<"$metrics" | sed 's/^/    /'
kill "$(cat "$LAB_DIR/liar.pid")"
test_end
