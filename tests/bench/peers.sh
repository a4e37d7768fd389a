# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Part of tests/bench/run: how the others are started, each as its package comes and as its manual
# says, apart from what a lab forces on it. start_NAME makes the tunnels NAME.direct (left, right)
# and NAME.relayed (near, VPS, far); it is false if that cannot be.

# Run a program of a peer that deploy/setup --bench has unpacked: words in PROGRAM.
peer_program() { # folder program
    local words
    words=$(unpacked "peer-$1" "$2") ||
        { echo "not in the cache (deploy/setup --bench)"; return 1; }
    read -ra PROGRAM <<<"$words"
    VERSION[${1//-/_}]="$1 $(cat "${XDG_CACHE_HOME:-$HOME/.cache}/ziglan/peer-$1/version")"
}

# ---- none, and the least ----

start_plain() {
    field_tunnel plain direct left right "${ADDRESS[right]}" ''
    field_tunnel plain relayed near far "${ADDRESS[far]}" ''
    VERSION[plain]="no tunnel, no relay"
}

null_end() { # machine device own-port peer-address peer-port address plain|aes
    field_spawn "$1" "$2" "$ZIGLAN_BIN/bench_null_tunnel" tunnel "$2" "$3" "$4" "$5" "$7"
    wait_for 5 lab_in "$1" ip link set "$2" mtu 1420 up || return 1
    lab_in "$1" ip addr add "$6/24" dev "$2"
}

null_pair() { # name device port net plain|aes
    null_end left "$2" "$3" "${ADDRESS[right]}" "$3" "$4.1" "$5" || return 1
    local ends=$SPAWNED
    null_end right "$2" "$3" "${ADDRESS[left]}" "$3" "$4.2" "$5" || return 1
    field_tunnel "$1" direct left right "$4.2" "$ends $SPAWNED"
}

start_null() {
    local ends
    VERSION[null]="a tunnel with offloads that seals nothing (bench_null_tunnel)"
    null_pair null null0 7001 10.77.10 plain || return 1
    null_end near null0 7001 $VPS 7001 10.77.11.1 plain || return 1
    ends=$SPAWNED
    null_end far null0 7001 $VPS 7001 10.77.11.2 plain || return 1
    ends="$ends $SPAWNED"
    field_spawn vps null "$ZIGLAN_BIN/bench_null_tunnel" forward 7001 "${ADDRESS[near]}" 7001 \
        "${ADDRESS[far]}" 7001
    field_tunnel null relayed near far 10.77.11.2 "$ends" "$SPAWNED"
}

start_null_aes() {
    VERSION[null_aes]="the same with AES-256-GCM"
    null_pair null_aes nullaes0 7002 10.77.12 aes
}

# ---- wireguard-go: WireGuard has no relays, so a hub opens and seals each packet ----

wireguard_spawn() { # machine letter address
    local name=wg$$$2
    wireguard_names="$wireguard_names $name"
    field_spawn "$1" wireguard env WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1 \
        "${PROGRAM[@]}" -f "$name"
    (umask 077 && wg genkey >"$work/$name.key")
    wg pubkey <"$work/$name.key" >"$work/$name.pub"
    wait_for 10 [ -S "/run/wireguard/$name.sock" ] || return 1
    lab_in "$1" wg set "$name" private-key "$work/$name.key" listen-port 51820
    lab_in "$1" ip addr add "$3/24" dev "$name"
    lab_in "$1" ip link set "$name" up
}

wireguard_peer() { # machine letter peer-letter endpoint|- allowed
    local options=(allowed-ips "$5")
    if [ "$4" != - ]; then
        options+=(endpoint "$4:51820" persistent-keepalive 5)
    fi
    lab_in "$1" wg set "wg$$$2" peer "$(cat "$work/wg$$$3.pub")" "${options[@]}"
}

start_wireguard_go() {
    local pids=()
    command -v wg >/dev/null || { echo "wg is not installed"; return 1; }
    peer_program wireguard-go wireguard-go || return 1
    while read -r machine letter address; do
        wireguard_spawn "$machine" "$letter" "$address" || return 1
        pids+=("$SPAWNED")
    done <<LIST
left a 10.77.1.1
right b 10.77.1.2
near c 10.77.2.1
far d 10.77.2.2
vps e 10.77.2.9
LIST
    wireguard_peer left a b "${ADDRESS[right]}" 10.77.1.2/32
    wireguard_peer right b a "${ADDRESS[left]}" 10.77.1.1/32
    wireguard_peer near c e $VPS 10.77.2.0/24
    wireguard_peer far d e $VPS 10.77.2.0/24
    wireguard_peer vps e c - 10.77.2.1/32
    wireguard_peer vps e d - 10.77.2.2/32
    lab_in vps sysctl -qw net.ipv4.ip_forward=1
    field_tunnel wireguard_go direct left right 10.77.1.2 "${pids[0]} ${pids[1]}"
    field_tunnel wireguard_go relayed near far 10.77.2.2 "${pids[2]} ${pids[3]}" "${pids[4]}"
}

# ---- nebula: a lighthouse, which is the relay, too ----

nebula_spawn() { # machine address "more settings"
    "${cert[@]}" sign -ca-crt "$dir/ca.crt" -ca-key "$dir/ca.key" -name "$1" -networks "$2/24" \
        -out-crt "$dir/$1.crt" -out-key "$dir/$1.key" || return 1
    cat >"$dir/$1.yml" <<YAML
pki: {ca: $dir/ca.crt, cert: $dir/$1.crt, key: $dir/$1.key}
static_host_map: {"10.77.3.9": ["$VPS:4242"]}
listen: {host: 0.0.0.0, port: 4242}
punchy: {punch: true}
tun: {dev: nebula0}
firewall:
  outbound: [{port: any, proto: any, host: any}]
  inbound: [{port: any, proto: any, host: any}]
$3
YAML
    field_spawn "$1" nebula "${PROGRAM[@]}" -config "$dir/$1.yml"
    pids+=("$SPAWNED")
}

start_nebula() {
    local cert pids=() dir=$work/nebula
    local host='lighthouse: {am_lighthouse: false, hosts: ["10.77.3.9"]}'
    peer_program nebula nebula-cert || return 1
    cert=("${PROGRAM[@]}")
    peer_program nebula nebula || return 1
    rm -rf "$dir" && mkdir "$dir"
    "${cert[@]}" ca -name bench -out-crt "$dir/ca.crt" -out-key "$dir/ca.key" || return 1
    nebula_spawn vps 10.77.3.9 $'lighthouse: {am_lighthouse: true}\nrelay: {am_relay: true}' &&
        nebula_spawn left 10.77.3.1 "$host" && nebula_spawn right 10.77.3.2 "$host" &&
        nebula_spawn near 10.77.3.3 "$host"$'\nrelay: {relays: ["10.77.3.9"], use_relays: true}' &&
        nebula_spawn far 10.77.3.4 "$host"$'\nrelay: {relays: ["10.77.3.9"], use_relays: true}' ||
        return 1
    field_tunnel nebula direct left right 10.77.3.2 "${pids[1]} ${pids[2]}"
    field_tunnel nebula relayed near far 10.77.3.4 "${pids[3]} ${pids[4]}" "${pids[0]}"
}

# ---- yggdrasil: the VPS is a node that both know ----

yggdrasil_spawn() { # machine [peer]
    "${PROGRAM[@]}" -genconf -json | "$LAB_PYTHON" -c '
import json, sys
c = json.load(sys.stdin)
c.update(Peers=sys.argv[1:], Listen=["tcp://0.0.0.0:9001"], MulticastInterfaces=[], IfName="ygg0",
         AdminListen="none")
json.dump(c, sys.stdout)' "${@:2}" >"$work/yggdrasil-$1.conf" || return 1
    field_spawn "$1" yggdrasil "${PROGRAM[@]}" -useconffile "$work/yggdrasil-$1.conf"
    pids+=("$SPAWNED")
}

yggdrasil_address() { "${PROGRAM[@]}" -useconffile "$work/yggdrasil-$1.conf" -address; } # machine

start_yggdrasil() {
    local pids=()
    peer_program yggdrasil yggdrasil || return 1
    yggdrasil_spawn vps && yggdrasil_spawn left && sleep 1 &&
        yggdrasil_spawn right "tcp://${ADDRESS[left]}:9001" &&
        yggdrasil_spawn near "tcp://$VPS:9001" && yggdrasil_spawn far "tcp://$VPS:9001" || return 1
    field_tunnel yggdrasil direct left right "$(yggdrasil_address right)" "${pids[1]} ${pids[2]}"
    field_tunnel yggdrasil relayed near far "$(yggdrasil_address far)" "${pids[3]} ${pids[4]}" \
        "${pids[0]}"
}

# ---- openvpn: point to point, and a server whose clients reach each other ----

openvpn_key() { # name; prints its fingerprint
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -subj "/CN=$1" -keyout "$work/openvpn-$1.key" -out "$work/openvpn-$1.crt" 2>/dev/null
    openssl x509 -in "$work/openvpn-$1.crt" -noout -sha256 -fingerprint | sed 's/.*=//'
}

openvpn_spawn() { # machine "fingerprints" option...
    local machine=$1 known=$2
    shift 2
    {
        printf 'dev tun\nproto udp\ndisable-dco\nkeepalive 5 30\nverb 1\n'
        printf 'cert %s\nkey %s\n' "$work/openvpn-$machine.crt" "$work/openvpn-$machine.key"
        printf '<peer-fingerprint>\n%s\n</peer-fingerprint>\n' "$known"
        printf '%s\n' "$@"
    } >"$work/openvpn-$machine.conf"
    field_spawn "$machine" openvpn "${PROGRAM[@]}" --config "$work/openvpn-$machine.conf"
    pids+=("$SPAWNED")
}

start_openvpn() {
    local pids=() left right near far vps
    command -v openssl >/dev/null || { echo "openssl is not installed"; return 1; }
    peer_program openvpn openvpn || return 1
    left=$(openvpn_key left) right=$(openvpn_key right) near=$(openvpn_key near)
    far=$(openvpn_key far) vps=$(openvpn_key vps)
    openvpn_spawn right "$left" 'port 1194' tls-server 'dh none' 'ifconfig 10.77.5.2 10.77.5.1'
    openvpn_spawn left "$right" 'nobind' "remote ${ADDRESS[right]} 1194" tls-client \
        'ifconfig 10.77.5.1 10.77.5.2'
    openvpn_spawn vps "$near"$'\n'"$far" 'port 1194' 'dh none' 'topology subnet' \
        'server 10.77.6.0 255.255.255.0' client-to-client
    openvpn_spawn far "$vps" nobind "remote $VPS 1194" client
    wait_for 15 says 'inet 10\.77\.6\.' lab_in far ip -4 addr show dev tun0 || return 1
    openvpn_spawn near "$vps" nobind "remote $VPS 1194" client
    field_tunnel openvpn direct left right 10.77.5.2 "${pids[0]} ${pids[1]}"
    field_tunnel openvpn relayed near far \
        "$(lab_in far ip -4 -o addr show dev tun0 | sed 's/.*inet \([0-9.]*\).*/\1/')" \
        "${pids[3]} ${pids[4]}" "${pids[2]}"
}

# ---- n2n: a supernode, through which a pair may be told to go ----

n2n_spawn() { # machine community address option...
    field_spawn "$1" n2n "${PROGRAM[@]}" -f -d n2n0 -a "$3/24" -c "$2" -k bench -u 0 -g 0 \
        -l $VPS:7654 "${@:4}"
    pids+=("$SPAWNED")
}

start_n2n() {
    local pids=()
    peer_program n2n supernode || return 1
    field_spawn vps n2n "${PROGRAM[@]}" -f -p 7654 -u 0 -g 0
    pids=("$SPAWNED")
    peer_program n2n edge || return 1
    n2n_spawn left one 10.77.7.1
    n2n_spawn right one 10.77.7.2
    n2n_spawn near two 10.77.8.1 -S1
    n2n_spawn far two 10.77.8.2 -S1
    field_tunnel n2n direct left right 10.77.7.2 "${pids[1]} ${pids[2]}"
    field_tunnel n2n relayed near far 10.77.8.2 "${pids[3]} ${pids[4]}" "${pids[0]}"
}

# ---- tinc: the VPS passes on what it opens and seals ----

tinc_make() { # machine address "setting..."
    local dir=$work/tinc/$1
    mkdir -p "$dir/hosts"
    printf 'Name = %s\nInterface = tinc0\n%s\n' "$1" "$3" >"$dir/tinc.conf"
    printf 'Subnet = %s/32\n' "$2" >"$dir/hosts/$1"
    [ "$1" = vps ] && printf 'Address = %s\n' $VPS >>"$dir/hosts/$1"
    [ "$1" = right ] && printf 'Address = %s\n' "${ADDRESS[right]}" >>"$dir/hosts/$1"
    [[ $1 = near || $1 = far ]] && printf 'IndirectData = yes\n' >>"$dir/hosts/$1"
    printf '#!/bin/sh\nip addr add %s/24 dev tinc0\nip link set tinc0 up\n' "$2" >"$dir/tinc-up"
    chmod 755 "$dir/tinc-up"
    "${PROGRAM[@]}" -c "$dir" -K2048 </dev/null
}

start_tinc() {
    local pids=() machine
    peer_program tinc tincd || return 1
    rm -rf "$work/tinc"
    tinc_make left 10.77.9.1 'ConnectTo = right' && tinc_make right 10.77.9.2 '' &&
        tinc_make vps 10.77.13.9 '' && tinc_make near 10.77.13.1 'ConnectTo = vps' &&
        tinc_make far 10.77.13.2 'ConnectTo = vps' || return 1
    for machine in left right near far vps; do
        cp -n "$work"/tinc/*/hosts/* "$work/tinc/$machine/hosts"
    done
    for machine in vps right far left near; do
        field_spawn $machine tinc "${PROGRAM[@]}" -c "$work/tinc/$machine" -D \
            "--pidfile=$work/tinc/$machine/pid"
        pids+=("$SPAWNED")
    done
    field_tunnel tinc direct left right 10.77.9.2 "${pids[1]} ${pids[3]}"
    field_tunnel tinc relayed near far 10.77.13.2 "${pids[2]} ${pids[4]}" "${pids[0]}"
}

# ---- coturn: a relay without tunnel; bench_udp uses it ----

start_coturn() {
    peer_program coturn turnserver || return 1
    field_spawn vps coturn "${PROGRAM[@]}" -n --no-auth -L $VPS -p 3478 --no-tls \
        --log-file=stdout --simple-log "--pidfile=$work/coturn.pid"
    COTURN=$SPAWNED
    wait_for 10 says . lab_in vps ss -Hlun 'sport = :3478'
}

peers_end() {
    local name
    for name in $wireguard_names; do rm -f "/run/wireguard/$name.sock"; done
    rmdir /run/wireguard 2>/dev/null || true
}
