# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Part of tests/bench/run: the lab in which tunnels are compared, and the tunnels in it.
#
# Pairs of machines with public addresses around a VPS. `left` and `right` talk directly; between
# `near` and `far` no UDP passes, so that tunnels need the VPS. ziglan has more pairs, each with
# another configuration. A tunnel that runs one way has an entry KEY = NAME.WAY in these:
declare -A AT    # where to send: the other end's address inside
declare -A FROM  # the machine that sends
declare -A TO    # the machine that receives
declare -A ENDS  # pids of the daemons of both
declare -A RELAY # pids of the daemons between them
declare -A VERSION
# NAME: plain (no tunnel), null, null_aes, ziglan, ziglan_one, ziglan_threads, ziglan_session,
# ziglan_two, ziglan_aegis and more ciphers, and the peers. WAY: direct or relayed.

VPS=192.0.2.10
VPS_TWO=23.2.1.10 # relays believe each other by their /16
IPERF_PORT=5201
UDP_PORT=5301
TRAINS_PORT=5302

declare -A ADDRESS
pairs_made=0

# Two machines, on either side of the internet's router. With FIELD_DELAY_MS each stands behind a
# router without NAT, and the first one's line is that late, each way. (Their addresses are none of
# a private network: to such a one a relay sends nothing by a lane.)
field_pair() { # one other direct|relayed
    local n=$((10 + ++pairs_made)) name
    ADDRESS[$1]=198.51.100.$n ADDRESS[$2]=203.0.113.$n
    if [ -n "${FIELD_DELAY_MS:-}" ]; then
        LAB_DELAY_MS=$FIELD_DELAY_MS lab_site "r-$1" open "198.51.100.$n" "11.8.$n"
        lab_host "$1" "r-$1" 2
        lab_site "r-$2" open "203.0.113.$n" "11.9.$n"
        lab_host "$2" "r-$2" 2
        ADDRESS[$1]=11.8.$n.2 ADDRESS[$2]=11.9.$n.2
    else
        lab_public "$1" "${ADDRESS[$1]}"
        lab_public "$2" "${ADDRESS[$2]}"
    fi
    for name in "$1" "$2"; do
        field_no_tunnel_in_tunnel "$name"
    done
    [ "$3" = direct ] || field_no_udp "${ADDRESS[$1]}" "${ADDRESS[$2]}"
    lab_spawn "$2" "$LAB_DIR/$2.iperf" iperf3 -s -p $IPERF_PORT >/dev/null
    lab_spawn "$2" "$LAB_DIR/$2.udp" "$ZIGLAN_BIN/bench_udp" receive $UDP_PORT >/dev/null
    lab_spawn "$2" "$LAB_DIR/$2.trains" "$ZIGLAN_BIN/bench_udp" receive --trains $TRAINS_PORT \
        >/dev/null
}

# Tunnels tell their peers all addresses of a machine, so they would go through each other. Only
# what is measured passes.
field_no_tunnel_in_tunnel() { # machine
    lab_in "$1" nft -f - <<NFT
table inet bench {
    chain out {
        type filter hook output priority 0
        oifname { "lo", "eth0" } accept
        udp dport { $UDP_PORT, $TRAINS_PORT } accept
        udp sport { $UDP_PORT, $TRAINS_PORT } accept
        meta l4proto udp drop
    }
}
NFT
}

field_no_udp() { # address address
    lab_in inet nft -f - <<NFT
table ip bench {
    chain through {
        type filter hook forward priority 0
        ip saddr $1 ip daddr $2 meta l4proto udp drop
        ip saddr $2 ip daddr $1 meta l4proto udp drop
    }
}
NFT
}

# Start a program on a machine; its pid is in SPAWNED.
field_spawn() { # machine what command...
    SPAWNED=$(lab_spawn "$1" "$LAB_DIR/$1-$2.log" "${@:3}")
}

# A tunnel is there: name way from to address "ends" ["relays"].
field_tunnel() {
    local key=$1.$2
    FROM[$key]=$3 TO[$key]=$4 AT[$key]=$5 ENDS[$key]=$6 RELAY[$key]=${7:-}
}

# ---- ziglan ----

field_relay() {
    lab_public vps $VPS
    lab_relay_init vps $VPS --name bench >/dev/null
    printf 'open_relay: true\n' >>"$LAB_DIR/vps/relayd.yaml"
    lab_relay_up vps >"$LAB_DIR/vps.pid"
    wait_for 10 relay_answers vps || stop "relayd did not start"
}

# A pair of hosts with more lines of configuration, named for its first machine.
field_ziglan() { # name way one other [line...]
    local name=$1 way=$2 one=$3 other=$4 host
    shift 4
    for host in "$one" "$other"; do
        lab_ziglan "$host" init --name "$host" >/dev/null
        lab_ziglan "$host" join - <<<"$(lab_invite vps)" >/dev/null
        printf '%s\n' "$@" >>"$LAB_DIR/$host/etc/ziglan/zig0.yaml"
        lab_up "$host" >"$LAB_DIR/$host.pid"
    done
    wait_for 15 joined "$one" && wait_for 15 joined "$other" || return 1
    wait_for 15 peer_ipv4 "$one" "$other" || return 1
    field_tunnel "$name" "$way" "$one" "$other" "$(peer_ipv4 "$one" "$other")" \
        "$(cat "$LAB_DIR/$one.pid") $(cat "$LAB_DIR/$other.pid")"
    [ "$way" = direct ] || RELAY[$name.$way]=$(cat "$LAB_DIR/vps.pid")
    VERSION[$name]=$("$ZIGLAN_BIN/ziglan" version | sed -n 1p)
}

