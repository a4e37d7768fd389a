#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Packets of 1280 and of 1420 bytes, not to be fragmented, pass over the relay and directly, and TCP
# arrives as sent, whatever the MTU below is: 1280, 1400, 1492, 9000 bytes; also if a router on the
# way drops packets larger than 1300 bytes without a word, from the start or later on, also while
# small packets flow beside. Where the way takes them only in fragments, the senders' systems are
# told what fits. Where it takes jumbo frames, and both hosts are to use them, they do.
. "$(dirname "$0")/check.sh"

SIZE=5000000
PAUSE_MS=1000 # of a stream whose way shrinks

# A full packet passes between two hosts in each direction, then TCP does.
passes() { # how from to port
    check "a packet of 1280 bytes passes $1" wait_for 8 pings "$2" "$3" -M 'do' -s 1252 -4
    check "and back, in IPv6" wait_for 8 pings "$3" "$2" -M 'do' -s 1232 -6
    check "5 MB of TCP arrive as sent $1" transfer "$2" "$3" $SIZE -4 "$4"
}

# One packet is answered, or its sender is told that it is too large.
arrives_or_is_told() { # from to ping's options
    local out
    out=$(lab_in "$1" ping -n -c 1 -W 1 "${@:3}" "$2.zignet" 2>&1)
    [[ $out =~ bytes\ from|essage\ too\ long|too\ big|Frag\ needed ]]
}

# Packets of SIZE bytes, not to be fragmented, all arrive from the first one on, until the sender's
# system is told to make none above FITS bytes ("none": it is told nothing).
none_is_lost() { # from to size fits
    local log=$LAB_DIR/$1-$2-$3.big address sent received refused fits
    # After a second the sender is told already, and ping takes that for an answer.
    check "the first packet of $3 bytes arrives from $1" \
        arrives_or_is_told "$1" "$2" -M 'do' -s $(($3 - 28)) -4
    check "and in IPv6" arrives_or_is_told "$1" "$2" -M 'do' -s $(($3 - 48)) -6
    lab_in "$1" ping -n -i 0.1 -c 30 -W 2 -M 'do' -s $(($3 - 28)) -4 "$2.zignet" >"$log" 2>&1
    address=$(sed -n 's/^PING [^(]*(\([0-9.]*\)).*/\1/p' "$log")
    received=$(grep -c 'bytes from' "$log")
    refused=$(grep -c 'message too long' "$log")
    sent=$(sed -n 's/ packets transmitted.*//p' "$log") # ping takes what it is told for an answer
    check "each of ${sent:-none} arrives ($received) or is refused before it is sent ($refused)" \
        [ $((received + refused)) = "${sent:-none}" ]
    fits=$(lab_in "$1" ip route get "$address" | sed -n 's/.* mtu \([0-9]*\).*/\1/p')
    check "the system of $1 knows that $4 bytes fit (${fits:-none})" [ "${fits:-none}" = "$4" ]
}

internet() { # mtu black-hole-mtu fits
    local hole=$2 site
    LAB_MTU=$1
    LAB_WHOLE=yes
    pairs_begin
    if [ -n "$hole" ]; then
        for site in home1 cafe; do lab_black_hole $site "$hole"; done
    fi
    relay_start vps 192.0.2.10
    hosts_join laptop nas phone tablet
    hosts_up laptop nas phone tablet
    check "phone reaches tablet" wait_for 15 pings phone tablet
    check "laptop reaches nas" wait_for 15 pings laptop nas
    passes "over the relay" phone tablet 7001
    check "laptop and nas become direct" wait_for 20 lab_is_state laptop nas direct
    check "nas and laptop become direct" wait_for 20 lab_is_state nas laptop direct
    none_is_lost laptop nas 1420 "$3"
    passes "directly" laptop nas 7002
    check "laptop and nas are still direct" lab_is_state laptop nas direct
    check "phone and tablet are still relayed" lab_is_state phone tablet relayed
    for site in ${hole:+home1 cafe}; do
        check "the router of $site swallowed packets ($(lab_swallowed $site))" \
            [ "$(lab_swallowed $site)" -gt 0 ]
    done
}

