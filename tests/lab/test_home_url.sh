#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A ziglan whose relay has no address that lasts, as at home. Hosts join by its key and a relay that
# knows it, or by its key alone where they know a relay; they follow when the address changes, also
# one that was off meanwhile, and say what is missing where they cannot find it.
. "$(dirname "$0")/check.sh"
. "$(dirname "$0")/subnet.sh"

FOLLOWED_MS=10000

test_begin
lab_begin
subnet_machine r0 192.0.2.10
subnet_machine r1 23.1.1.10
subnet_machine attic 45.2.1.10
subnet_machine desk 37.9.9.9
lab_site home1 port-restricted 198.51.100.11 192.168.1
lab_host laptop home1 2
lab_site home2 port-restricted 203.0.113.12 192.168.2
lab_host nas home2 2
SUBNET_SETTINGS="open_relay: true" subnet_relay r0
subnet_relay r1 r0

# The relay at home says no address of its own.
lab_relay_init attic 45.2.1.10 --name attic >/dev/null || { lab_fail "relayd init"; exit 1; }
sed -i '/^public:/,/^$/d' "$LAB_DIR/attic/relayd.yaml"
printf 'peers:\n  - "%s"\n' "$(subnet_url r1)" >>"$LAB_DIR/attic/relayd.yaml"
subnet_start attic
relayd_of attic status | grep -o 'relay://[^ ]*' >"$LAB_DIR/attic.url"
check "all relays know the one at home" wait_for 60 subnet_all_know r0 r1 attic

say "a URL that goes on to work"
url=$(lab_invite attic --uses 3)
is_by_key() { # url parameters
    [[ $1 =~ ^ziglan://[a-z2-7]{52}\?$2$ ]]
}
invite='invite=[a-z2-7]{26}&name=attic'
check "it names the relay to ask, and no address" \
    is_by_key "$url" "relay=$(subnet_key r1)@23.1.1.10(:4433)?&$invite"
alone=${url/relay=*&invite=/invite=}
check "without it the key alone is left" is_by_key "$alone" "$invite"

join() { printf '%s\n' "$2" | lab_ziglan "$1" join -; } # host url
for host in laptop nas desk; do
    lab_ziglan "$host" init --name "$host" >/dev/null || not_ok "ziglan init of $host"
done
expect "laptop joins by the key and the relay to ask" 0 "Joined attic" join laptop "$url"
expect "desk, which knows no relay, is told so" 1 "knows no relay that could be asked" \
    join desk "$alone"
lab_ziglan nas relay pin "$(subnet_url r0)" >/dev/null || not_ok "nas pins r0"
expect "nas joins by the key alone, since it knows a relay" 0 "Joined attic" join nas "$alone"
hosts_up laptop nas
check "laptop reaches nas" wait_for 10 pings laptop nas
hosts_up desk
asked=$(moment)
expect "desk is told so while it is up, too" 1 "knows no relay that could be asked" \
    join desk "$alone"
check_most "at once, in ms" "$(since_ms "$asked")" 3000

is_at() { # host address
    [ "$(json_of "$1" status "any(r['ziglan'] == 'attic' and r['state'] == 'connected' and
        r['host'].startswith('$2:') for r in d['relays'])")" = True ]
}
knows_at() { # relay address
    [ "$(subnet_nodes "$1" "any(n['key'] == '$(subnet_key attic)' and
        n['address'].startswith('$2:') for n in nodes)")" = True ]
}
check "laptop is at the relay" is_at laptop 45.2.1.10

# The provider gives it another address.
attic_moves() { # from to
    local gateway
    gateway=$(lab_gateway_of "$2")
    lab_in inet ip addr add "$gateway/24" dev br0 2>/dev/null
    lab_in attic ip addr del "$1/24" dev eth0
    lab_in attic ip addr add "$2/24" dev eth0
    lab_in attic ip route replace default via "$gateway"
}

say "the address changes"
attic_moves 45.2.1.10 62.3.1.10
moved=$(moment)
check "a relay knows the new one" wait_for 90 knows_at r1 62.3.1.10
known=$(moment)
say "known after $(($(since_ms "$moved" | cut -d@ -f1))) ms"
for host in laptop nas; do
    (
        wait_for 40 is_at "$host" 62.3.1.10
        since_ms "$known" >"$LAB_DIR/$host.followed"
    ) &
done
wait
for host in laptop nas; do
    check_most "$host is there after it was known, in ms" "$(cat "$LAB_DIR/$host.followed")" \
        $FOLLOWED_MS
done
check "and laptop reaches nas" wait_for 10 pings laptop nas

say "it changes while a host is down"
expect "laptop goes down" 0 "" lab_ziglan laptop down
attic_moves 62.3.1.10 81.4.1.10
check "a relay knows the new one" wait_for 90 knows_at r1 81.4.1.10
hosts_up laptop
up=$(moment)
wait_for 40 is_at laptop 81.4.1.10
check_most "laptop is there after its start, in ms" "$(since_ms "$up")" $FOLLOWED_MS
check "nas, too" wait_for 10 is_at nas 81.4.1.10
check "and laptop reaches nas" wait_for 10 pings laptop nas
test_end
