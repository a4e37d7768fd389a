# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Part of tests/bench/run: what ziglan costs as people use it, behind NAT: start, memory when idle,
# and a flood of Initials.

# ---- the lab: laptop and nas behind port-restricted NAT, desk and shop behind symmetric NAT ----

home_make() {
    local host url
    lab_possible || stop "this kernel does not allow network namespaces with NAT and TUN"
    step "a VPS, two port-restricted and two symmetric NATs, a host behind each"
    lab_begin
    home_pair
    lab_site office1 symmetric 198.51.100.13 192.168.3
    lab_host desk office1 2
    lab_site office2 symmetric 203.0.113.14 192.168.4
    lab_host shop office2 2
    lab_relay_init vps 192.0.2.10 --name bench >/dev/null
    lab_relay_up vps >/dev/null
    wait_for 10 lab_in vps "$ZIGLAN_BIN/relayd" status -c "$LAB_DIR/vps/relayd.yaml" ||
        stop "relayd did not start"
    for host in laptop nas desk shop; do
        url=$(lab_invite vps)
        lab_ziglan "$host" init --name "$host" >/dev/null
        lab_ziglan "$host" join - <<<"$url" >/dev/null
        lab_up "$host" >/dev/null
    done
    for host in laptop nas desk shop; do
        wait_for 10 joined "$host" || stop "$host did not join"
    done
}

# ---- start ----

# The time of day, in ms, of the first path.direct in a log behind its first LINES lines.
direct_ms() { # log lines
    tail -n "+$(($2 + 1))" "$1" | awk -F'[:.Z]' '
        / info path\.direct / {
            ms = (($1 * 60 + $2) * 60 + $3) * 1000 + substr($4 "000", 1, 3)
            seen = 1
            exit
        }
        END { if (!seen) { exit 1 } print ms }'
}

start_once() { # address of laptop at nas
    local log=$LAB_DIR/nas.log out=$work/first lines pinger pid started_ms first_us
    local interface_us direct
    lines=$(wc -l <"$log")
    lab_in nas env ZIGLAN_ROOT="$LAB_DIR/nas" "$ZIGLAN_BIN/bench_first_reply" zig0 "$1" \
        "$ZIGLAN_BIN/ziglan" up >"$out" 2>>"$log" </dev/null &
    pinger=$!
    wait_for 25 grep -q first_us "$out" || stop "no ping was answered"
    read -r pid started_ms interface_us first_us < <(sed 's/[a-z_]*=//g' "$out")
    wait_for 30 direct_ms "$log" "$lines" || stop "the pair did not get a direct path"
    direct=$(direct_ms "$log" "$lines")
    sample start.interface_ms "$(awk "BEGIN { print $interface_us / 1000 }")"
    sample start.first_reply_ms "$(awk "BEGIN { print $first_us / 1000 }")"
    # Only the log's time of day is known: past midnight it starts again.
    sample start.direct_ms "$(((direct - started_ms % 86400000 + 86400000) % 86400000))"
    kill "$(daemon_pid nas bench_first_rep)"
    wait "$pinger" 2>/dev/null || true
    lab_ziglan nas down >/dev/null
    wait_for 10 gone "$pid" || stop "ziglan down did not end the daemon"
}

gone() { ! kill -0 "$1" 2>/dev/null; }

part_start() {
    local address i
    step "start: $starts times ziglan up on nas, while laptop is up"
    address=$(peer_ipv4 nas laptop)
    lab_ziglan nas down >/dev/null
    wait_for 10 not_running nas ziglan || stop "ziglan down did not end the daemon"
    for ((i = 0; i < starts; i++)); do
        # A fresh laptop: no run inherits a session or a path of the one before.
        lab_ziglan laptop down >/dev/null
        wait_for 10 not_running laptop ziglan || stop "ziglan down did not end the daemon"
        lab_up laptop >/dev/null
        wait_for 10 joined laptop || stop "laptop did not come back"
        start_once "$address"
    done
    lab_up nas >/dev/null
    wait_for 10 joined nas || stop "nas did not come back"
}

not_running() { ! daemon_pid "$1" "$2" >/dev/null; }

# ---- memory ----

part_memory() {
    step "memory: idle for 3 s after joining"
    sleep 3
    memory_sample memory.idle.relayd "$(daemon_pid vps relayd)"
    memory_sample memory.idle.ziglan "$(daemon_pid laptop ziglan)"
}

# ---- flood ----

FLOOD_RATE=6000
FLOOD_SECONDS=8 # of which the first and the last are not measured

# The pings of a relayed pair for some six seconds, and what the relay takes meanwhile.
flood_sample() { # idle|flood address
    local pid before after from to us
    pid=$(daemon_pid vps relayd)
    before=$(ticks "$pid")
    from=$(date +%s%N)
    for us in $(lab_in desk ping -n -i 0.02 -c 300 "$2" |
        sed -n 's/.*time=\([0-9.]*\) ms.*/\1/p'); do
        sample "flood.$1.ping_ms" "$us"
    done
    to=$(date +%s%N)
    after=$(ticks "$pid")
    sample "flood.$1.relay_cpu_percent" "$(awk "BEGIN { printf \"%.1f\",
        ($after - $before) / $(getconf CLK_TCK) / (($to - $from) / 1e9) * 100 }")"
}

part_flood() {
    local shop i flood sent
    shop=$(peer_ipv4 desk shop)
    wait_for 20 lab_in desk ping -c 1 -W 1 "$shop" || stop "shop does not answer"
    lab_is_state desk shop relayed || stop "desk and shop are not relayed"
    lab_public attacker 192.0.2.66
    for i in all br0; do
        lab_in inet sysctl -qw "net.ipv4.conf.$i.rp_filter=0" # or the forged ones stop here
    done
    lab_in inet ip route replace 10.0.0.0/8 via 192.0.2.66
    for ((i = 1; i <= runs; i++)); do
        step "flood: run $i of $runs"
        flood_sample idle "$shop"
        lab_in attacker "$LAB_PYTHON" tests/lab/flood.py 192.0.2.10 4433 "$FLOOD_RATE" \
            "$FLOOD_SECONDS" >"$work/flood" &
        flood=$!
        sleep 1
        flood_sample flood "$shop"
        wait "$flood"
        sent=$(cat "$work/flood")
        sample flood.sent_per_s "$((sent / FLOOD_SECONDS))"
    done
    lab_is_state desk shop relayed || stop "desk and shop did not stay relayed"
}
