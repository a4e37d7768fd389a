#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The examples of libstun2 behind two port-restricted NATs of the kernel, with a relay that serves
# strangers: two meet by key and by the pool, talk over UDP and over QUIC, and are told what their
# NAT does.
. "$(dirname "$0")/check.sh"
. "$(dirname "$0")/apps.sh"

apps_begin
say "installed and compiled"
check "chat.c compiles" apps_compile chat
check "nat.c compiles" apps_compile nat
short() {
    local file
    for file in "$APPS_SOURCE"/*.c; do [ "$(wc -l <"$file")" -lt 150 ] || return 1; done
}
check "each file has less than 150 lines" short
# QUIC by what deploy/setup built. The program has a wolfSSL of its own beside that of the library.
quic=${XDG_CACHE_HOME:-$HOME/.cache}/ziglan/prefix/lib/pkgconfig
# shellcheck disable=SC2046
check "quic_echo.c compiles" apps_compile quic_echo quic_peer.c \
    $(PKG_CONFIG_PATH=$quic pkg-config --static --cflags --libs libngtcp2_crypto_wolfssl |
        sed 's/-I/-isystem /g')

lab_public vps 192.0.2.10
lab_site home-one port-restricted 198.51.100.11 192.168.11
lab_site home-two port-restricted 203.0.113.12 192.168.12
lab_site short masquerade-drop 198.51.100.15 192.168.15
lab_in short sysctl -qw net.netfilter.nf_conntrack_udp_timeout=15 \
    net.netfilter.nf_conntrack_udp_timeout_stream=15
lab_host one home-one 2
lab_host two home-two 2
lab_host three short 2
apps_relay vps 192.0.2.10

say "meanwhile: for how long a NAT remembers"
app_start n three nat --lifetime "$APPS_RELAY"
begin_n=$(moment)

say "a chat by key"
app_start a one chat "$APPS_RELAY"
check "it tells its key" wait_for 10 app_said a 'our key is'
begin=$(moment)
app_start b two chat "$APPS_RELAY" "$(app_key a)"
check "the way is open" wait_for 15 app_said b 'open to'
check_most "after the report on the NAT, in ms" "$(since_ms "$begin")" 6000
check "at the other side, too" wait_for 5 app_said a 'open to'
listeners() { cat "$LAB_DIR/app-a.log" "$LAB_DIR/app-b.log" | grep -c 'we listen'; }
check "one listens and one dials" [ "$(listeners)" = 1 ]
check "each has the other's public address" app_said a '203.0.113.12:'
check "as the other has" app_said b '198.51.100.11:'
app_tell b "hello from b"
app_tell a "hello from a"
check "a line arrives" wait_for 5 app_heard a "hello from b"
check "and one in return" wait_for 5 app_heard b "hello from a"
app_end a b

say "a chat by the pool"
app_start c one chat "$APPS_RELAY" @chat
check "it joins the pool" wait_for 10 app_said c 'in the pool chat'
app_start d two chat "$APPS_RELAY" @chat
check "who comes meets who is there" wait_for 15 app_said d 'open to'
check "and is met" wait_for 5 app_said c 'open to'
app_tell d "hello from d"
check "a line arrives" wait_for 5 app_heard c "hello from d"
app_end c d

say "QUIC, which proves the keys"
app_start e one quic_echo "$APPS_RELAY"
check "it tells its key" wait_for 10 app_said e 'our key is'
app_start f two quic_echo "$APPS_RELAY" "$(app_key e)"
check "the way is open" wait_for 15 app_said f 'open, we'
app_tell f "over QUIC"
check "a line is echoed" wait_for 10 app_heard f "over QUIC"
app_end e f

say "what the NAT does"
n_ended() { ! kill -0 "${APP_PID[n]}" 2>/dev/null; }
check "the measurement ends" wait_for 40 n_ended
# Looking for it takes up to 1 s; the report before it takes 3 s.
check_most "10 s after the lifetime is over, in ms" "$(since_ms "$begin_n")" 60000
check "its kind is told" app_heard n 'NAT: unsure'
seconds_of() { sed -n "s/^$1[^0-9]* \([0-9]*\)\.[0-9] s/\1/p" "$APPS_DIR/n.out"; }
near_15() { local s; s=$(seconds_of "$1"); [ "${s:-0}" -ge 12 ] && [ "$s" -le 17 ]; }
check "kept mappings live 15 s" near_15 'kept mappings'
check "and so do unanswered ones" near_15 'unanswered ones'
check "ways are used at 0.7 of it" eval "[ \$(seconds_of 'open ways') -ge 8 ] &&
    [ \$(seconds_of 'open ways') -le 11 ]"
cat "$APPS_DIR/n.out"
test_end
