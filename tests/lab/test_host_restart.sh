#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A host restarts while others send to it and it says nothing by itself: by SIGTERM or by SIGKILL,
# behind NAT or with a public address. Traffic is back within 1 s after its session to the relay,
# and direct again soon after that.
. "$(dirname "$0")/check.sh"

SILENT_MS=1000 # from the new session of the host that restarted to the first answer
DIRECT_MS=3500 # from its start to the direct path: 3 s, and some time to look
AWAY_S=1       # the host is not there for so long

test_begin
lab_begin
lab_public vps 192.0.2.10
lab_public pub 192.0.2.20
lab_site home1 port-restricted 198.51.100.11 192.168.1
lab_host laptop home1 2
lab_site home2 port-restricted 203.0.113.12 192.168.2
lab_host nas home2 2
relay_start vps 192.0.2.10
hosts_join laptop nas pub
hosts_up laptop nas pub
check "laptop reaches nas" wait_for 15 pings laptop nas
check "laptop reaches pub" wait_for 15 pings laptop pub
check "nas reaches pub" wait_for 15 pings nas pub
become_direct laptop nas
become_direct laptop pub
become_direct nas pub

opened() { grep -c ' relay\.open ' "$LAB_DIR/$1.log"; }
opened_again() { [ "$(opened "$1")" -gt "$2" ]; }
answers() { grep -c 'bytes from' "$LAB_DIR/$1-$2.ping"; }
answered_again() { [ "$(answers "$1" "$2")" -gt "$3" ]; }

# How many ms after the moment (now_ms) the first answer came that the log of ping has.
first_answer_ms() { # from to moment
    awk -v from="$3" '/bytes from/ { t = substr($1, 2, length($1) - 2) * 1000
                                     if (t >= from) { printf "%d\n", t - from; exit } }' \
        "$LAB_DIR/$1-$2.ping"
}

# When the host opened its session to the relay last, as its own log says (now_ms).
opened_ms() { # host
    local time
    time=$(grep ' relay\.open ' "$LAB_DIR/$1.log" | tail -n 1)
    date -d "$(date -u +%F)T${time%% *}" +%s%3N
}

restart() { # host signal peer...
    local host=$1 signal=$2 peer pid began start opened connected answered
    shift 2
    pid=$(cat "$LAB_DIR/$host.pid")
    opened=$(opened "$host")
    for peer; do
        pinging "$peer" "$host" 0.05 2000
        echo "$PING_PID" >"$LAB_DIR/$peer.pinging"
    done
    kill "-$signal" "$pid"
    check "$host is gone after SIG$signal" wait_for 10 eval "! lab_alive $pid"
    sleep "$AWAY_S"
    began=$(moment)
    start=${began%/*}
    hosts_up "$host"
    check "$host is at the relay again" wait_for 20 opened_again "$host" "$opened"
    connected=$(opened_ms "$host")
    for peer; do
        check "$peer gets answers from $host again" \
            wait_for 20 answered_again "$peer" "$host" "$(answers "$peer" "$host")"
        answered=$(first_answer_ms "$peer" "$host" "$start")
        check_most "the first one so long after the session of $host, in ms" \
            "$((answered < connected - start ? 0 : answered + start - connected))@$began" $SILENT_MS
        check "$peer and $host become direct" wait_for 20 lab_is_state "$peer" "$host" direct
        check_most "so long after its start, in ms" "$(since_ms "$began")" $DIRECT_MS
        kill "$(cat "$LAB_DIR/$peer.pinging")"
        rm "$LAB_DIR/$peer-$host.ping"
    done
}

restart nas KILL laptop pub
restart nas TERM laptop pub
restart pub KILL laptop nas
restart pub TERM laptop nas

# The same beside a flood of packets to the host that restarts, as fast as this machine sends them.
flood=$(lab_spawn laptop "$LAB_DIR/flood.log" "$LAB_PYTHON" -c '
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
to = socket.getaddrinfo(sys.argv[1], 9, socket.AF_INET6)[0][4]
while True:
    try:
        s.sendto(bytes(1200), to)
    except OSError:
        pass' nas.zignet)
check "a flood begins" lab_alive "$flood"
restart nas KILL laptop pub
check "it goes on" lab_alive "$flood"
kill "$flood"
test_end