start_ziglan() {
    field_ziglan ziglan direct left right 'lanes: true'
    field_ziglan ziglan relayed near far 'lanes: true'
}

start_ziglan_session() {
    field_pair one1 one2 relayed
    field_ziglan ziglan_session relayed one1 one2 'lanes: false'
}

# Each is a member of another relay's ziglan, and names the other. To a relay who comes by another
# one is a stranger, with 20 Mbit/s.
start_ziglan_two() {
    local host other relay
    field_pair two1 two2 relayed
    SUBNET_SETTINGS='open_relay: true'
    subnet_machine vps2 $VPS_TWO
    relayd_of vps status | grep -o 'relay://[^ ]*' >"$LAB_DIR/vps.url"
    subnet_relay vps2 vps
    wait_for 60 subnet_all_know vps vps2 || return 1
    for host in two1 two2; do
        relay=$([ $host = two1 ] && echo vps || echo vps2)
        lab_ziglan $host init --name $host >/dev/null
        lab_ziglan $host join - <<<"$(lab_invite $relay)" >/dev/null
        json_of $host whoami 'd["key"]' >"$LAB_DIR/$host.key"
    done
    for host in two1 two2; do
        other=$([ $host = two1 ] && echo two2 || echo two1)
        printf 'name: %s\nhome_relays: false\nlanes: false\npeers:\n  - {name: %s, id: %s}\n' \
            $host "$other" "$(cat "$LAB_DIR/$other.key")" >"$LAB_DIR/$host/etc/ziglan/zig0.yaml"
        lab_up $host >"$LAB_DIR/$host.pid"
    done
    wait_for 20 peer_ipv4 two1 two2 || return 1
    field_tunnel ziglan_two relayed two1 two2 "$(peer_ipv4 two1 two2)" \
        "$(cat "$LAB_DIR/two1.pid") $(cat "$LAB_DIR/two2.pid")" \
        "$(cat "$LAB_DIR/vps.pid") $(cat "$LAB_DIR/vps2.pid")"
    VERSION[ziglan_two]=${VERSION[ziglan]:-}
}

# All on one thread, and on three: two cores cannot show what these are worth, but how busy each
# thread is can.
start_ziglan_one() {
    field_pair single1 single2 direct
    field_ziglan ziglan_one direct single1 single2 'threads: 0'
}
start_ziglan_threads() {
    field_pair thread1 thread2 direct
    field_ziglan ziglan_threads direct thread1 thread2 'threads: 2'
}

start_cipher() { # cipher short
    field_pair "${2}1" "${2}2" direct
    field_ziglan "ziglan_$2" direct "${2}1" "${2}2" "cipher: $1"
}
start_ziglan_aegis() { start_cipher aegis-128l aegis; }
start_ziglan_aes() { start_cipher aes-256-gcm aes; }
start_ziglan_chacha() { start_cipher chacha20-poly1305 chacha; }

# ---- all of them ----

# Make the lab and start these tunnels in it. One that does not run is said so and left out.
field_make() { # name...
    local name
    lab_possible || stop "this kernel does not allow network namespaces with NAT and TUN"
    step "a VPS, and pairs of machines:${FIELD_DELAY_MS:+ $FIELD_DELAY_MS ms late,} $*"
    AT=() FROM=() TO=() ENDS=() RELAY=() ADDRESS=() pairs_made=0
    lab_begin
    field_pair left right direct
    field_pair near far relayed
    field_relay
    for name; do
        field_start "$name"
    done
}

field_start() { # name
    local key way
    if ! "start_$1" >"$work/start-$1" 2>&1; then
        step "$1 does not start here, it is left out: $(tail -n 1 "$work/start-$1")"
        field_forget "$1"
        return
    fi
    for way in direct relayed; do
        key=$1.$way
        [ -n "${AT[$key]:-}" ] || continue
        if ! wait_for 20 lab_in "${FROM[$key]}" ping -n -c 1 -W 1 "${AT[$key]}"; then
            step "$1, $way: nothing passes, it is left out"
            unset "AT[$key]"
        fi
    done
}

field_forget() { # name
    unset "AT[$1.direct]" "AT[$1.relayed]"
}

# Some packets before each measurement, because a lane is there only for who talks for a moment.
field_warm() { # key
    local pinger
    lab_in "${FROM[$1]}" ping -n -q -i 0.02 -c 1200 "${AT[$1]}" >/dev/null 2>&1 &
    pinger=$!
    if [ "$1" = ziglan.relayed ]; then
        wait_for 20 both_on_lane "${FROM[$1]}" "${TO[$1]}" || step "$1: no lane is used"
    fi
    sleep 0.3
    kill $pinger
    wait $pinger || true
}

both_on_lane() { # one other
    sends_on_lane "$1" "$2" && sends_on_lane "$2" "$1"
}
sends_on_lane() { # host peer
    [ "$(json_of "$1" status \
        "[p['lane'] and p['lane']['used'] for p in d['peers'] if p['name'] == '$2']")" = '[True]' ]
}

runs_here() { [ -n "${AT[$1]:-}" ]; } # key

# Relayed pairs of ziglan must not have become direct, nor direct ones relayed.
field_check_paths() {
    local key want
    for key in "${!AT[@]}"; do
        [[ $key = ziglan* ]] || continue
        want=${key#*.}
        # Who was idle for some minutes has no path any more.
        lab_in "${FROM[$key]}" ping -n -q -c 1 -W 2 "${AT[$key]}" >/dev/null 2>&1 || true
        wait_for 20 lab_is_state "${FROM[$key]}" "${TO[$key]}" "$want" ||
            stop "$key: ${FROM[$key]} and ${TO[$key]} are not $want"
        field_warm "$key"
    done
}

field_end() {
    peers_end
    lab_clean
}
