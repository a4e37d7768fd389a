#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The log for programs: --log-json, and fields for a journal (a socket at its place, in a mount
# namespace of this test).
if [ "$(id -u)" = 0 ] && [ -z "${LOG_MOUNTS:-}" ] && unshare -m true 2>/dev/null; then
    LOG_MOUNTS=own exec unshare -m bash "$0" "$@"
fi
. "$(dirname "$0")/relayd_common.sh"

command -v python3 >/dev/null || { echo "skipped: python3 is not installed"; exit 77; }
make_relay home
"$relayd" -c "$config" --log-json 2>"$work/home.log" &
pid=$!
pids+=("$pid")
wait_for 10 "$relayd" status -c "$config" || fail "it does not come up: $(cat "$work/home.log")"
"$relayd" invite --name nas -c "$config" >/dev/null 2>&1 || fail "invite"
stop "$pid" || fail "it ended badly: $(cat "$work/home.log")"
python3 - "$work/home.log" <<'END' || fail "the log is not as it should be: $(cat "$work/home.log")"
import datetime, json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
for row in rows:
    assert sorted(row) == ["event", "fields", "level", "message", "time"], row
    at = datetime.datetime.strptime(row["time"], "%Y-%m-%dT%H:%M:%S.%fZ")
    assert abs((datetime.datetime.utcnow() - at).total_seconds()) < 600, row
    assert all(isinstance(value, str) for value in row["fields"].values())
by = {row["event"]: row for row in rows}
assert by["relay.ready"]["message"].startswith("ready on UDP"), rows
assert by["ziglan.invited"]["fields"]["name"] == "nas" and by["ziglan.invited"]["level"] == "info"
assert "relay.stopped" in by
print("ok:", len(rows), "lines of JSON")
END

# The journal: standard error is its stream, as JOURNAL_STREAM says, and its socket is there.
if [ "${LOG_MOUNTS:-}" = own ] && mkdir -p /run/systemd/journal 2>/dev/null &&
    mount -t tmpfs tmpfs /run/systemd/journal 2>/dev/null; then
    python3 - "$work/entries" <<'END' &
import socket, sys
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
journal.bind("/run/systemd/journal/socket")
with open(sys.argv[1], "wb", buffering=0) as out:
    while True:
        out.write(journal.recv(65536) + b"--\n")
END
    listener=$!
    pids+=("$listener")
    wait_for 10 test -S /run/systemd/journal/socket || fail "no socket"
    touch "$work/stream"
    JOURNAL_STREAM=$(stat -c %d:%i "$work/stream") "$relayd" -c "$config" 2>"$work/stream" &
    pid=$!
    pids+=("$pid")
    wait_for 10 grep -q '^ZIGLAN_EVENT=relay.ready$' "$work/entries" || fail "no entry"
    "$relayd" invite --name nas -c "$config" >/dev/null 2>&1 || fail "invite"
    wait_for 5 grep -q '^ZIGLAN_EVENT=ziglan.invited$' "$work/entries" || fail "no invite"
    stop "$pid" || fail "it ended badly"
    for line in 'ZIGLAN_NAME=nas' 'PRIORITY=6' 'SYSLOG_IDENTIFIER=relayd' 'ZIGLAN_USES=1'; do
        grep -qx "$line" "$work/entries" || fail "no $line: $(cat "$work/entries")"
    done
    [ ! -s "$work/stream" ] || fail "it is in the stream, too: $(cat "$work/stream")"
    # Without the socket: lines with a priority.
    kill -KILL "$listener"
    rm /run/systemd/journal/socket
    JOURNAL_STREAM=$(stat -c %d:%i "$work/stream") "$relayd" -c "$config" 2>"$work/stream" &
    pid=$!
    pids=("$pid")
    wait_for 10 grep -q '^<6>info relay.ready ' "$work/stream" || fail "$(cat "$work/stream")"
    echo "ok: the journal gets fields"
fi
finish
