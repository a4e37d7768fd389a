#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `ziglan netcheck` where relays are 100 ms away: on a terminal it shows how far it is, has a right
# verdict within 1.5 s, and is over after 3. What is lost on the way to one relay is told of that
# one alone, the MTU is that of the narrowest link, and by IPv6 it is known whether a firewall is
# there.
. "$(dirname "$0")/check.sh"

command -v script >/dev/null || { echo "skipped: no script to make a terminal"; exit 77; }

lends() { [ "$(relay_count "$1" neighbours)" -ge "$2" ]; }

# On a terminal. Writes what it shows there, after so many ms each: HOST.screen.
on_terminal() { # host relay...
    lab_in "$1" env TERM=xterm script -qefc \
        "$(lab_program ziglan) netcheck ${*:2}" -T "$LAB_DIR/$1.timing" "$LAB_DIR/$1.typed" \
        </dev/null >/dev/null 2>&1
    "$LAB_PYTHON" - "$LAB_DIR/$1.timing" "$LAB_DIR/$1.typed" >"$LAB_DIR/$1.screen" <<'END'
import sys
typed = open(sys.argv[2], "rb").read().split(b"\n", 1)[1]
at = 0.0
for line in open(sys.argv[1]):
    delay, size = line.split()[-2:]
    at += float(delay)
    for part in typed[:int(size)].replace(b"\n", b"\r").split(b"\r"):
        if part.strip():
            print(round(at * 1000), part.decode(errors="replace").strip())
    typed = typed[int(size):]
END
}
shown_ms() { grep -m 1 "$2" "$LAB_DIR/$1.screen" | cut -d' ' -f1; } # host pattern
first_names() { grep -o 'so far .*' "$LAB_DIR/$1.screen" | sort -u | tr '\n' ' '; }

# A value of the report: a path of keys and numbers.
value_of() { # host path
    "$LAB_PYTHON" - "$LAB_DIR/$1.netcheck" "$2" <<'END'
import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2].split("."):
    value = value[int(key) if key.isdigit() else key]
print(value)
END
}
is_value() { # host path value
    local got
    got=$(value_of "$1" "$2")
    [ "$got" = "$3" ] || { say "$1: $2 is $got, not $3"; return 1; }
}
netcheck() { # host relay...
    lab_ziglan "$1" netcheck --json "${@:2}" >"$LAB_DIR/$1.netcheck" 2>&1 ||
        cat "$LAB_DIR/$1.netcheck"
}
lost_of() { # host number; of that relay
    echo $(($(value_of "$1" "ipv4.relays.$2.sent") - $(value_of "$1" "ipv4.relays.$2.answered")))
}

test_begin
lab_begin
lab_public one 192.0.2.10 2001:db8::10
lab_public two 198.51.100.10 2001:db8::11
lab_public three 192.0.2.30
LAB_DELAY_MS=50
lab_site home port-restricted 198.51.100.31 192.168.31
lab_site6 home firewall 2001:db8::31 2001:db8:31
lab_host laptop home 2
lab_site office symmetric 198.51.100.32 192.168.32
lab_site6 office open 2001:db8::32 2001:db8:32
lab_host desk office 2
LAB_MTU=1400
lab_site cellar full-cone 198.51.100.33 192.168.33
LAB_MTU=1500
lab_host nas cellar 2
lab_lose_each cellar 198.51.100.10 3

relay_start one 192.0.2.10
url=$(lab_in one "$(lab_program relayd)" status -c "$LAB_DIR/one/relayd.yaml" |
    grep -o 'relay://[^ ]*')
for relay in two three; do
    lab_relay_init "$relay" "$([ "$relay" = two ] && echo 198.51.100.10 || echo 192.0.2.30)" \
        --name "$relay" >/dev/null || exit 1
    # The second one is a neighbour by IPv6, or nobody could lend an address of that family.
    printf 'peers:\n  - %s\n' "$([ "$relay" = two ] && echo "${url/192.0.2.10/[2001:db8::10]}" ||
        echo "$url")" >>"$LAB_DIR/$relay/relayd.yaml"
    lab_relay_up "$relay" >/dev/null
    wait_for 20 relay_answers "$relay" || exit 1
done
check "the relays are neighbours" wait_for 20 lends one 2

say "on a terminal"
on_terminal laptop 192.0.2.10
check_most "a line shows how far it is, after ms" "$(shown_ms laptop 'measuring')" 400
check_most "the first verdict is there after ms" "$(shown_ms laptop 'so far')" 1650
check "which is right, and stays" [ "$(first_names laptop)" = "so far P-RC " ]
check_most "the report follows after ms" "$(shown_ms laptop 'Direct ')" 3600
check "it says the same" says "IPv4.*P-RC: " cat "$LAB_DIR/laptop.screen"
on_terminal desk 192.0.2.10
check "behind another NAT the first verdict is right, too" [ "$(first_names desk)" = "so far Sym " ]

say "IPv6"
netcheck laptop 192.0.2.10 '[2001:db8::10]:4433'
check "is told to be behind a firewall" is_value laptop ipv6.name Public-FW
check "not to be translated" is_value laptop ipv6.translated False
check "and who is reached by it" says "^all who have IPv6; by IPv4 hosts that are public" \
    value_of laptop direct
netcheck desk 192.0.2.10 '[2001:db8::10]:4433'
check "elsewhere it is open" is_value desk ipv6.name Public
check_most "the round trip is known, in us" "$(value_of desk ipv4.relays.0.rtt_us)" 180000
check "and is not too short" [ "$(value_of desk ipv4.relays.0.rtt_us)" -ge 100000 ]

say "a narrow link, and every third packet to one relay gets lost"
netcheck nas 192.0.2.10 198.51.100.10
check "the NAT is known all the same" is_value nas ipv4.name FullC
check "the MTU is that of the link" is_value nas ipv4.mtu 1400
check "the losses of the second relay are told" [ "$(lost_of nas 1)" -ge 1 ]
check "the first one has none" [ "$(lost_of nas 0)" = 0 ]
check "in words, too" says "198.51.100.10:4433  1[0-9.]* ms  [1-9] of [0-9]* lost" \
    lab_ziglan nas netcheck 192.0.2.10 198.51.100.10
test_end
