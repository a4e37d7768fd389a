#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may join without an invite: keys that the operator allows, whom a program admits, everybody;
# and until when.
. "$(dirname "$0")/relayd_common.sh"

ziglan=$ZIGLAN_BIN/ziglan
host() { # name words...: the program of that host, which is not running
    local name=$1
    shift
    ZIGLAN_ROOT=$work/hosts/$name timeout 30 "$ziglan" "$@"
}
joins() { host "$1" join --name "$1" "$url"; }
new() {
    mkdir -p "$work/hosts/$1"
    host "$1" init --name "$1" >/dev/null || fail "init"
}
relay() { "$relayd" "$@" -c "$config"; }
reloaded() { [ "$(grep -c config.reload "$work/home.log")" -gt "$1" ]; }
reload() {
    local before
    before=$(grep -c config.reload "$work/home.log")
    kill -HUP "$pid"
    wait_for 10 reloaded "$before" || fail "no reload: $(cat "$work/home.log")"
}

make_relay home
start home
url=$(sed -n 's,.*\(ziglan://[^ ]*\).*,\1,p' "$work/home.init" | sed -n '1s/invite=[^&]*&//p')
[[ $url == ziglan://*name=home ]] || fail "no URL: $url"

# --- the list: by the verb, and in the configuration ---
new nas
expect 1 "an invite is needed" joins nas
key=$(host nas whoami --json | sed -n 's/.*"key": "\([a-z2-7]*\)".*/\1/p')
expect 2 "is no key of a host" relay allow nas
expect 0 "may join without an invite, as store" \
    relay allow "$key" --name store --group servers --note "in the cellar"
expect 0 "$key" relay allowed
expect 0 "Joined home as store" joins nas
expect 0 "in the cellar" relay members
expect 0 "It stays a member" relay disallow "$key"
expect 1 "is not allowed by the verb" relay disallow "$key"
new desk
key=$(host desk whoami --json | sed -n 's/.*"key": "\([a-z2-7]*\)".*/\1/p')
printf 'allow:\n  - {member: %s, groups: [family], name: desk, note: of Zoe}\n' "$key" >>"$config"
reload
expect 0 "configuration" relay allowed
expect 0 "Joined home as desk" joins desk
expect 0 '"family"' relay members --json

expect 0 "has no keys" relay doctor --bundle "$work/bundle" # nor what only the operator knows
! grep -iw "desk\|zoe" "$work/bundle" || fail "that is in the bundle"

# --- a program: it reads whom it is about, and says who may, with what ---
cat >"$work/admit" <<END
#!/bin/bash
read -r question
echo "\$question" >>"$work/home/state/asked"
echo leak >"$work/leak" && exit 9
case \$question in
*'"wanted_name":"good"'*) echo '{"name": "guest", "groups": ["family"], "days": 3}' ;;
*'"wanted_name":"bad"'*) echo '{"text": "not on a Sunday"}'; exit 1 ;;
*'"wanted_name":"slow'*) sleep 1000 & echo \$! >>"$work/home/state/sleeping"; wait ;;
*) exit 7 ;;
esac
END
chmod +x "$work/admit"
printf 'admission: script\nadmission_script: {path: %s, timeout_s: 4, at_once: 1}\n' "$work/admit" \
    >>"$config"
reload # in force at once, though the relay's own sandbox was closed before
grep -q 'changed="admission, admission_script"' "$work/home.log" ||
    fail "the reload does not tell of it: $(cat "$work/home.log")"
# A process that was killed stays a zombie until the machine's first process looks.
dead() { ! grep -q '^State:[[:space:]]*[^ZX]' "/proc/$1/status" 2>/dev/null; }
for name in good bad broken slow slower changed kept last; do
    new $name
done
expect 0 "Joined home as guest" joins good
expect 1 "not on a Sunday" joins bad
expect 1 "not on a Sunday" joins bad # as remembered
expect 1 "gave no answer" joins broken
[ "$(grep -c '"bad"' "$work/home/state/asked")" = 1 ] ||
    fail "it was asked again: $(cat "$work/home/state/asked")"
joins slow >"$work/slow.out" 2>&1 &
one=$!
joins slower >"$work/slower.out" 2>&1 &
two=$!
for ((i = 0; i < 20; i++)); do # the loop goes on meanwhile
    expect 0 "relayd" timeout 3 "$relayd" status -c "$config" >/dev/null
    [ "$(pgrep -fc "^/bin/bash $work/admit")" -le 1 ] || fail "more run than at_once"
