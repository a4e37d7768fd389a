# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Part of tests/bench/run: what is measured of the tunnels of the field. Each part takes them in
# turn, round after round.

# All tunnels that run, one KEY a line, in the order of $tunnels: direct ones, then relayed ones.
field_keys() { # [direct|relayed]
    local way name
    for way in ${1:-direct relayed}; do
        for name in $tunnels; do
            ! runs_here "$name.$way" || echo "$name.$way"
        done
    done
}

# name.way -> way.name, as samples are called.
of_way() { echo "${1#*.}.${1%.*}"; }

# ---- TCP ----

# One run of iperf3, and the CPU time of the daemons meanwhile.
stream() { # part key what flows ["--bidir"]
    local key=$2 name out=$work/iperf.json ends relay ends_before relay_before
    field_warm "$key"
    name=$1.$(of_way "$key").$3
    read -ra ends <<<"${ENDS[$key]}"
    read -ra relay <<<"${RELAY[$key]}"
    ends_before=$(ticks "${ends[@]}") relay_before=$(ticks "${relay[@]}")
    thread_ticks "${ends[@]}" >"$work/threads-before"
    # shellcheck disable=SC2086 # none, or one word
    lab_in "${FROM[$key]}" timeout $((seconds + 20)) iperf3 -c "${AT[$key]}" -p $IPERF_PORT \
        -C cubic -t "$seconds" -P "$4" ${5:-} -J >"$out" 2>/dev/null || {
        step "$key: iperf3 did not end well: $(sed -n 's/.*"error":[[:space:]]*//p' "$out")"
        return 0
    }
    thread_ticks "${ends[@]}" >"$work/threads-after"
    python3 - "$name" "$out" "$(($(ticks "${ends[@]}") - ends_before))" \
        "$(($(ticks "${relay[@]}") - relay_before))" "$HERTZ" "${#relay[@]}" \
        "$work/threads-before" "$work/threads-after" >>"$samples" <<'PY'
import json, sys
name, path, ends, relay, hertz, relays, before, after = sys.argv[1:]
def threads(path):
    return {tuple(line.split()[:2]): int(line.split()[2]) for line in open(path)}
before, after = threads(before), threads(after)
busiest = max((ticks - before.get(one, 0) for one, ticks in after.items()), default=0)
end = json.load(open(path))["end"]
sums = [end[what] for what in ("sum_received", "sum_received_bidir_reverse") if what in end]
gigabytes = sum(one["bytes"] for one in sums) / 1e9
print(f"{name}.mbit_per_s {sum(one['bits_per_second'] for one in sums) / 1e6:.1f}")
if int(ends) and gigabytes:
    print(f"{name}.ends_cpu_s_per_gb {int(ends) / int(hertz) / gigabytes:.4g}")
# One core for each thread could do no more than this thread does.
if busiest and gigabytes:
    print(f"{name}.busiest_thread_s_per_gb {busiest / int(hertz) / gigabytes:.4g}")
if int(relays) and gigabytes:
    print(f"{name}.relay_cpu_s_per_gb {int(relay) / int(hertz) / gigabytes:.4g}")
PY
}

part_tcp() { # direct|relayed
    local i key
    for ((i = 1; i <= runs; i++)); do
        step "tcp: round $i of $runs"
        for key in $(field_keys "$1"); do
            stream tcp "$key" one 1
        done
    done
    step "tcp: eight flows, and both ways at once"
    for key in $(field_keys "$1"); do
        stream tcp "$key" eight 8
        stream tcp "$key" one_both 1 --bidir
        stream tcp "$key" eight_both 8 --bidir
    done
    for key in $(field_keys "$1"); do
        tunnel_memory "$key"
    done
}

