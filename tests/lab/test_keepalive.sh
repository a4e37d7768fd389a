#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A silent host behind a symmetric NAT that forgets soon is reached at once by everybody at any
# time, from when it has measured for how long the NAT remembers; and it remembers that itself.
# Behind NATs of 10 and of 15 s, at the same time.
. "$(dirname "$0")/check.sh"

LIFETIMES=(10 15) # in s; without a measurement something is sent every 15 s

keepalive() { json_of "$1" status "d[\"keepalive\"][\"kept_ms\"]"; }
knows() { [ "$(json_of "$1" status 'd["lifetime"] is not None')" = True ]; }

# Measure, and be reached by callers who never talked to this host: at once, and after silences.
silent_is_kept() { # lifetime-s
    local host=silent$1 caller
    check "$host: before it is measured, something goes every 15 s" \
        [ "$(keepalive "$host")" = 15000 ]
    check "$host: what is remembered is nothing" eval "! knows $host"
    expect "$host: the daemon measures" 0 "Kept" lab_ziglan "$host" netcheck --lifetime
    check "$host: now something goes every seven tenths of what was measured" \
        [ "$(($(keepalive "$host") * 100 / 70 / 1000))" -le $(($1 + 3)) ]
    check "$host: and not much oftener" \
        [ "$(($(keepalive "$host") * 100 / 70 / 1000))" -ge $(($1 - 3)) ]
    for caller in "${callers[@]}"; do
        check_most "$host: $caller, who never talked to it, gets its first answer in ms" \
            "$(first_reply_ms "$caller" "$host" "$(moment)" 10)" 1500
        sleep 9.7
    done
    check "$host: its NAT is not doubted" eval "! grep -q ' nat.forgot ' '$LAB_DIR/$host.log'"
    lab_ziglan "$host" down >/dev/null
    hosts_up "$host"
    check "$host: after a restart it knows" wait_for 10 knows "$host"
    check "$host: and sends as often as before" [ "$(keepalive "$host")" -lt 15000 ]
}

test_begin
lab_begin
lab_public vps 192.0.2.10
silent=()
for lifetime in "${LIFETIMES[@]}"; do
    site=forgetful$lifetime
    lab_site "$site" symmetric "198.51.100.$((30 + lifetime))" "192.168.$((30 + lifetime))"
    lab_in "$site" sysctl -qw "net.netfilter.nf_conntrack_udp_timeout=$lifetime" \
        "net.netfilter.nf_conntrack_udp_timeout_stream=$lifetime"
    lab_host "silent$lifetime" "$site" 2
    silent+=("silent$lifetime")
done
lab_site far port-restricted 198.51.100.32 192.168.32
callers=(one two three)
last=2
for host in "${callers[@]}"; do
    lab_host "$host" far $((last++))
done
relay_start vps 192.0.2.10
hosts_join "${silent[@]}" "${callers[@]}"
hosts_up "${silent[@]}" "${callers[@]}"
for host in "${silent[@]}" "${callers[@]}"; do
    check "$host is up" wait_for 10 is_joined "$host"
done
pids=()
for lifetime in "${LIFETIMES[@]}"; do
    silent_is_kept "$lifetime" &
    pids+=($!)
done
wait "${pids[@]}"
test_end
