#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The command line without any relay: exit codes, files and their modes, up and down, and two
# interfaces at once. Nothing is left behind.
# shellcheck source=ziglan_common.sh
. "$(dirname "$0")/ziglan_common.sh"

public=$(mktemp -d) # other users may not reach the checkout, if it lies in /root for example
install -m 755 "$ZIGLAN_BIN/ziglan" "$public/ziglan"
chmod 755 "$root" "$public"

expect() { # what, exit code, pattern in either output, command...
    local what=$1 code=$2 wanted=$3 got rc=0
    shift 3
    got=$("$@" 2>&1) || rc=$?
    if [ "$rc" != "$code" ] || ! grep -q -- "$wanted" <<<"$got"; then
        printf 'FAILED: %s: wanted exit %s and "%s", got exit %s and:\n%s\n' \
            "$what" "$code" "$wanted" "$rc" "$got"
        exit 1
    fi
    echo "ok: $what"
}

expect "no verb" 2 "ziglan VERB" ziglan
expect "an unknown verb" 2 "ziglan help" ziglan frobnicate
expect "an unknown flag" 2 "there is no flag --frobnicate" ziglan status --frobnicate
expect "a missing argument" 2 "join URL" ziglan join
expect "an impossible interface" 2 "no interface name" ziglan status -i ../x
expect "help" 0 "Exit codes" ziglan help
expect "help's alias with a verb" 0 "round trip" ziglan '?' ping
expect "help of a verb that is none" 2 "no verb frobnicate" ziglan help frobnicate
expect "--help after a verb" 0 "round trip" ziglan ping --help
expect "a flag without its value" 2 "there is no value after -i" ziglan status -i
expect "a count that is none" 2 "-n wants a number from 1 to 1000000, not 0" ziglan ping nas -n 0
expect "ping(8)'s count" 2 "there is no configuration 3 (-c); the number of pings is -n" \
    ziglan ping nas -c 3
expect "a verb that needs no configuration" 2 "there is no configuration" \
    ziglan status -c "$root/none.yaml"
expect "the default interface needs no -i" 3 "sudo ziglan up$" ziglan status
expect "another interface does" 3 "sudo ziglan up -i zig9$" ziglan status -i zig9
expect "version" 0 "libsodium" ziglan version
expect "status while down" 3 "sudo ziglan up" ziglan status
expect "ping while down" 3 "is down\|not running" ziglan ping nas
expect "a wrong URL" 2 "ziglan: " ziglan join nonsense
expect "a wrong URL by standard input" 2 "ziglan: " ziglan join - <<<"ziglan://x"
expect "a key that nobody can have" 2 "nobody can have the key of this URL" ziglan join \
    ziglan://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@127.0.0.1
some=ucnkl5d2m5myal7zkx4nyljkcss4thjdx2l7qzasp74tqncvutya
expect "a relay to ask without its key" 2 "has no @ between key and host: relay=KEY@HOST" \
    ziglan join "ziglan://$some?relay=r.example"
expect "one with a key that nobody can have" 2 "nobody can have the key of this URL" \
    ziglan join "ziglan://$some?relay=${some//?/a}@r.example"
expect "a name in place of a key" 2 "has 9 characters instead of 52" \
    ziglan join ziglan://r.example
expect "a flag of another verb" 2 "status takes no --detach; see: ziglan help status" \
    ziglan status --detach
expect "a verb's help explains its flags" 0 "-n, --count COUNT  *how many pings" ziglan ping --help
expect "the flags of all verbs are explained" 0 "-L, --lifetime  *find out" ziglan help
expect "a verb does not run into its words" 0 "netcheck \[RELAY...\] \[-H\] \[-L\]  *what" \
    ziglan help
expect "a count without a blank" 3 "sudo ziglan up" ziglan ping nas -n1
expect "leave where nothing was joined" 1 "has joined no ziglan" ziglan leave home
[ ! -e "$root/var/lib/ziglan" ] || { echo "FAILED: a leave made files"; exit 1; }
script -qec "ZIGLAN_ROOT=$root $ZIGLAN_BIN/ziglan join -" "$root/typescript" \
    <<<"nonsense" >/dev/null || true
