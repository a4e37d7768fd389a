# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# What the lab tests share. A test says in sentences what it found, exits with 77 where the kernel
# does not allow a lab, and removes its lab however it ends. Source it; then:
#
#   test_begin                        skip if there is no lab here; clean up at the end
#   say SENTENCE                      what happens now
#   check SENTENCE command...         the sentence is true if the command succeeds
#   check_most SENTENCE NUMBER LIMIT  it is true if NUMBER is a number, and at most LIMIT
#                                     (times: moment, since_ms and silence_ms give numbers;
#                                     which are not judged on a busy machine)
#   expect SENTENCE CODE PART command...
#                                     it is true if the command exits with CODE and prints PART
#   become_direct ONE OTHER           both say within 20 s that they are direct
#   test_end                          stop the programs, look for faults that they report; exits
#
# LAB_LOGS=DIR keeps the logs of the programs there.
#
# The internet of most tests is pairs_begin and pairs_up: two pairs of hosts behind NAT, of which
# one becomes direct and the other stays relayed.
#
# A test may run several labs beside each other: ( lab_named A; ...; lab_end ) & and test_wait.

. "$(dirname "${BASH_SOURCE[0]}")/net.sh"
set -uo pipefail

CHECK_NAME=$(basename "$0" .sh)

now_ms() { date +%s%3N; }

# For how many ms since its start some program of this machine has waited for a CPU. Always 0 where
# the kernel does not count that.
stalled_ms() {
    [[ $(cat /proc/pressure/cpu 2>/dev/null) =~ total=([0-9]+) ]] || { echo 0; return; }
    echo $((BASH_REMATCH[1] / 1000))
}

# A moment: "NOW_MS/STALLED_MS", for since_ms.
moment() { echo "$(now_ms)/$(stalled_ms)"; }

# How many ms passed since a moment, with that moment: "MS@MOMENT", for check_most.
since_ms() { echo "$(($(now_ms) - ${1%/*}))@$1"; } # moment

# Whether some program of this machine waited for a CPU for more than a tenth of the time since a
# moment. For how much of a time of ours that accounts cannot be told: at times we did not wait.
was_busy() { # moment
    local whole stalled
    sleep 2.2 # the kernel counts every two seconds
    whole=$(($(now_ms) - ${1%/*}))
    stalled=$(($(stalled_ms) - ${1#*/}))
    [ $((10 * stalled)) -gt "$whole" ]
}

say() { printf '   %s\n' "$*"; }

not_ok() {
    printf 'NOT OK  %s\n' "$*"
    echo "$*" >>"$LAB_DIR/failures"
}

check() { # sentence command...
    local sentence=$1
    shift
    if "$@"; then printf 'ok  %s\n' "$sentence"; else not_ok "$sentence"; fi
}

# A time of since_ms or silence_ms that is over the limit is a failure only if the machine was not
# busy: the load of others is nothing that a test may judge. What is within the limit is true under
# any load.
check_most() { # sentence number limit
    local number=${2%@*}
    if ! [[ $number =~ ^[0-9]+$ ]]; then
        not_ok "$1 (${2:-nothing}, at most $3)"
    elif [ "$number" -le "$3" ]; then
        printf 'ok  %s (%s, at most %s)\n' "$1" "$number" "$3"
    elif [[ $2 == *@* ]] && was_busy "${2#*@}"; then
        printf '??  %s (%s, at most %s): not judged, this machine was busy\n' "$1" "$number" "$3"
    else
        not_ok "$1 ($number, at most $3)"
    fi
}

expect() { # sentence code part command...
    local sentence=$1 code=$2 part=$3 out rc
    shift 3
    out=$("$@" 2>&1 </dev/null)
    rc=$?
    if [ $rc != "$code" ] || [[ $out != *"$part"* ]]; then
        not_ok "$sentence: ended with $rc (wanted $code), said: $out"
    else
        printf 'ok  %s: %s, "...%s..."\n' "$sentence" "$rc" "$part"
    fi
}

test_begin() {
    lab_possible || { echo "skipped: this machine has no lab"; exit 77; }
    if [ -z "$(lab_program relayd)" ] || [ -z "$(lab_program ziglan)" ]; then
        echo "skipped: relayd and ziglan are not built (ZIGLAN_BIN)"
        exit 77
    fi
    trap lab_clean EXIT
    trap 'exit 130' INT TERM HUP
}