# After the load: of the receiver's daemon, and of the relay's.
tunnel_memory() { # key
    local name ends relay
    name=memory.loaded.$(of_way "$1")
    read -ra ends <<<"${ENDS[$1]}"
    read -ra relay <<<"${RELAY[$1]}"
    [ ${#ends[@]} = 0 ] || memory_sample "$name.end" "${ends[1]}"
    [ ${#relay[@]} = 0 ] || memory_sample "$name.relay" "${relay[0]}"
}

# ---- UDP ----

udp_per_s() { # key size
    lab_in "${FROM[$1]}" timeout 60 "$ZIGLAN_BIN/bench_udp" send "${AT[$1]}" $UDP_PORT "$2" |
        sed -n 's/^per_s=\([0-9]*\).*/\1/p'
}

# CPU time of the daemons for what arrives of a steady stream: of datagrams that the sender hands to
# the kernel in trains of 40, and the receiver gets in trains, as QUIC does; and of TCP as fast.
udp_trains() { # key
    local ends before received mbit=960
    read -ra ends <<<"${ENDS[$1]}"
    [ ${#ends[@]} -gt 0 ] || return 0
    field_warm "$1"
    before=$(ticks "${ends[@]}")
    received=$(lab_in "${FROM[$1]}" timeout 60 "$ZIGLAN_BIN/bench_udp" send --trains "${AT[$1]}" \
        $TRAINS_PORT 1200 $((mbit * 1000000 / 8 / 1200)) 2 | sed -n 's/.*received=//p')
    steady_sample "$1" trains $((${received:-0} * 1200)) "$before" "${ends[@]}"
    before=$(ticks "${ends[@]}")
    received=$(lab_in "${FROM[$1]}" timeout 20 iperf3 -c "${AT[$1]}" -p $IPERF_PORT -b ${mbit}M \
        -t 2 -J 2>/dev/null | python3 -c 'import json, sys
print(json.load(sys.stdin)["end"]["sum_received"]["bytes"])' 2>/dev/null)
    steady_sample "$1" as_fast "${received:-0}" "$before" "${ends[@]}"
}

steady_sample() { # key what bytes ticks-before pid...
    local spent=$(($(ticks "${@:5}") - $4))
    if [ "$3" -lt 50000000 ]; then
        step "$1, $2: too little arrives ($3 bytes)"
        return
    fi
    sample "udp.$(of_way "$1").$2.ends_cpu_s_per_gb" "$(calculate "$spent / $HERTZ / ($3 / 1e9)")"
}

part_udp() { # direct|relayed
    local size key got
    for size in 64 512 1200; do
        step "udp: $size bytes"
        for key in $(field_keys "$1"); do
            field_warm "$key"
            got=$(udp_per_s "$key" $size || true)
            [ -z "$got" ] || sample "udp.$(of_way "$key").size_$size.per_s" "$got"
        done
    done
    step "udp: trains of 40 datagrams of 1200 bytes, 960 Mbit/s, and TCP as fast"
    for key in $(field_keys "$1"); do
        udp_trains "$key"
    done
}

# ---- round trips ----

# The median and the 99th percentile of some pings.
ping_sample() { # name key
    lab_in "${FROM[$2]}" ping -n -i 0.005 -c 400 -w 4 "${AT[$2]}" |
        sed -n 's/.*time=\([0-9.]*\) ms.*/\1/p' | sort -n | awk -v name="$1" '
            { ms[NR] = $1 }
            END { if (NR < 50) exit
                  printf "%s.p50_ms %s\n", name, ms[int((NR + 1) / 2)]
                  printf "%s.p99_ms %s\n", name, ms[int(NR * 0.99 + 0.99)] }' >>"$samples"
}

part_ping() { # direct|relayed
    local i key name bulk
    for ((i = 1; i <= runs; i++)); do
        step "ping: round $i of $runs, idle and under one flow"
        for key in $(field_keys "$1"); do
            name=ping.$(of_way "$key")
            field_warm "$key"
            ping_sample "$name.idle" "$key"
            lab_in "${FROM[$key]}" timeout 20 iperf3 -c "${AT[$key]}" -p $IPERF_PORT -C cubic -t 4 \
                >/dev/null 2>&1 &
            bulk=$!
            sleep 0.5
            ping_sample "$name.loaded" "$key"
            wait $bulk || true
        done
    done
}

# ---- losses ----

# All of them at once, each with four flows: they need little, and then they have the same weather.
# Packets are lost one by one, of both directions, at the first machine's router.
part_loss() {
    local permille key port pids site
    for permille in 1 10; do
        step "loss: $permille per mille, for $loss_seconds s"
        for site in left near one1; do
            [ -z "${ADDRESS[$site]:-}" ] || lab_lose "r-$site" $permille
        done
        port=$IPERF_PORT pids=()
        for key in $(field_keys); do
            port=$((port + 1))
            lab_spawn "${TO[$key]}" "$LAB_DIR/iperf-$port" iperf3 -s -1 -p $port >/dev/null
        done
        sleep 0.5
        port=$IPERF_PORT
        for key in $(field_keys); do
            port=$((port + 1))
            lab_in "${FROM[$key]}" timeout $((loss_seconds + 30)) iperf3 -c "${AT[$key]}" -p $port \
                -C cubic -P 4 -t "$loss_seconds" -J >"$work/loss-$key.json" 2>/dev/null &
            pids+=($!)
        done
        wait "${pids[@]}" || true
        for key in $(field_keys); do
            python3 - "loss.$(of_way "$key").permille_$permille" "$work/loss-$key.json" \
                >>"$samples" <<'PY' || step "$key: iperf3 did not end well"
import json, sys
received = json.load(open(sys.argv[2]))["end"]["sum_received"]
print(f"{sys.argv[1]}.mbit_per_s {received['bits_per_second'] / 1e6:.3f}")
PY
        done
        for site in left near one1; do
            [ -z "${ADDRESS[$site]:-}" ] || lab_in "r-$site" nft delete table ip lose
        done
    done
}

# ---- what a relay pays for a packet ----

RELAY_SIZE=1200 # inside, so that the datagrams outside have some 1,250 to 1,300
RELAY_SECONDS=3

# CPU time of the relay, in us, for each packet of a steady rate that goes out one by one.
relay_single() { # name pid machine bench_udp-arguments...
    local name=$1 pid=$2 machine=$3 before out
    shift 3
    before=$(ticks "$pid")
    out=$(lab_in "$machine" timeout 60 "$ZIGLAN_BIN/bench_udp" send "$@" $RELAY_SIZE 8000 \
        $RELAY_SECONDS) || { step "$name: no datagrams pass"; return 0; }
    if [[ $out = *received=0 ]]; then
        step "$name: no datagram arrived: $out"
        return 0
    fi
    sample "relay.$name.single_us" "$(calculate "($(ticks "$pid") - $before) / $HERTZ * 1e6 / \
        $(sed 's/.*received=//' <<<"$out")")"
}

# The same for the segments of one TCP stream.
relay_bulk() { # key segment-size
    local pid=${RELAY[$1]%% *} before bytes
    before=$(ticks "$pid")
    bytes=$(lab_in "${FROM[$1]}" timeout 60 iperf3 -c "${AT[$1]}" -p $IPERF_PORT -C cubic \
        -t $RELAY_SECONDS -J | python3 -c 'import json, sys
print(json.load(sys.stdin)["end"]["sum_received"]["bytes"])') || return 0
    sample "relay.${1%.*}.bulk_us" "$(calculate "($(ticks "$pid") - $before) / $HERTZ * 1e6 / \
        ($bytes / $2)")"
}

part_relay() {
    local i key
    start_coturn >"$work/coturn.log" 2>&1 ||
        { step "coturn does not run here, it is left out"; COTURN=; }
    for ((i = 1; i <= runs; i++)); do
        step "relay: round $i of $runs, what it pays for a packet"
        for key in ziglan.relayed ziglan_session.relayed null.relayed; do
            runs_here $key || continue
            field_warm $key
            relay_single "${key%.*}" "${RELAY[$key]}" "${FROM[$key]}" "${AT[$key]}" $UDP_PORT
            # 1280 less IP and TCP headers with a timestamp; the null tunnel's pieces.
            relay_bulk $key "$([ $key = null.relayed ] && echo 1384 || echo 1228)"
        done
        [ -z "$COTURN" ] ||
            relay_single coturn "$COTURN" near --turn $VPS 3478 "${ADDRESS[far]}" $UDP_PORT
    done
}

# ---- ciphers ----

part_cipher() {
    local i name
    for ((i = 1; i <= runs; i++)); do
        step "cipher: round $i of $runs"
        for name in ziglan_aegis ziglan_aes ziglan_chacha; do
            ! runs_here $name.direct || stream cipher $name.direct one 1
        done
    done
}
