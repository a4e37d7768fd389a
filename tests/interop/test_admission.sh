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
case \$question in
*'"wanted_name":"good"'*) echo '{"name": "guest", "groups": ["family"], "days": 3}' ;;
*'"wanted_name":"bad"'*) echo '{"text": "not on a Sunday"}'; exit 1 ;;
*'"wanted_name":"slow'*) sleep 1000 & echo \$! >>"$work/home/state/sleeping"; wait ;;
*) exit 7 ;;
esac
END
chmod +x "$work/admit"
printf 'admission: script\nadmission_script: {path: %s, timeout_s: 2, at_once: 1}\n' "$work/admit" \
    >>"$config"
reload # which is refused: the sandbox lets no program in so late
wait_for 10 grep -q 'changed=nothing.*restart relayd' "$work/home.log" || fail "it is not refused"
stop "$pid" || fail "it ended badly: $(cat "$work/home.log")"
start home
for name in good bad broken slow slower; do
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
    expect 0 "relayd" timeout 1 "$relayd" status -c "$config" >/dev/null
    [ "$(pgrep -fc "^/bin/bash $work/admit")" -le 1 ] || fail "more run than at_once"
done
wait "$one" "$two"
grep -q "gave no answer" "$work/slow.out" || fail "slow: $(cat "$work/slow.out")"
grep -q "gave no answer" "$work/slower.out" || fail "slower: $(cat "$work/slower.out")"
[ "$(wc -l <"$work/home/state/sleeping")" = 2 ] || fail "not both were tried"
while read -r left; do
    ! kill -0 "$left" 2>/dev/null || fail "what the program started lives on"
done <"$work/home/state/sleeping"
grep -q 'ziglan.joined peer=[a-z2-7]* name=guest by=script' "$work/home.log" ||
    fail "no line of it: $(cat "$work/home.log")"
grep -q 'ziglan.refused peer=[a-z2-7]* name=- reason=refused' "$work/home.log" ||
    fail "no line of who was refused: $(cat "$work/home.log")"

! grep -E "sandbox\.(refused|without)" "$work/home.log" || fail "the sandbox refused something"

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