expect "join on a terminal asks for the URL" 0 "Paste the URL" cat "$root/typescript"
expect "trust on a machine that joined nothing" 1 "joined no ziglan yet" ziglan trust nas
peer=ucnkl5d2m5myal7zkx4nyljkcss4thjdx2l7qzasp74tqncvutya
expect "peer wants add or remove" 2 "peer add KEY" ziglan peer drop "$peer"
expect "init" 0 "^  [a-z2-7]\{52\}$" ziglan init --name "My Laptop"
expect "init again" 1 "exists already" ziglan i
[ "$(stat -c %a "$root/var/lib/ziglan/zig0/key")" = 600 ] ||
    { echo "FAILED: mode of the key"; exit 1; }
[ "$(stat -c %a "$root/var/lib/ziglan/zig0")" = 700 ] ||
    { echo "FAILED: mode of the state"; exit 1; }
# A configuration of mynetwork, with the keys of tests/support/libp2p_keys.h.
mynetwork=$(dirname "$0")/../fuzz/corpus/mynetwork
expect "an import keeps what the machine is" 0 "Taken from .*: the key, 1 peers, 1 routes" \
    ziglan init -i zig5 --import "$mynetwork/whole"
expect "the imported key is this host's" 0 \
    "4qbqtggp2wwroi6bnh4vnkqlt24gdg2zsk6wclbk6quoxr47rxya" ziglan whoami -i zig5
expect "the imported peer is in the configuration" 0 "hostname1" cat "$root/etc/ziglan/zig5.yaml"
rm "$root/etc/ziglan/zig5.yaml"
expect "imported again, the key stays" 0 "the key, 1 peers" \
    ziglan init -i zig5 --import "$mynetwork/whole"
expect "what does not carry over is named" 0 "^  listenAddresses" \
    ziglan init -i zig4 --import "$mynetwork/other_forms"
expect "an import does not replace a key" 1 "another key already; take another interface" \
    ziglan init --import "$mynetwork/whole" -c "$root/new.yaml"
expect "what is no JSON is not imported" 2 "cut:1: that is no JSON" \
    ziglan init -i zig3 --import "$mynetwork/cut"
expect "and a file that is not there" 2 "no-such" ziglan init -i zig3 --import "$root/no-such"
[ ! -e "$root/var/lib/ziglan/zig3" ] || { echo "FAILED: a failed import made files"; exit 1; }
expect "whoami while down" 0 "my-laptop" ziglan whoami
expect "a peer by name is none" 2 "named by its key" ziglan peer add nas
expect "a peer named while down" 0 "^nas is a peer now" ziglan peer add "$peer" --name nas
relay=relay://$peer@127.0.0.1:9
expect "relay wants pin or unpin" 2 "relay pin KEY" ziglan relay use "$relay"
expect "a relay by its key alone" 0 "^Pinned" ziglan relay pin "$peer"
expect "a ziglan is no relay" 2 "URL of a ziglan" ziglan relay pin "ziglan://$peer@127.0.0.1"
expect "a relay pinned while down" 0 "^Pinned relay" ziglan relay pin "$relay"
expect "a key is blocked while down" 0 "^Blocked" ziglan block "$peer"
expect "and unblocked" 0 "^Unblocked" ziglan unblock "$peer"
# A command that comes while the daemon is about to listen waits for it.
lock=$(stat -c %i "$root/var/lib/ziglan/zig0/lock")
for round in 1 2 3; do
    ziglan up >/dev/null 2>&1 &
    until grep -q "OFDLCK.*:$lock " /proc/locks; do sleep 0.005; done
    expect "status while it comes up, $round" 0 "everybody else is refused" ziglan status
    expect "down" 0 "zig0 is down" ziglan down
    wait