# The MTU of the way to the relay shrinks without a word during a session: both its ends notice.
shrinking() {
    LAB_MTU=1500
    LAB_WHOLE=yes
    relayed_pair_begin
    passes "before the way shrinks" phone tablet 7003
    lab_black_hole cafe 1300
    passes "after the way shrank" phone tablet 7004
    check "the router of cafe swallowed packets ($(lab_swallowed cafe))" \
        [ "$(lab_swallowed cafe)" -gt 0 ]
    check "phone and tablet are still relayed" lab_is_state phone tablet relayed
    connected_once phone tablet
}

# The same in the midst of a stream, where the session carries it alone.
shrinking_session() {
    LAB_MTU=1500
    LAB_WHOLE=yes
    TEST_LANES=off
    relayed_pair_begin
    transfer phone tablet 4000000 -4 7007 8 &
    sleep 2
    lab_black_hole cafe 1300
    check "a relayed stream of TCP survives that the way takes only 1300 bytes" wait $!
    check_most "it pauses no longer than TCP's own repetitions take, in ms" \
        "$(sed -n 's/^pause //p' "$LAB_DIR/phone-tablet-7007.got")" $PAUSE_MS
    check "the router of cafe swallowed packets ($(lab_swallowed cafe))" \
        [ "$(lab_swallowed cafe)" -gt 0 ]
    connected_once phone tablet
}

# The same happens to the direct path in the midst of a stream, and small packets go on beside.
shrinking_direct() {
    local hole
    LAB_MTU=1500
    LAB_WHOLE=yes
    pairs_begin
    pairs_up
    pinging laptop nas 0.05 4000
    pinging nas laptop 0.05 4000
    for hole in 1300 900; do
        transfer laptop nas 4000000 -4 $hole 8 &
        sleep 2
        lab_black_hole home1 $hole
        check "a stream of TCP survives that the way takes only $hole bytes" wait $!
        check_most "it pauses no longer than TCP's own repetitions take, in ms" \
            "$(sed -n 's/^pause //p' "$LAB_DIR/laptop-nas-$hole.got")" $PAUSE_MS
        check "laptop and nas are direct again" wait_for 5 lab_is_state laptop nas direct
        check "nas and laptop are direct again" wait_for 5 lab_is_state nas laptop direct
        passes "directly, on $hole bytes" laptop nas $((hole + 1))
    done
    check "the log tells the size of 1232" grep -q 'path.size .*size=1232' "$LAB_DIR/laptop.log"
    check "the log tells the size of 548" grep -q 'path.size .*size=548' "$LAB_DIR/laptop.log"
}

# 8972 bytes of UDP are a packet of 9000, and a frame of that holds a packet of 8940.
jumbo() {
    local host
    LAB_MTU=9000
    LAB_WHOLE=yes
    pairs_begin
    relay_start vps 192.0.2.10
    hosts_join laptop nas phone tablet
    for host in laptop nas phone tablet; do
        echo 'mtu: 9000' >>"$LAB_DIR/$host/etc/ziglan/zig0.yaml"
    done
    hosts_up laptop nas phone tablet
    check "phone reaches tablet" wait_for 15 pings phone tablet
    check "laptop reaches nas" wait_for 15 pings laptop nas
    become_direct laptop nas
    check "a packet of 8940 bytes passes directly" \
        wait_for 8 pings laptop nas -M 'do' -s 8912 -4
    none_is_lost laptop nas 9000 8940
    check "5 MB of TCP arrive as sent" transfer laptop nas $SIZE -4 7005
    check "and over the relay" transfer phone tablet $SIZE -6 7006
    check "laptop and nas are still direct" lab_is_state laptop nas direct
}

test_begin
labs=()
while read -r mtu fits; do
    (
        lab_named "$mtu"
        internet "$mtu" '' "$fits"
        lab_end
    ) &
    labs+=($!)
done <<'MTU'
1280 1280
1400 1340
1492 none
9000 none
MTU
(
    lab_named jumbo
    jumbo
    lab_end
) &
labs+=($!)
(
    lab_named hole
    internet 1500 1300 1280
    lab_end
) &
labs+=($!)
(
    lab_named shrink
    shrinking
    lab_end
) &
labs+=($!)
(
    lab_named session
    shrinking_session
    lab_end
) &
labs+=($!)
(
    lab_named direct
    shrinking_direct
    lab_end
) &
labs+=($!)
test_wait "${labs[@]}"
