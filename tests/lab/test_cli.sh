#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The command line of ziglan: exit codes, sentences and JSON. However it ends, it leaves nothing
# that stands in the way of the next start.
. "$(dirname "$0")/check.sh"

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_public lone 192.0.2.20
lab_public far 198.51.100.30
relay_start vps 192.0.2.10

program=$(lab_program ziglan)
# With a time limit, for commands that do not end by themselves although they should.
z() { lab_in lone env ZIGLAN_ROOT="$LAB_DIR/lone" timeout -k 1 20 "$program" "$@"; }
# By user nobody, with a copy of the program that every user may run. The copy lies on a tmpfs,
# which vanishes with the mounts of this command, because /run and /tmp may forbid programs.
z_as_nobody() { # root folder, words...
    local root=$1
    shift
    # shellcheck disable=SC2016
    lab_in lone sh -c 'mount -t tmpfs -o mode=755 lab "$1" &&
        install -m 755 "$2" "$1/ziglan" && shift 2 && exec "$@"' \
        sh "$LAB_DIR/bin" "$program" env ZIGLAN_ROOT="$root" timeout -k 1 20 \
        setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all \
        "$LAB_DIR/bin/ziglan" "$@"
}
mkdir -p "$LAB_DIR/bin"
config=$LAB_DIR/lone/etc/ziglan/zig0.yaml
no_interface() { ! lab_in lone ip link show zig0 >/dev/null 2>&1; }
is_up() { z status >/dev/null 2>&1; }

# Runs beside the rest: no relay answers at this address, and that takes a while to notice.
lab_ziglan far init --name far >/dev/null
{
    lab_ziglan far join "${RELAY_URL/192.0.2.10/192.0.2.99}" >"$LAB_DIR/far.join" 2>&1
    echo $? >"$LAB_DIR/far.code"
} &
far_pid=$!

say "words"
expect "no verb" 2 "ziglan VERB" z
expect "an unknown verb" 2 "there is no verb fly" z fly
expect "an unknown flag" 2 "--fly" z status --fly
expect "too few words" 2 "ziglan join URL" z join
expect "help" 0 "Exit codes" z help
expect "help of a verb" 0 "join URL" z help join
expect "version" 0 "ziglan " z version
expect "an impossible interface name" 2 "is no interface name" z status -i ../zig0

say "URLs"
expect "no URL at all" 2 "" z join http://192.0.2.10
expect "a key cut short" 2 "" z join ziglan://abc@192.0.2.10
expect "nothing on standard input" 2 "no URL on standard input" z join -

say "the interface is down"
for verb in status peers "ping nas"; do
    # shellcheck disable=SC2086
    expect "ziglan $verb" 3 "the interface zig0 is down; start it with" z $verb
done

say "configuration"
expect "init" 0 "Wrote $config" z init --name lone
expect "init again keeps what is there" 1 "exists already" z init --name other
cp "$config" "$config.good"
printf 'name: lone\nmtu: 99\n' >"$config"
expect "a bad value" 2 "zig0.yaml:2: " z up
printf 'name: lone\n\nflavour: mild\n' >"$config"
expect "an unknown key" 2 "zig0.yaml:3: " z up
printf 'name: [\n' >"$config"
expect "no YAML" 2 "zig0.yaml:" z up
cp "$config.good" "$config"
check "nothing was left by these" no_interface

say "permission"
expect "up by somebody else" 4 "" z_as_nobody "$LAB_DIR/lone" up
mkdir -p "$LAB_DIR/nobody"
chown 65534:65534 "$LAB_DIR/nobody"
expect "up without CAP_NET_ADMIN" 4 "run as root or with CAP_NET_ADMIN" \
    z_as_nobody "$LAB_DIR/nobody" up
# shellcheck disable=SC2016
expect "up without /dev/net/tun" 1 "there is no TUN driver (/dev/net/tun)" \
    lab_in lone env ZIGLAN_ROOT="$LAB_DIR/lone" timeout -k 1 20 unshare -m sh -c \
    'mount -t tmpfs none /dev/net && exec "$0" up' "$program"
expect "up without the right to port 53" 0 "zig0 is up" \
    lab_in lone env ZIGLAN_ROOT="$LAB_DIR/lone" \
    setpriv --bounding-set=-net_bind_service "$program" up --detach
check "names do not work then, and status says what is missing" \
    says 'Permission denied; .* CAP_NET_BIND_SERVICE' z status
expect "down" 0 "" z down
lab_in lone ip tuntap add zig0 mode tun
expect "up where the name is taken" 1 "the interface zig0 exists already" z up
lab_in lone ip link del zig0

say "up"
expect "join by standard input, while down" 0 "Joined ziglan as lone.zignet" \
    eval "printf '%s\n' '$RELAY_URL' | z join -"
hosts_up lone
check "it is up" wait_for 10 is_up
expect "a second one" 1 "the interface zig0 is up already" z up
expect "status by somebody else" 4 "serves root, its own user and its operators only" \
    z_as_nobody "$LAB_DIR/lone" status
expect "a peer that is not there" 1 "" z ping nobody -n 1
expect "a ziglan that is not there" 1 "" z leave nowhere
for verb in status peers whoami; do
    check "ziglan $verb --json is JSON" \
        eval "z $verb --json | '$LAB_PYTHON' -m json.tool >/dev/null"
