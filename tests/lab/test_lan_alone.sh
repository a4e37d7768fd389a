#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Two members in one LAN find each other while no relay is in reach: after a restart without the
# internet, when the second one comes later, when one gets another address, and when one joined
# while the other was away, so that they never heard of each other. Who is in the same LAN and in
# another ziglan finds nobody, and whoever listens there reads nothing.
. "$(dirname "$0")/check.sh"

PORT=4434

host_stops() { # host
    local pid
    pid=$(cat "$LAB_DIR/$1.pid")
    kill "$pid"
    check "$1 stops" wait_for 10 eval "! lab_alive $pid"
}

# The most bytes that two notices have in common at the same place. Of 1,200 random ones some 5 are,
# in one pair of a thousand 13 or more; a key that stood open in both would be 32.
common_bytes() { # file
    "$LAB_PYTHON" - "$1" <<'END'
import sys
lines = [bytes.fromhex(line) for line in open(sys.argv[1]) if line.endswith("\n")]
pairs = [(a, b) for i, a in enumerate(lines) for b in lines[:i] if a != b]
print(max(sum(x == y for x, y in zip(a, b)) for a, b in pairs))
END
}

sizes_of() { awk '{ print length($0) / 2 }' "$1" | sort -u | tr '\n' ' '; }

# A key as the bytes that a notice would have if it were not sealed.
key_hex() { # host
    lab_ziglan "$1" whoami --json | "$LAB_PYTHON" -c 'import base64, json, sys
text = json.load(sys.stdin)["key"].upper()
print(base64.b32decode(text + "=" * (-len(text) % 8)).hex())'
}

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_public vps2 192.0.2.20
lab_site home symmetric 198.51.100.11 192.168.1
lab_host laptop home 2
lab_host nas home 3
lab_host guest home 4 # of another ziglan
lab_host late home 5  # of the same one, but later
relay_start vps2 192.0.2.20
hosts_join guest
relay_start vps 192.0.2.10
hosts_join laptop nas
hosts_up laptop nas guest
check "laptop reaches nas" wait_for 10 pings laptop nas
nas_hex=$(key_hex nas)
host_stops laptop
host_stops nas
hosts_join late
hosts_up late
check "late knows nas" wait_for 10 says "^nas " lab_ziglan late peers
host_stops late
lab_in home ip link set wan down
lab_spawn guest "$LAB_DIR/overheard" "$LAB_PYTHON" "$LAB_NET/overhear.py" eth0 "$PORT" >/dev/null

say "Both come up without a relay."
hosts_up laptop nas
up=$(moment)
check_most "laptop reaches nas, in ms after up" "$(first_reply_ms laptop nas "$up" 20)" 3000
become_direct laptop nas
check "over the address in the LAN" says "^nas .*192\.168\.1\.3" lab_ziglan laptop peers
check_most "its first packet back, in ms" "$(first_reply_ms nas laptop "$(moment)" 20)" 1000

say "nas comes a while after laptop has begun to look for it."
host_stops nas
host_stops laptop
hosts_up laptop
check "nobody answers yet" eval '! pings laptop nas'
lab_spawn laptop "$LAB_DIR/waiting.ping" ping -n -i 0.2 -W 1 nas.zignet >/dev/null
sleep 3
hosts_up nas
up=$(moment)
check_most "laptop reaches nas, in ms after nas is up" "$(first_reply_ms laptop nas "$up" 20)" 3000

say "nas gets another address."
lab_in nas ip addr del 192.168.1.3/24 dev eth0
lab_in nas ip addr add 192.168.1.33/24 dev eth0
lab_in nas ip route add default via 192.168.1.1
moved=$(moment)
check_most "laptop reaches nas, in ms after that" "$(first_reply_ms laptop nas "$moved" 20)" 3000
check "at that address" wait_for 5 says "^nas .*192\.168\.1\.33" lab_ziglan laptop peers

say "late joined when laptop was away."
check "laptop does not know it" says_no "^late " lab_ziglan laptop peers
hosts_up late
up=$(moment)
check_most "laptop reaches late, in ms after up" "$(first_reply_ms laptop late "$up" 20)" 3000
become_direct laptop late
check_most "and late reaches laptop, in ms" "$(first_reply_ms late laptop "$(moment)" 20)" 1000

say "Others in the LAN."
check "guest knows nobody" says_no 'nas|laptop|late' lab_ziglan guest peers
check "all notices have one size, and all proofs" \
    [ "$(sizes_of "$LAB_DIR/overheard")" = "1200 277 " ]
check_most "bytes that two of them have in common" "$(common_bytes "$LAB_DIR/overheard")" 24
check "none has the key of nas in it" says_no "$nas_hex" cat "$LAB_DIR/overheard"
test_end
