#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The command line of relayd on a real daemon: init, serve, the operator's verbs, signals, and what
# it says when something is wrong.
. "$(dirname "$0")/relayd_common.sh"

# --- before any daemon ---
expect 0 "relayd" "$relayd" --version
expect 0 "QUIC ciphers: TLS13" "$relayd" --version
expect 0 "relayd invite" "$relayd" --help
expect 0 "relayd invite" "$relayd" invite --help
expect 2 "name the configuration with -c FILE" "$relayd" -c "$work/absent.yaml"
expect 2 "members takes no --uses" "$relayd" members --uses 3
expect 2 "--nonsense" "$relayd" --nonsense
expect 2 "there is no 'dance'" "$relayd" dance
expect 2 "init wants one folder" "$relayd" init
expect 2 "--name Bad.Name" "$relayd" init "$work/x" --name Bad.Name
expect 2 "--public" "$relayd" init "$work/x" --public 'a b'
expect 2 "--public 2001:db8::1:4433: put the IPv6 address in brackets" \
    "$relayd" init "$work/x" --public 2001:db8::1:4433
expect 2 "[2001:db8::1]:4433" "$relayd" init "$work/x" --public 2001:db8:0:0:0:0:0:1:4433
expect 2 "--public auto: it stands for itself" \
    "$relayd" init "$work/x" --public auto --public vps.example.org
expect 2 "no way to the internet" "$relayd" init "$work/x" --public auto
expect 2 "as \`relayd status\` of the other relay prints it" \
    "$relayd" init "$work/x" --public a.example --peer ziglan://abc
expect 2 "must have the same port" "$relayd" init "$work/x" --public a:1 --public b:2
[ -e "$work/x" ] && fail "a refused init left a folder behind"

make_relay home
for file in relay.key ziglan.key; do
    [ "$(stat -c %a "$work/home/$file")" = 600 ] || fail "$file is not 0600"
done
[ "$(stat -c %a "$work/home")" = 700 ] || fail "the folder is not 0700"
grep -q "^ziglan://[a-z2-7]*@127.0.0.1:$port?invite=[a-z2-7]*&name=home$" "$work/home.init" ||
    fail "init printed no URL: $(cat "$work/home.init")"
grep -q "^Invite for 25 hosts, until 20..-..-..T..:..:..Z:$" "$work/home.init" ||
    fail "init does not say what its invite is good for: $(cat "$work/home.init")"
before=$(cat "$work/home/relay.key")
expect 2 "exists already" "$relayd" init "$work/home" --public 127.0.0.1
expect 0 "@vps.example.org,[2001:db8::1]?invite=" \
    "$relayd" init "$work/two" --public vps.example.org --public 2001:db8::1
expect 0 '"[2001:db8::1]"' grep -A 2 '^public:$' "$work/two/relayd.yaml"
expect 0 "is fine" "$relayd" -c "$work/two/relayd.yaml" --check
[ "$before" = "$(cat "$work/home/relay.key")" ] || fail "init overwrote a key"
expect 0 "is fine" "$relayd" -c "$config" --check
expect 0 "session_max: 10000" "$relayd" -c "$config" --print-config
"$relayd" -c "$config" --print-config >"$work/printed.yaml"
expect 0 "is fine" "$relayd" -c "$work/printed.yaml" --check
expect 3 "no relay is running" "$relayd" status -c "$config"
expect 3 "no relay is running" "$relayd" invite -c "$config"
expect 2 "absent.yaml" "$relayd" status -c "$work/absent.yaml"

printf 'name: home\nspeed: fast\n' >"$work/bad.yaml"
expect 2 "bad.yaml:2: unknown key 'speed'" "$relayd" -c "$work/bad.yaml"
expect 2 "bad.yaml:2: unknown key 'speed'" "$relayd" -c "$work/bad.yaml" --check

# --- files of the user that only the user can mend: 2, with the place and what to do ---
spoil() { # what, key file
    rm -rf "$2"
    case $1 in
    empty) install -m 600 /dev/null "$2" ;;
    damaged) install -m 600 "$work/home.init" "$2" ;;
    long) head -c 1000 /dev/zero >"$2" && chmod 600 "$2" ;;
    open) install -m 644 "$work/good.key" "$2" ;;
    folder) mkdir -m 700 "$2" ;;
    esac
}
for key in relay.key ziglan.key; do
    cp -p "$work/home/$key" "$work/good.key"
    while read -r how remedy; do
        spoil "$how" "$work/home/$key"
        expect 2 "$work/home/$key" "$relayd" -c "$config"
        expect 2 "$remedy" "$relayd" -c "$config"
    done <<'END'