done
expect "up" 0 "zig0 is up: 100.64" ziglan up --detach
expect "up twice" 1 "is up already" ziglan up --detach
expect "status" 0 "everybody else is refused" ziglan s
expect "status as JSON" 0 '"schema": 1' ziglan status --json
expect "status as JSON knows the version" 0 '"version": "[0-9]' ziglan status --json
expect "and how long it is up" 0 '"uptime_ms": [0-9]' ziglan status --json
expect "an error as JSON" 1 '"error": "no such peer' ziglan ping nobody --json
expect "an error as JSON while down" 3 '"exit_code": 3' ziglan status --json -i zig8
expect "a URL that is none, as JSON" 2 '"exit_code": 2' ziglan join http://foo --json
expect "a name that nobody has is not blocked" 1 "no peer has this name" ziglan block nobody
expect "a peer is blocked" 0 "^Blocked nas" ziglan block nas
expect "and shown so" 0 "^nas .* blocked" ziglan peers
expect "a blocked peer is not pinged" 1 "is blocked; see: ziglan unblock" ziglan ping nas
expect "it is unblocked" 0 "^Unblocked nas" ziglan unblock nas
expect "once" 1 "no peer that is blocked" ziglan unblock nas
expect "a peer named while down is there" 0 "^nas .* unknown" ziglan peers
expect "a peer named while up" 0 "^box is a peer now" ziglan peer add "$peer" --name box
expect "it has its new name" 0 "^box .* unknown" ziglan peers
expect "it is removed" 0 "^Removed box" ziglan peer remove box
expect "it is gone" 1 "no peer was named so" ziglan peer remove box
expect "relays" 0 "^127.0.0.1 .* connecting .* pinned" ziglan relays
expect "a relay pinned while down is used" 0 '"pinned": true' ziglan status --json
expect "it is let go" 0 "^Unpinned" ziglan relay unpin "$peer"
expect "it is pinned no more" 1 "is pinned" ziglan relay unpin "$peer"
expect "peers" 0 "No peers yet: this host has joined no ziglan" ziglan peers
expect "ping of itself" 1 "my-laptop.zignet. is this host itself" ziglan ping my-laptop.zignet.
expect "whoami without Solana's form" 1 "" grep -q Solana <(ziglan whoami)
expect "whoami with it" 0 "^Solana " ziglan whoami --solana
expect "ping of nobody" 1 "no such peer" ziglan ping nobody
[ "$(ziglan ping nobody 2>&1 | wc -l)" = 1 ] || { echo "FAILED: ping of nobody goes on"; exit 1; }
status=$(ziglan status)
if grep -q ' $' <<<"$status"; then echo "FAILED: a line of status ends in blanks"; exit 1; fi
[ "$(stat -c %a "$root/run/ziglan/zig0.sock")" = 600 ] ||
    { echo "FAILED: mode of the socket"; exit 1; }
chmod 700 "$root"
expect "another user" 4 "try: sudo ziglan status" \
    ip netns exec "$space" setpriv --reuid 65534 --regid 65534 \
    --clear-groups env ZIGLAN_ROOT="$root" "$public/ziglan" status
chmod 755 "$root"
mkdir -p "$root/etc/ziglan"
echo "pool: 100.65.0.0/16" >"$root/etc/ziglan/zig1.yaml"
expect "a second interface" 0 "zig1 is up: 100.65" ziglan up -i zig1 --detach
expect "no overlap outside" 1 "" grep -q pool.overlap "$root/run/ziglan/zig1.log"
ip -n "$space" link add out0 type veth peer name out1
ip -n "$space" addr add 100.65.3.2/24 dev out0
ip -n "$space" link set out1 up
ip -n "$space" link set out0 up
for ((i = 0; i < 50; i++)); do # it is looked at every two seconds
    grep -q pool.overlap "$root/run/ziglan/zig1.log" && break
    sleep 0.1
done
expect "a carrier's network inside the pool" 0 \
    "the pool 100.65.0.0/16 overlaps with this machine's network 100.65.3.0/24: .*zig1.yaml" \
    ziglan status -i zig1
expect "neighbours there are reached outside" 0 "out0" ip -n "$space" route get 100.65.3.9
expect "down of the second" 0 "zig1 is down" ziglan down -i zig1
expect "up --detach prints the warnings of the start" 0 "the pool 100.65.0.0/16 overlaps" \
    ziglan up -i zig1 --detach
