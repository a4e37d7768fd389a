#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# deploy/demo does what it shows: it ends well, its facts say so, it says what comes next, and it
# leaves nothing behind.
# Another one that runs beside it is killed, and leaves nothing behind, either.
. "$(dirname "$0")/net.sh"

lab_possible || exit 77
facts=$(mktemp)
out=$(mktemp)
trap 'rm -f "$facts" "$out"' EXIT
demo=$(cd "$(dirname "$0")/../.." && pwd)/deploy/demo

LAB_ID=zlother$$ bash "$demo" >/dev/null 2>&1 &
other=$!
disown $other
(
    wait_for 60 test -e "/run/ziglan-lab/zlother$$/studio.log"
    kill -KILL $other
) &
killer=$!
LAB_ID=zldemo$$ bash "$demo" --json "$facts" >"$out" 2>&1 ||
    { cat "$out"; lab_fail "the demo did not end well"; exit 1; }
wait $killer
python3 - "$facts" <<'PY' || { cat "$out"; exit 1; }
import json, sys
facts = json.load(open(sys.argv[1]))
wanted = {
    "worked": True,
    "first_reply_path": "relayed",
    "far_first_reply_path": "relayed",
    "office_path": "relayed",
}
bad = {k: facts.get(k) for k, v in wanted.items() if facts.get(k) != v}
bad |= {k: facts.get(k) for k in ("direct_mbit_per_s", "relayed_mbit_per_s", "direct_after_ms",
                                   "far_direct_after_ms")
        if not isinstance(facts.get(k), (int, float)) or facts[k] <= 0}
if bad:
    sys.exit(f"FAILED: facts of the demo: {bad}")
print("ok  the demo ends well:", facts)
PY
url=$(grep -c 'ziglan://' "$out")
[ "$url" -ge 1 ] || { lab_fail "the demo printed no URL"; exit 1; }
for guide in $(tail -3 "$out" | grep -o 'docs/guides/[a-z-]*\.md'); do
    [ -s "$(dirname "$demo")/../$guide" ] || { lab_fail "there is no $guide"; exit 1; }
done
[ -n "${guide:-}" ] || { lab_fail "the demo does not end with what comes next"; exit 1; }
nothing_left() { # lab
    [ ! -e "/run/ziglan-lab/$1" ] && says_no "^$1-" ip netns list
}
for lab in zldemo$$ zlother$$; do
    wait_for 20 nothing_left $lab || { lab_fail "$lab left something behind"; exit 1; }
done
echo "ok  neither it nor one that was killed left anything behind"