done
check "a wrong URL does not disturb it" eval '! z join ziglan://abc@192.0.2.10 2>/dev/null; is_up'
check "it has its addresses" says "inet 100\.64\." lab_in lone ip -4 addr show zig0
check "of both families" says "inet6 fdd9:f800:" lab_in lone ip -6 addr show zig0
check "status says who may come in" \
    says "members of joined ziglans and named peers are allowed, everybody else is refused" z status

say "the end"
gone() { ! lab_alive "$(cat "$LAB_DIR/lone.pid")"; }
clean() {
    no_interface && says_no '100\.64\.|fdd9:f800' lab_in lone ip route show table all &&
        says_no ':53 ' lab_in lone ss -Hlun && [ ! -e "$LAB_DIR/lone/run/ziglan/zig0.sock" ]
}
for signal in INT TERM; do
    kill -$signal "$(cat "$LAB_DIR/lone.pid")"
    check "SIG$signal ends it" wait_for 10 gone
    check "interface, addresses, routes, resolver and socket are gone" clean
    expect "status after that" 3 "is down" z status
    hosts_up lone
    check "it starts again" wait_for 10 is_up
done
kill -KILL "$(cat "$LAB_DIR/lone.pid")"
check "SIGKILL ends it" wait_for 10 gone
check "the kernel removed the interface" wait_for 5 no_interface
expect "status after that" 3 "is down" z status
expect "up --detach" 0 "zig0 is up: 100.64." z up --detach
expect "up --detach once more" 1 "is up already" z up --detach
expect "whoami" 0 "lone" z whoami
check "it is joined again" wait_for 10 is_joined lone
expect "down" 0 "" z down
check "all is gone" clean
expect "down again" 0 "zig0 is down already" z down

say "another key than what was joined"
key=$LAB_DIR/lone/var/lib/ziglan/zig0/key
mv "$key" "$key.copy"
expect "up without the key" 2 "zig0/key is gone" z up
expect "whoami without it" 2 "put the key back from a copy" z whoami
config=$LAB_DIR/lone/etc/ziglan/zig0.yaml
mv "$config" "$config.copy"
expect "whoami with neither key nor configuration" 2 "put the key back from a copy" z whoami
mv "$config.copy" "$config"
expect "join without it" 2 "put the key back from a copy" z join "$RELAY_URL"
check "no other key was made" [ ! -e "$key" ]
install -m 600 "$LAB_DIR/far/var/lib/ziglan/zig0/key" "$key"
expect "up with the key of another host" 2 "was joined with the key" z up
mv "$key.copy" "$key"

say "two hosts with one key"
mkdir -p "$LAB_DIR/twin/var/lib/ziglan/zig0"
cp -a "$LAB_DIR/lone/var/lib/ziglan/zig0/key" "$LAB_DIR/lone/var/lib/ziglan/zig0/store" \
    "$LAB_DIR/twin/var/lib/ziglan/zig0/"
hosts_up lone
check "lone is joined" wait_for 10 is_joined lone
lab_public twin 192.0.2.21
hosts_up twin
told() { says "another host with this key" lab_ziglan "$1" status; }
check "the one that was replaced says so" wait_for 15 told lone
for host in lone twin; do expect "$host goes down" 0 "" lab_ziglan $host down; done

say "leaving"
members() { lab_in vps "$(lab_program relayd)" members -c "$LAB_DIR/vps/relayd.yaml"; }
expect "leave while down tells the relay" 0 "Left ziglan" z leave ziglan
check "which has no member any more" says_no lone members
expect "a ziglan that was left" 1 "no joined ziglan" z leave ziglan
expect "join again" 0 "Joined ziglan as lone.zignet" \
    eval "printf '%s\n' '$RELAY_URL' | z join -"
kill -TERM "$RELAY_PID"
check "the relay stops" wait_for 10 eval '! lab_alive "$RELAY_PID"'
expect "leave while the relay is away" 0 "It is told at the next: sudo ziglan up" z leave ziglan
RELAY_PID=$(lab_relay_up vps)
check "the relay is back" wait_for 20 relay_answers vps
check "and has its member" says lone members
hosts_up lone
check "the next start tells it" wait_for 15 says_no lone members
expect "join while up" 0 "Joined ziglan as lone.zignet" \
    eval "printf '%s\n' '$RELAY_URL' | z join -"
expect "leave while up" 0 "Left ziglan" z leave ziglan
check "the relay knows it" says_no lone members
expect "join once more" 0 "Joined ziglan as lone.zignet" \
    eval "printf '%s\n' '$RELAY_URL' | z join -"
key=$(json_of lone status 'd["ziglans"][0]["key"]')
kill -TERM "$RELAY_PID"
check "the relay stops" wait_for 10 eval '! lab_alive "$RELAY_PID"'
expect "leave by the beginning of the key, while up and the relay is away" 0 \
    "It is told as soon as it answers" z leave "${key:0:10}"
expect "once more drops that" 0 "Left ziglan" z leave ziglan
check "nothing is left to be told" [ "$(json_of lone status 'd["leaving"]')" = '[]' ]
expect "down" 0 "" z down

say "a relay that does not answer"
wait $far_pid
say "$(head -1 "$LAB_DIR/far.join")"
check "join says which address does not answer" grep -qF '192.0.2.99' "$LAB_DIR/far.join"
check "and ends with 1, not $(cat "$LAB_DIR/far.code")" [ "$(cat "$LAB_DIR/far.code")" = 1 ]
test_end
