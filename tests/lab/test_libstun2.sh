#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# libstun2 as an application developer gets it: installed below a prefix of its own, its examples
# compiled with the installed headers and pkg-config alone, and run behind two port-restricted NATs
# of the kernel with a relay whose pool is open to strangers.
. "$(dirname "$0")/check.sh"

command -v cc >/dev/null && command -v pkg-config >/dev/null && command -v cmake >/dev/null ||
    { echo "skipped: cc, pkg-config and cmake are needed"; exit 77; }
test_begin
lab_begin
build=$(dirname "$ZIGLAN_BIN")
prefix=$LAB_DIR/prefix
source=$LAB_NET/../../client/examples
work=$LAB_DIR/app # outside the tree
lab_mkdir "$work"

say "installed and compiled"
for component in libstun2-0 libstun2-dev; do
    check "cmake --install --component $component" \
        cmake --install "$build" --prefix "$prefix" --component "$component" >"$LAB_DIR/install"
done
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib
flags=(-Wall -Wextra -Werror)
# The library of mode dev has sanitizers inside, which the program must bring.
! says libasan readelf -d "$prefix/lib/libstun2.so" || flags+=(-fsanitize=address,undefined)
compile() { # name [more files and flags]
    cp "$source"/*.[ch] "$work/" &&
        # shellcheck disable=SC2046
        (cd "$work" &&
            cc "${flags[@]}" -o "$1" "$1.c" "${@:2}" $(pkg-config --cflags --libs stun2) -lev)
}
check "chat.c compiles" compile chat
short() { for file in "$source"/*.c; do [ "$(wc -l <"$file")" -lt 150 ] || return 1; done; }
check "each file has less than 150 lines" short
# QUIC by what deploy/setup built. The program has a wolfSSL of its own beside that of the library.
quic=${XDG_CACHE_HOME:-$HOME/.cache}/ziglan/prefix/lib/pkgconfig
# shellcheck disable=SC2046
check "quic_echo.c compiles" compile quic_echo quic_peer.c \
    $(PKG_CONFIG_PATH=$quic pkg-config --static --cflags --libs libngtcp2_crypto_wolfssl)

lab_public vps 192.0.2.10
lab_site home-one port-restricted 198.51.100.11 192.168.11
lab_site home-two port-restricted 203.0.113.12 192.168.12
lab_host one home-one 2
lab_host two home-two 2
lab_relay_init vps 192.0.2.10 >/dev/null || { not_ok "relayd init"; exit 1; }
printf 'open_relay: true\napps: [chat]\n' >>"$LAB_DIR/vps/relayd.yaml"
lab_relay_up vps >/dev/null
wait_for 20 relay_answers vps || { not_ok "relayd starts"; cat "$LAB_DIR/vps.log"; exit 1; }
relay=$(lab_in vps "$(lab_program relayd)" status -c "$LAB_DIR/vps/relayd.yaml" |
    grep -o 'relay://[^ ]*')

# A program of the examples in the background; its standard input is a pipe, its pid in PID_NAME.
start() { # name host program argument...
    local name=$1 host=$2
    mkfifo "$work/$name.in"
    # Both ends, so that neither side waits for the other.
    ip netns exec "$(lab_ns "$host")" "$work/$3" "${@:4}" <>"$work/$name.in" \
        >"$work/$name.out" 2>"$work/$name.err" &
    printf -v "PID_$name" %s $!
    disown $!
}
tell() { echo "$2" 1<>"$work/$1.in"; } # that waits for nobody
said() { grep -q "$2" "$work/$1.err"; }
heard() { grep -qx "$2" "$work/$1.out"; }
show() { sed "s/^/    $1: /" "$work/$1.err"; }

say "a chat by key"
start a one chat "$relay"
check "it tells its key" wait_for 10 said a 'our key is'
key=$(sed -n 's/.*our key is //p' "$work/a.err")
begin=$(moment)
start b two chat "$relay" "$key"
check "the way is open" wait_for 15 said b 'open to'
check_most "after the report on the NAT, in ms" "$(since_ms "$begin")" 6000
check "at the other side, too" wait_for 5 said a 'open to'
check "one listens and one dials" [ "$(cat "$work/a.err" "$work/b.err" | grep -c 'we listen')" = 1 ]
check "each has the other's public address" said a '203.0.113.12:'
check "as the other has" said b '198.51.100.11:'
tell b "hello from b"
tell a "hello from a"
check "a line arrives" wait_for 5 heard a "hello from b"
check "and one in return" wait_for 5 heard b "hello from a"

say "a NAT that gives one side another port"
lab_redial home-one 198.51.100.21
tell b "where are you"
check "the other side is told where it is" wait_for 15 said b '198.51.100.21:'
moved() { tell a "still here $1"; sleep 0.2; heard b "still here $1"; }
check "and lines arrive" wait_for 10 moved 1
kill "$PID_a" "$PID_b"

say "a chat by the pool"
start c one chat "$relay" @chat
check "it joins the pool" wait_for 10 said c 'in the pool chat'
start d two chat "$relay" @chat
check "who comes meets who is there" wait_for 15 said d 'open to'
check "and is met" wait_for 5 said c 'open to'
tell d "hello from d"
check "a line arrives" wait_for 5 heard c "hello from d"
kill "$PID_c" "$PID_d"

say "QUIC, which proves the keys"
start e one quic_echo "$relay"
check "it tells its key" wait_for 10 said e 'our key is'
start f two quic_echo "$relay" "$(sed -n 's/.*our key is //p' "$work/e.err")"
check "the way is open" wait_for 15 said f 'open, we'
tell f "over QUIC"
check "a line is echoed" wait_for 10 heard f "over QUIC"
kill "$PID_e" "$PID_f"
for name in a b c d e f; do show "$name"; done
test_end