expect "both are there" 0 "zig1" ip -n "$space" link show zig1
expect "down" 0 "zig0 is down" ziglan down
expect "the device is gone" 1 "does not exist" ip -n "$space" link show zig0
expect "the other one stays" 0 "zig1" ziglan status -i zig1
expect "down of the other" 0 "" ziglan down -i zig1
expect "down twice" 0 "zig0 is down already" ziglan down
[ ! -e "$root/run/ziglan/zig0.sock" ] || { echo "FAILED: the socket stayed"; exit 1; }

# Operators: members of a group may look, and change nothing.
as_member() { # group id, command...
    local group=$1
    shift
    ip netns exec "$space" setpriv --reuid 65534 --regid 65534 --groups "$group" \
        env ZIGLAN_ROOT="$root" "$public/ziglan" "$@"
}
may_look() { # group id
    expect "status by an operator" 0 "^Interface  zig0" as_member "$1" status
    expect "peers by an operator" 0 "No peers yet" as_member "$1" peers
    expect "whoami by an operator" 0 "my-laptop" as_member "$1" whoami
    expect "ping by an operator" 1 "no such peer" as_member "$1" ping nas
    expect "join by an operator" 4 "operators may look.*try: sudo ziglan join" as_member "$1" join \
        ziglan://ucnkl5d2m5myal7zkx4nyljkcss4thjdx2l7qzasp74tqncvutya@127.0.0.1
    expect "leave by an operator" 4 "operators may look" as_member "$1" leave home
    expect "down by an operator" 4 "operators may look" as_member "$1" down
    expect "status by others" 4 "serves root, its own user and its operators only" \
        as_member 59999 status
}
config=$root/etc/ziglan/zig0.yaml
cp "$config" "$root/before.yaml"
chmod 700 "$root/var/lib/ziglan"
echo "operator: games" >>"$config"
expect "up with operators" 0 "zig0 is up" ziglan up --detach
may_look "$(getent group games | cut -d: -f3)"
expect "down" 0 "zig0 is down" ziglan down
expect "up without the right to give the socket away" 0 "zig0 is up" \
    ip netns exec "$space" setpriv --bounding-set -chown --inh-caps -chown \
    "$ZIGLAN_BIN/ziglan" up --detach
expect "the log says what that means" 0 "operators need root meanwhile" \
    grep admin.group "$root/run/ziglan/zig0.log"
expect "then root alone is served" 4 "operators only" as_member 60 status
expect "down" 0 "zig0 is down" ziglan down
cp "$root/before.yaml" "$config"
echo "operator: nosuchgroup" >>"$config"
expect "a group that is not there" 2 "names the group nosuchgroup, which does not exist" \
    ziglan up --detach
cp "$root/before.yaml" "$config"
cp /etc/group "$root/group"
echo "ziglan:x:54321:" >>"$root/group"
expect "up where there is a group ziglan" 0 "zig0 is up" unshare -m bash -c \
    'mount --bind "$1" /etc/group && exec ip netns exec "$2" "$3" up --detach' \
    - "$root/group" "$space" "$ZIGLAN_BIN/ziglan"
may_look 54321
expect "down" 0 "zig0 is down" ziglan down
echo "nmae: x" >"$root/etc/ziglan/zig1.yaml"
expect "a wrong configuration" 2 "zig1.yaml:1: unknown key" ziglan up -i zig1 --detach
expect "a missing configuration that was named" 2 "there is no configuration" \
    ziglan up -c "$root/none.yaml"
: >"$root/out"
ip netns exec "$space" "$ZIGLAN_BIN/ziglan" up >"$root/out" 2>&1 &
foreground=$!
for _ in $(seq 200); do grep -q "is up" "$root/out" && break; sleep 0.1; done
kill -INT "$foreground"
wait "$foreground" || { echo "FAILED: Ctrl-C ended it with exit $?"; exit 1; }
echo "ok: Ctrl-C ends it cleanly"
expect "and takes the device away" 1 "does not exist" ip -n "$space" link show zig0
echo "the command line keeps its promises"