# Call it in a subshell, which gets a lab of its own. What it prints has NAME before it.
lab_named() { # name
    LAB_ID=$LAB_ID$1
    LAB_DIR=${LAB_DIR%/*}/$LAB_ID
    trap lab_clean EXIT
    exec > >(sed "s/^/[$1] /")
}

lab_programs_run() { # prints the pids of the programs of this lab
    local ns
    for ns in $(ip netns list | awk '{print $1}' | grep "^$LAB_ID-"); do
        ip netns pids "$ns" 2>/dev/null
    done
}

lab_quiet() { [ -z "$(lab_programs_run)" ]; }

# End every program of this lab; 0 if no sentence was false and no program reported a fault.
lab_end() {
    local pid log wrong=0
    for pid in $(lab_programs_run); do kill -TERM "$pid" 2>/dev/null; done
    if ! wait_for 10 lab_quiet; then
        not_ok "every program ends within 10 s of SIGTERM"
        for pid in $(lab_programs_run); do tr '\0' ' ' <"/proc/$pid/cmdline"; echo; done
    fi
    for log in "$LAB_DIR"/*.log "$LAB_DIR"/*/run/ziglan/*.log; do
        if grep -qE 'Sanitizer|runtime error:|check failed:|Assertion' "$log" 2>/dev/null; then
            not_ok "no program reports a fault of its own ($(basename "$log" .log) does)"
            grep -m 60 -vE ' (info|debug) ' "$log"
        fi
        # The sandbox is on, and lets the programs do all that they do in any test.
        if grep -E 'sandbox\.(refused|without part=threads)' "$log" 2>/dev/null; then
            not_ok "the sandbox refuses no program anything ($(basename "$log" .log))"
        fi
    done
    if [ -n "${LAB_LOGS:-}" ]; then
        mkdir -p "$LAB_LOGS/$LAB_ID"
        cp "$LAB_DIR"/*.log "$LAB_DIR"/*.ping "$LAB_LOGS/$LAB_ID" 2>/dev/null
    fi
    if [ -s "$LAB_DIR/failures" ]; then
        wrong=1
        for log in "$LAB_DIR"/*.log; do
            printf -- '---- the end of %s ----\n' "$(basename "$log")"
            tail -n 12 "$log"
        done
    fi
    lab_clean
    return $wrong
}

test_end() {
    if lab_end; then
        echo "$CHECK_NAME: all true, $SECONDS s"
        exit 0
    fi
    echo "$CHECK_NAME: FAILED, $SECONDS s"
    exit 1
}

# Wait for labs that run beside each other; exits with 0 if all of them went well.
test_wait() { # pid...
    local pid wrong=0
    for pid; do
        wait "$pid" || wrong=1
    done
    sleep 0.1 # the last lines are still on their way through sed
    if [ $wrong = 0 ]; then
        echo "$CHECK_NAME: all true, $SECONDS s"
    else
        echo "$CHECK_NAME: FAILED, $SECONDS s"
    fi
    exit $wrong
}

# ---- a ziglan ----

relay_answers() { lab_in "$1" "$(lab_program relayd)" status -c "$LAB_DIR/$1/relayd.yaml"; }

# Make a relay and start it: relay_start MACHINE ADDRESS [options of init]. Its URL is in RELAY_URL.
relay_start() {
    RELAY_URL=$(lab_relay_init "$@") || { lab_fail "relayd init"; exit 1; }
    RELAY_PID=$(lab_relay_up "$1")
    wait_for 20 relay_answers "$1" ||
        { lab_fail "relayd does not start"; cat "$LAB_DIR/$1.log"; exit 1; }
}

# Stands in for net.sh's lab_relay_up: below a service manager, which keeps the relay's descriptors
# and starts it anew at SIGHUP; $LAB_DIR/keeper/pid is the relay's own pid.
relay_kept_up() { # machine [program]
    mkdir -p "$LAB_DIR/keeper"
    lab_spawn "$1" "$LAB_DIR/$1.log" "$LAB_PYTHON" "$LAB_NET/keeper.py" "$LAB_DIR/keeper" \
        "${2:-$(lab_program relayd)}" -c "$LAB_DIR/$1/relayd.yaml"
}

relay_count() { # machine counter; a number of its status
    lab_in "$1" "$(lab_program relayd)" status --json -c "$LAB_DIR/$1/relayd.yaml" |
        sed -n "0,/\"$2\"/s/.*\"$2\": *\([0-9]*\).*/\1/p"
}

# All these hosts join at the same time, by RELAY_URL.
hosts_join() { # host...
    local host pids=()
    for host; do
        {
            lab_ziglan "$host" init --name "$host" &&
                printf '%s\n' "$RELAY_URL" | lab_ziglan "$host" join -
        } >"$LAB_DIR/$host.join" 2>&1 &
        pids+=($!)
    done
    for host; do
        wait "${pids[0]}" || { not_ok "$host joins"; cat "$LAB_DIR/$host.join"; }
        pids=("${pids[@]:1}")
    done
}

# What they send each other by a relay takes a lane, once they are up.
hosts_take_lanes() { # host...
    local host
    for host; do
        echo 'lanes: true' >>"$LAB_DIR/$host/etc/ziglan/zig0.yaml"
    done
}

hosts_up() { # host...
    local host
    for host; do
        now_ms >"$LAB_DIR/$host.up_ms"
        lab_up "$host" >"$LAB_DIR/$host.pid"
    done
}

# phone and tablet, each behind a symmetric NAT, so that they cannot become direct; unless a more
# open kind is named for tablet's.
relayed_pair() { # [kind]
    lab_site cafe symmetric 198.51.100.13 192.168.3
    lab_host phone cafe 2
    lab_site hotel "${1:-symmetric}" 203.0.113.14 192.168.4
    lab_host tablet hotel 2
}

# An internet with only these two hosts and a relay, over which they talk.
relayed_pair_begin() {
    lab_begin
    lab_public vps 192.0.2.10
    relayed_pair
    relay_start vps 192.0.2.10
    hosts_join phone tablet
    hosts_up phone tablet
    check "phone reaches tablet" wait_for 15 pings phone tablet
}

# A VPS, and laptop and nas at two homes behind port-restricted NAT, which can become direct.
home_pair() {
    lab_public vps 192.0.2.10
    lab_site home1 port-restricted 198.51.100.11 192.168.1
    lab_host laptop home1 2
    lab_site home2 port-restricted 203.0.113.12 192.168.2
    lab_host nas home2 2
}

# An internet with these two, and with laptop and nas behind port-restricted NAT, which can become
# direct. The kind is that of relayed_pair.
pairs_begin() { # [kind]
    lab_begin
    home_pair
    relayed_pair "$@"
}

# A relay starts at vps; all four hosts join, come up and talk; laptop and nas become direct.
pairs_up() {
    relay_start vps 192.0.2.10
    hosts_join laptop nas phone tablet
    hosts_up laptop nas phone tablet
    check "phone reaches tablet" wait_for 15 pings phone tablet
    check "laptop reaches nas" wait_for 15 pings laptop nas
    become_direct laptop nas
}

# A value of an answer in JSON: json_of HOST VERB EXPRESSION-OVER-d [options]
json_of() {
    lab_ziglan "$1" "$2" --json "${@:4}" 2>/dev/null |
        "$LAB_PYTHON" -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$3"
}

# Of the lane to a host's only peer.
lane_of() { # host key
    json_of "$1" status "[p['lane'] and p['lane']['$2'] for p in d['peers']][0]"
}
on_lane() { [ "$(lane_of "$1" used)" = True ]; } # host

both_are() { # one other direct|relayed
    lab_is_state "$1" "$2" "$3" && lab_is_state "$2" "$1" "$3"
}

become_direct() { # one other
    check "$1 and $2 become direct" wait_for 20 lab_is_state "$1" "$2" direct
    check "$2 and $1 become direct" wait_for 20 lab_is_state "$2" "$1" direct
}

is_joined() { says '"state": *"joined"' lab_ziglan "$1" status --json 2>/dev/null; }
pings() { lab_in "$1" ping -n -c 1 -W 1 "${@:3}" "$2.zignet" >/dev/null 2>&1; }

# Each of these hosts connected to its relay once since it came up, and never again.
connected_once() { # host...
    local host
    for host; do
        check "$host connected to its relay once" \
            [ "$(grep -c ' relay\.open ' "$LAB_DIR/$host.log")" = 1 ]
    done
}

# Ping by name until the first answer; prints how long after the moment START it came (since_ms).
first_reply_ms() { # from to start-moment limit-s
    local end=$((${3%/*} + $4 * 1000))
    while [ "$(now_ms)" -lt "$end" ]; do
        # A ping that asked before the resolver was there would repeat the question much later.
        if lab_in "$1" timeout 0.6 ping -n -c 1 -W 0.3 "$2.zignet" >/dev/null 2>&1; then
            since_ms "$3"
            return 0
        fi
        sleep 0.02
    done
    return 1
}

# Pings in the background: returns when the first one is answered. The log is $LAB_DIR/FROM-TO.ping,
# the pid is in PING_PID.
pinging() { # from to interval-s count
    local log=$LAB_DIR/$1-$2.ping
    PING_PID=$(lab_spawn "$1" "$log" ping -n -D -O -i "$3" -c "$4" "$2.zignet")
    wait_for 10 grep -q 'bytes from' "$log"
}

# Whether every ping in this log was answered. Those that ping does not report as unanswered,
# because their answer may still be on its way, do not count.
none_lost() { # log
    awk '{ seq = $0; sub(/.*icmp_seq=/, "", seq); seq += 0 }
         /bytes from/ { answered[seq] }
         /no answer yet|nreachable/ { missed[seq] }
         END { for (seq in missed) if (!(seq in answered)) exit 1
               for (seq in answered) exit 0
               exit 1 }' "$1"
}

# The longest time without an answer in such a log from a moment until now: "MS@MOMENT", for
# check_most.
silence_ms() { # log moment
    awk -v from="${2%/*}" -v now="$(now_ms)" -v moment="$2" '
        /bytes from/ { t = substr($1, 2, length($1) - 2) * 1000
                       if (t < from) next
                       gap = t - (last ? last : from); if (gap > most) most = gap; last = t }
        END { if (now - (last ? last : from) > most) most = now - (last ? last : from)
              printf "%d@%s\n", most, moment }' "$1"
}

# ---- a stream of bytes ----

# Send SIZE bytes over TCP and compare checksums; says how fast it was.
transfer() { # from to size -4|-6 port [seconds]
    local from=$1 to=$2 size=$3 family=$4 port=$5 want got log=$LAB_DIR/$1-$2-$5
    lab_in "$to" "$LAB_PYTHON" "$LAB_NET/stream.py" receive "$family" "$port" >"$log.got" 2>&1 \
        </dev/null &
    wait_for 20 grep -q ready "$log.got" || { cat "$log.got"; return 1; }
    want=$(lab_in "$from" "$LAB_PYTHON" "$LAB_NET/stream.py" send "$family" "$port" "$to.zignet" \
        "$size" ${6:+"$6"} 2>"$log.sent")
    wait_for 30 grep -q sha256 "$log.got"
    got=$(sed -n 's/^sha256 //p' "$log.got")
    if [ -z "$want" ] || [ "$want" != "$got" ]; then
        printf '    sent %s, received %s\n' "${want:-nothing: $(cat "$log.sent")}" \
            "${got:-nothing: $(cat "$log.got")}"
        return 1
    fi
    say "$from to $to, $size bytes: $(sed -n 's/^rate //p' "$log.got")"
}

# Send COUNT trains of 21 UDP datagrams each: nine of ten arrive, and all that do are right.
trains() { # from to count -4|-6 port
    local from=$1 to=$2 count=$3 family=$4 port=$5 log=$LAB_DIR/$1-$2-$5 right wrong
    lab_in "$to" "$LAB_PYTHON" "$LAB_NET/datagrams.py" receive "$family" "$port" >"$log.got" 2>&1 \
        </dev/null &
    wait_for 20 grep -q ready "$log.got" || { cat "$log.got"; return 1; }
    lab_in "$from" "$LAB_PYTHON" "$LAB_NET/datagrams.py" send "$family" "$port" "$to.zignet" \
        "$count" || return 1
    wait_for 40 grep -q right "$log.got" || { cat "$log.got"; return 1; }
    read -r _ right _ wrong < <(grep right "$log.got")
    say "$from to $to: $right of $((count * 21)) datagrams"
    [ "$wrong" = 0 ] && [ "$right" -ge $((count * 21 * 9 / 10)) ]
}