done
wait "$one" "$two"
grep -q "gave no answer" "$work/slow.out" || fail "slow: $(cat "$work/slow.out")"
grep -q "gave no answer" "$work/slower.out" || fail "slower: $(cat "$work/slower.out")"
[ "$(wc -l <"$work/home/state/sleeping")" = 2 ] || fail "not both were tried"
while read -r left; do
    wait_for 5 dead "$left" ||
        fail "what the program started lives on: $(cat "/proc/$left/stat")"
done <"$work/home/state/sleeping"
grep -q 'ziglan.joined peer=[a-z2-7]* name=guest by=script' "$work/home.log" ||
    fail "no line of it: $(cat "$work/home.log")"
grep -q 'ziglan.refused peer=[a-z2-7]* name=- reason=refused' "$work/home.log" ||
    fail "no line of who was refused: $(cat "$work/home.log")"

! grep -E "sandbox\.(refused|without)" "$work/home.log" || fail "the sandbox refused something"
[ ! -e "$work/leak" ] || fail "the program writes outside the state folder"

# --- another program, in a folder that no sandbox was told of; one that is missing; none ---
mkdir "$work/elsewhere"
printf '#!/bin/sh\nread -r question\n' >"$work/elsewhere/admit"
chmod +x "$work/elsewhere/admit"
sed -i "s,^admission_script: .*,admission_script: {path: $work/elsewhere/none}," "$config"
reload
grep -q "admission.script .*$work/elsewhere/none: No such file" "$work/home.log" ||
    fail "the reload does not warn of a missing program: $(cat "$work/home.log")"
expect 1 "gave no answer" joins changed
grep -q "gave no answer: No such file or directory path=$work/elsewhere/none" "$work/home.log" ||
    fail "the log does not say why: $(cat "$work/home.log")"
sed -i "s,/none},/admit}," "$config"
reload
expect 0 "Joined home as changed" joins changed
echo "speed: fast" >>"$config" # a configuration that is refused changes no program
sed -i "s,/elsewhere/admit},/admit}," "$config"
reload
expect 0 "Joined home as kept" joins kept
sed -i '/^speed:/d' "$config"

# --- the process that runs it: beside the relay's, with no port and no key, and it ends with it ---
admitter=$(pgrep -P "$pid") || fail "there is no process for it"
[ "$(cat "/proc/$admitter/comm")" = relayd-admit ] || fail "that is $(cat "/proc/$admitter/comm")"
for fd in "/proc/$admitter/fd"/*; do
    case $(readlink "$fd") in
    socket:*) [ "$(stat -L -c %F "$fd")" = socket ] && sockets=$((${sockets:-0} + 1)) ;;
    *.key | *data.mdb) fail "it has $(readlink "$fd") open" ;;
    esac
done
[ "$sockets" = 1 ] || fail "it has $sockets sockets, not one"
kill -KILL "$admitter"
reload
expect 1 "gave no answer" joins last
grep -q "gave no answer: the process that runs it is gone; restart relayd" "$work/home.log" ||
    fail "the log does not tell what to do: $(cat "$work/home.log")"
! grep -E "sandbox\.(refused|without)" "$work/home.log" || fail "the sandbox refused something"
stop "$pid" || fail "it ended badly: $(cat "$work/home.log")"
start home
admitter=$(pgrep -P "$pid")
expect 1 "gave no answer" joins last # the program's exit code 7
kill -KILL "$pid"
wait_for 10 bash -c "! kill -0 $admitter 2>/dev/null" || fail "it outlives the relay"
wait "$pid" 2>/dev/null
pids=()
start home

# --- everybody ---
sed -i 's/^admission: .*/admission: open/' "$config"
reload
expect 0 "Joined home as bad" joins bad

# --- a membership that ends ---
expect 0 "is a member until" relay expire guest 1s
ended() { [[ $(relay members --json) == *'"ended": true'* ]]; }
wait_for 10 ended || fail "it does not end: $(relay members)"
expect 1 "membership ended at 20" joins good
expect 0 "expired" relay members --sort expires
expect 0 "without end" relay expire guest never
expect 0 "Joined home as guest" joins good
expect 0 "is in family,tv" relay group guest --add tv
finish
