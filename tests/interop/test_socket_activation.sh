#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# relayd takes the UDP ports that systemd-socket-activate bound, which starts it with the first
# packet and hands over what came by then, and binds itself what it does not find there.
. "$(dirname "${BASH_SOURCE[0]}")/relayd_common.sh"
for program in systemd-socket-activate python3 ss; do
    command -v "$program" >/dev/null || { echo "skipped: $program is not installed"; exit 77; }
done
[ "${RELAYD_LOOPBACK:-}" = own ] || { echo "skipped: needs a network namespace"; exit 77; }

"$relayd" init "$work/relay" --name home --public 127.0.0.1 >/dev/null || fail "init"
config=$work/relay/relayd.yaml
printf 'listen: ["127.0.0.1:4433", "127.0.0.1:4434"]\n' >>"$config"
systemd-socket-activate --datagram --listen=127.0.0.1:4433 \
    "$relayd" -c "$config" >"$work/log" 2>&1 &
pids+=($!)
bound() { says "127\.0\.0\.1:$1 " ss -uln; }
wait_for 10 bound 4433 || fail "the port is not bound"
! bound 4434 || fail "relayd runs already"

# A binding request of STUN, which is answered by who is started by it.
python3 - <<'PYTHON' && echo "ok: the first packet is answered" || fail "the first packet is lost"
import os, socket, struct, sys
ask = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ask.settimeout(20)
ask.connect(("127.0.0.1", 4433))
transaction = os.urandom(12)
ask.send(struct.pack("!HHI", 1, 0, 0x2112A442) + transaction)
answer = ask.recv(2048)
sys.exit(not (answer[:2] == b"\x01\x01" and answer[8:20] == transaction))
PYTHON
bound 4434 || fail "relayd does not bind what was not passed"
sockets_at() { ss -uln | grep -c "127\.0\.0\.1:$1 "; } # with those of workers
[ "$(sockets_at 4433)" = "$(sockets_at 4434)" ] || fail "the port is bound twice"
expect 0 '127.0.0.1:4433, 127.0.0.1:4434' "$relayd" status -c "$config"
grep -q 'relay.ready' "$work/log" || fail "relayd is not ready: $(cat "$work/log")"

# As relayd.socket does it: another user bound the port. What came by then is answered, and workers
# get sockets all the same; once relayd ends what comes is the manager's again.
for program in setpriv nproc; do
    command -v "$program" >/dev/null || { echo "skipped: $program is not installed"; exit 77; }
done
kill "${pids[0]}"
wait "${pids[0]}"
chmod 711 "$work"
chown -R 65534:65534 "$work/relay"
printf 'workers: 2\n' >>"$config"
ask() { # packets: how many are answered
    python3 - "$1" <<'PYTHON'
import os, socket, struct, sys
answered = 0
for _ in range(int(sys.argv[1])):
    ask = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ask.settimeout(20)
    ask.connect(("127.0.0.1", 4433))
    ask.send(struct.pack("!HHI", 1, 0, 0x2112A442) + os.urandom(12))
    answered += ask.recv(2048)[:2] == b"\x01\x01"
print(answered)
PYTHON
}
systemd-socket-activate --datagram --listen=127.0.0.1:4433 \
    setpriv --reuid=65534 --regid=65534 --clear-groups "$relayd" -c "$config" >"$work/log2" 2>&1 &
pids+=($!)
wait_for 10 bound 4433 || fail "the port is not bound again"
[ "$(ask 1)" = 1 ] && echo "ok: what came before is answered" || fail "the first packet is lost"
wait_for 10 says 'threads for lanes and STUN: 2' cat "$work/log2" ||
    fail "there are no workers: $(cat "$work/log2")"
[ "$(sockets_at 4433)" = 4 ] || fail "not the manager's socket, ours and two of workers"
[ "$(ask 8)" = 8 ] || fail "not all are answered"
by_workers() {
    says 'relayd_worker_packets_total{event="answered"} 8' python3 -c '
import urllib.request
print(urllib.request.urlopen("http://127.0.0.1:9433/metrics").read().decode())'
}
wait_for 5 by_workers && echo "ok: workers answer" || fail "workers answer nothing"
exit $((failures > 0))