empty put it back from a copy
damaged put it back from a copy
long put it back from a copy
open chmod 600
folder move it away
missing put it back from your copy
END
    cp -p "$work/good.key" "$work/home/$key"
done
mkdir "$work/damaged"
spoil damaged "$work/damaged/relay.key"
expect 2 "damaged/relay.key is not a key file" "$relayd" init "$work/damaged" --public 127.0.0.1
spoil damaged "$work/file"
expect 2 "is not a directory" "$relayd" init "$work/file" --public 127.0.0.1
expect 2 "is not a regular file; name the configuration" "$relayd" -c "$work"
head -c 70000 /dev/zero >"$work/large.yaml"
expect 2 "larger than 65536 bytes; name the" "$relayd" -c "$work/large.yaml"

# --- serving ---
start home
expect 0 "home" "$relayd" status -c "$config"
expect 0 '"members": 0' "$relayd" status --json -c "$config"
expect 0 "ziglan://" "$relayd" invite -c "$config"
expect 0 '"uses": 3' "$relayd" invite --uses 3 --expires 7d --name nas --json -c "$config"
expect 0 "good for one host, until 20" "$relayd" invite -c "$config"
expect 0 "good for 2 hosts, without end" "$relayd" invite --uses 2 --expires never -c "$config"
url=$("$relayd" invite -c "$config" 2>/dev/null)
[[ $url =~ ^ziglan://[^[:space:]]+$ ]] || fail "invite prints more than a URL: $url"
id=$("$relayd" invite --uses 4 --json -c "$config" | sed -n 's/.*"id": "\(.*\)".*/\1/p')
expect 0 "$id" "$relayd" invites -c "$config"
expect 0 "\"id\": \"$id\"" "$relayd" invites --json -c "$config"
expect 0 "with the invite $id any more" "$relayd" uninvite "$id" -c "$config"
expect 1 "there is no invite '$id'" "$relayd" uninvite "$id" -c "$config"
grep -q "$id" <<<"$("$relayd" invites -c "$config")" && fail "a withdrawn invite is listed"
expect 0 "Nobody can join" "$relayd" uninvite "$url" -c "$config"
expect 2 "wants one ID or URL" "$relayd" uninvite -c "$config"
expect 2 "--uses" "$relayd" invite --uses 0 -c "$config"
expect 2 "--expires" "$relayd" invite --expires soon -c "$config"
expect 2 "not usable" "$relayd" invite --name Bad_Name -c "$config"
expect 0 '"members": []' "$relayd" members --json -c "$config"
expect 0 "NAME" "$relayd" members -c "$config"
expect 1 "there is no member 'nobody'" "$relayd" revoke nobody -c "$config"
expect 2 "wants one key or name" "$relayd" revoke -c "$config"
for verb in revoke forget "rename nas"; do
    expect 2 "have ASCII characters only" "$relayd" $verb $'n\xff' -c "$config"
done
expect 2 "have ASCII characters only" "$relayd" uninvite $'\xff' -c "$config"
somebody=$(printf 'b%.0s' {1..51})a
secret=$(head -c 52 "$work/home/relay.key")
expect 0 "$somebody was no member. From now on it is kept out." \
    "$relayd" revoke "$somebody" -c "$config"
expect 0 "$somebody was revoked before." "$relayd" revoke "$somebody" -c "$config"
expect 0 "$somebody may join again" "$relayd" revoke "$somebody" --undo -c "$config"
expect 1 "there is no revoked member '$somebody'" "$relayd" revoke "$somebody" --undo -c "$config"
expect 2 "wants a key or name, and the new name" "$relayd" rename nas -c "$config"
expect 2 "the new name is not usable" "$relayd" rename nas Bad_Name -c "$config"
expect 1 "there is no member 'nobody'" "$relayd" rename nobody nas -c "$config"
expect 2 "wants one key or name" "$relayd" forget -c "$config"
expect 1 "there is no member or former name 'nobody'" "$relayd" forget nobody -c "$config"
[ "$(stat -c %a "$work/home/state/relayd.sock")" = 600 ] || fail "the control socket is not 0600"
members=$("$relayd" members --json -c "$config") || fail "members --json ended with $?"
grep -q "$secret" <<<"$members" && fail "a secret was printed"

# --- a second daemon on the same state, and on the same port ---
out=$("$relayd" -c "$config" 2>&1) && fail "two daemons share one state directory"
[[ $out == *state* ]] || fail "the complaint does not name the state: $out"
mkdir "$work/other"
cp "$work/home/relay.key" "$work/home/ziglan.key" "$work/other/"
sed "s|127.0.0.1:$metrics|off|" "$config" >"$work/other/relayd.yaml"
out=$("$relayd" -c "$work/other/relayd.yaml" 2>&1)
rc=$?
[ $rc -eq 1 ] || fail "a taken port ended with $rc, not 1: $out"
[[ $out == *"$port"* ]] || fail "the complaint does not name the port: $out"

sed "s|\"\[::\]:$port\"|\"[::]:$(free_port)\"|; s|127.0.0.1:9433|127.0.0.1:$metrics|" "$config" \
    >"$work/other/relayd.yaml"
expect 1 "give \`metrics:\` another address, or off" "$relayd" -c "$work/other/relayd.yaml"
mv "$work/other/ziglan.key" "$work/other/away"
expect 2 "put it back from your copy" "$relayd" -c "$work/other/relayd.yaml"

# --- SIGHUP: a bad file changes nothing, a good one does ---
cp "$config" "$work/good.yaml"
echo "speed: fast" >>"$config"
kill -HUP "$pid"
wait_for 20 grep -q "changed=nothing.*unknown key 'speed'" "$work/home.log" ||
    fail "a bad reload was not reported: $(cat "$work/home.log")"
expect 0 "unknown key 'speed'" "$relayd" status -c "$config"
expect 0 "ziglan home" "$relayd" status -c "$config"
cp "$work/good.yaml" "$config"
sed -i "s|^name:.*|name: \"cabin\"|" "$config"
sed -i "s|^  - \"\[::\]:.*|  - \"[::]:$(free_port)\"|" "$config"
kill -HUP "$pid"
wait_for 20 grep -q 'changed="name"' "$work/home.log" ||
    fail "no reload: $(cat "$work/home.log")"
grep -q "needs_restart=\"listen\"" "$work/home.log" || fail "nothing said what needs a restart"
kill -HUP "$pid"
wait_for 20 grep -q 'changed="nothing"' "$work/home.log" ||
    fail "a reload of the same file changed it"
[ "$(grep -c 'needs_restart="listen"' "$work/home.log")" = 2 ] ||
    fail "what needs a restart was forgotten by the next reload"
expect 0 "ziglan cabin" "$relayd" status -c "$config"

# --- SIGTERM ends cleanly ---
stop "$pid"
rc=$?
[ $rc -eq 0 ] || fail "SIGTERM ended it with $rc: $(cat "$work/home.log")"
[ -e "$work/home/state/relayd.sock" ] && fail "the control socket was left behind"
grep -qE "ERROR|Sanitizer" "$work/home.log" && fail "$(cat "$work/home.log")"

# --- what is advised works as it is printed, also for a folder that a shell must be told of ---
mkdir "$work/it's"
cd "$work/it's" || exit 1
told=$work/told
PATH=$ZIGLAN_BIN:$PATH
printed() { # the beginning of a command, in what a verb printed
    exec bash -c "exec $(grep -om 1 "relayd $1.*" "$told")"
}
starts() { # sentence
    printed "-c" 2>"$work/advised.log" &
    pid=$!
    pids+=("$pid")
    wait_for 10 grep -q relay.ready "$work/advised.log" || fail "$1: $(cat "$told")"
}
relayd init 'my relay' --public "127.0.0.1:$(free_port)" >"$told"
sed -i "s|^#metrics:.*|metrics: off|" 'my relay/relayd.yaml'
starts "what init prints does not start it"
expect 0 "EXPIRES" printed "invites"
expect 0 "Nobody can join" printed "uninvite"
relayd init 'my relay' 2>"$told"
expect 1 "my relay/state is in use" printed "-c"
relayd invite -c 'my relay/relayd.yaml' >"$told" 2>&1
expect 0 "Nobody can join" printed "uninvite"
(printed "uninvite") >"$work/told.next" 2>&1
mv "$work/told.next" "$told"
expect 0 "EXPIRES" printed "invites"
for words in "revoke nobody" revoke forget rename; do
    # shellcheck disable=SC2086
    relayd $words -c 'my relay/relayd.yaml' 2>"$told"
    expect 0 "NAME" printed "members"
done
relayd uninvite -c 'my relay/relayd.yaml' 2>"$told"
expect 0 "EXPIRES" printed "invites"
stop "$pid"
relayd status -c 'my relay/relayd.yaml' 2>"$told"
starts "what status prints does not start it"
stop "$pid"
: >'my relay/relayd.yaml'
expect 2 "make another with: relayd init" relayd -c 'my relay/relayd.yaml'
expect 0 "are ready" relayd init 'my relay' --public 127.0.0.1
cd "$work" || exit 1

# --- several addresses: each is its own socket ---
second=$(free_port)
cp "$work/good.yaml" "$config"
sed -i "s|^  - \"\[::\]:.*|  - \"127.0.0.1:$port\"\n  - \"127.0.0.2:$second\"|" "$config"
start home
expect 0 "127.0.0.1:$port, 127.0.0.2:$second" "$relayd" status -c "$config"
if command -v turnutils_stunclient >/dev/null; then
    expect 0 "reflexive addr: 127.0.0.1:" timeout 10 \
        turnutils_stunclient -p "$port" -L 127.0.0.1 127.0.0.1
    expect 0 "reflexive addr: 127.0.0.1:" timeout 10 \
        turnutils_stunclient -p "$second" -L 127.0.0.1 127.0.0.2
fi

# --- the ziglan's key elsewhere ---
make_relay away
expect 2 "delegate wants the ziglan's key" "$relayd" delegate -c "$config"
expect 2 "names no file for the delegation" \
    "$relayd" delegate -c "$config" --key "$work/away/ziglan.key"
sed -i "s|^#delegation:.*|delegation: ziglan.delegation|" "$config"
expect 2 "make it with: relayd delegate -c $config --key ZIGLAN.KEY" "$relayd" -c "$config"
expect 2 "--days" "$relayd" delegate -c "$config" --key "$work/away/ziglan.key" --days 0
expect 0 "good for 90 days. If relayd runs, send it SIGHUP; else start it: relayd -c $config" \
    "$relayd" delegate -c "$config" --key "$work/away/ziglan.key" --days 90
mv "$work/away/ziglan.key" "$work/stick.key"
start away
expect 0 "ziglan://" "$relayd" invite -c "$config"
key=$(grep -o '^ziglan://[a-z2-7]*' "$work/away.init")
[[ $("$relayd" invite -c "$config") == "$key"@* ]] || fail "the invite is for another ziglan"
expect 0 "good for 30 days" "$relayd" delegate -c "$config" --key "$work/stick.key"
kill -HUP "$pid"
wait_for 20 grep -q "config.reload changed=" "$work/away.log" ||
    fail "no reload: $(cat "$work/away.log")"
cp "$work/home/ziglan.key" "$work/other.key"
expect 0 "good for 30 days" "$relayd" delegate -c "$config" --key "$work/other.key"
kill -HUP "$pid"
wait_for 20 grep -q "not this ziglan's delegation" "$work/away.log" ||
    fail "another ziglan's delegation was taken: $(cat "$work/away.log")"
stop "$pid" || fail "SIGTERM: $(cat "$work/away.log")"
echo nonsense >"$work/away/ziglan.delegation"
expect 2 "holds no delegation for this relay's key" "$relayd" -c "$config"

# --- a state directory that cannot be written ---
mkdir "$work/blocked"
cp "$work/home/relay.key" "$work/home/ziglan.key" "$work/blocked/"
printf 'state: /proc/relayd-state\nmetrics: off\n' >"$work/blocked/relayd.yaml"
expect 2 "/proc/relayd-state: No such file or directory; make the folder" \
    "$relayd" -c "$work/blocked/relayd.yaml"
printf 'state: relay.key\nmetrics: off\n' >"$work/blocked/relayd.yaml"
expect 2 "blocked/relay.key is not a directory" "$relayd" -c "$work/blocked/relayd.yaml"
printf 'control: /nowhere/socket\nmetrics: off\n' >"$work/blocked/relayd.yaml"
expect 2 "/nowhere/socket: No such file" "$relayd" -c "$work/blocked/relayd.yaml"

# --- a disk that lost something, which only the user can put back: 2 ---
echo nonsense >"$work/blocked/state/data.mdb"
expect 2 "put it back from a backup" "$relayd" -c "$work/blocked/relayd.yaml"

# --- somebody else's files: 4 ---
# A copy that every user may run, wherever the build is.
if [ "$(id -u)" = 0 ] && nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; } &&
    nobody true; then
    chmod 711 "$work"
    chmod 755 "$work/blocked" "$work/home" "$work/home/state"
    install -m 755 "$relayd" "$work/blocked/relayd"
    expect 4 "relay.key: Permission denied; run this as root or as the owner" \
        nobody "$work/blocked/relayd" -c "$work/blocked/relayd.yaml"
    install -d -m 700 -o 65534 "$work/its"
    install -m 600 -o 65534 -t "$work/its" "$work/home/relay.key" "$work/home/ziglan.key"
    printf 'state: ../home/state\nmetrics: off\n' >"$work/its/relayd.yaml"
    chmod 644 "$work/its/relayd.yaml"
    expect 4 "state/lock: Permission denied; run this as root or as the owner" \
        nobody "$work/blocked/relayd" -c "$work/its/relayd.yaml"
    printf 'listen: ["127.0.0.1:444"]\nmetrics: off\n' >"$work/its/relayd.yaml"
    expect 4 "CAP_NET_BIND_SERVICE" nobody "$work/blocked/relayd" -c "$work/its/relayd.yaml"
fi
finish
