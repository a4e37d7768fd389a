#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# libstun2 as it is installed: which symbols it shows and wants, what pkg-config says, and that
# programs in C and C++ compile, link and start with either library.
set -euo pipefail

for program in cc c++ pkg-config cmake nm readelf; do
    command -v "$program" >/dev/null || { echo "skipped: $program is not installed"; exit 77; }
done
build=$(dirname "$ZIGLAN_BIN")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

prefix=$work/usr
for component in libstun2-0 libstun2-dev; do
    cmake --install "$build" --prefix "$prefix" --component "$component" >"$work/log" 2>&1 ||
        fail "$(tail -5 "$work/log")"
done
library=$prefix/lib/libstun2.so
for file in lib/libstun2.so.0 lib/libstun2.a lib/pkgconfig/stun2.pc include/stun2/stun2.h \
    include/stun2/stun2_ev.h share/doc/libstun2-dev/libstun2.md share/doc/libstun2-dev/chat.c; do
    [ -s "$prefix/$file" ] || fail "$file was not installed"
done
[ ! -e "$prefix/bin" ] || fail "the components bring programs along"
echo "ok: installed below $prefix"

# Every function that a header promises is there, and nothing else.
sed -n 's/^STUN2_API .*\b\(stun2_[a-z0-9_]*\)(.*/\1/p' "$prefix"/include/stun2/*.h |
    sort >"$work/promised"
[ "$(wc -l <"$work/promised")" -gt 40 ] || fail "the headers are not read as they should be"
nm -D --defined-only "$library" | awk '$2 == "T" || $2 == "B" || $2 == "D" || $2 == "R" {
    sub(/@.*/, "", $3); print $3 }' | sort >"$work/shown"
nm -g --defined-only "$prefix/lib/libstun2.a" 2>/dev/null | awk 'NF == 3 { print $3 }' |
    sort >"$work/kept"
diff "$work/promised" "$work/shown" || fail "the shared library shows something else"
diff "$work/promised" "$work/kept" || fail "the static library shows something else"
echo "ok: both libraries show what the headers promise, and nothing else"

readelf -d "$library" >"$work/dynamic"
grep -q 'SONAME.*\[libstun2\.so\.0\]' "$work/dynamic" || fail "the soname is another one"
# What is inside is not wanted from outside: an application may use another version of it.
! grep -E 'NEEDED.*(wolfssl|ngtcp2|nghttp3|sodium|miniupnpc|natpmp|microhttpd|jansson|lmdb)' \
    "$work/dynamic" || fail "the shared library wants what is inside"
! readelf -d "$library" | grep TEXTREL || fail "the shared library has text relocations"
echo "ok: soname and needed libraries"

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
[ "$(pkg-config --modversion stun2)" = 0.1.0 ] || fail "pkg-config names another version"
sanitize=()
! grep -q libasan "$work/dynamic" || sanitize=(-fsanitize=address,undefined)
cat >"$work/app.c" <<'APP'
#include <stun2/stun2_ev.h>

#include <stdio.h>

int main(void)
{
    struct stun2_ev *ev = NULL;
    static struct stun2_ev_options options;
    char problem[STUN2_TEXT_SIZE];

    options.size = sizeof(options);
    /* Without a loop it says so; and it links the whole library. */
    if (stun2_ev_new(&ev, &options, problem) != STUN2_ERROR_ARGUMENT || ev != NULL) {
        return 1;
    }
    printf("%s: %s\n", stun2_version(), problem);
    return 0;
}
APP
cp "$work/app.c" "$work/app.cc"
read -ra flags <<<"$(pkg-config --cflags stun2)"
read -ra shared <<<"$(pkg-config --libs stun2)"
read -ra static <<<"$(pkg-config --static --libs stun2)"
static=("${static[@]/#-lstun2/-l:libstun2.a}")
warn=(-Wall -Wextra -Werror -pedantic)
starts() { # name
    LD_LIBRARY_PATH=$prefix/lib "$work/$1" >"$work/$1.out" 2>&1 || fail "$1: $(cat "$work/$1.out")"
    grep -q '^0\.1\.0: an argument' "$work/$1.out" || fail "$1 says $(cat "$work/$1.out")"
    echo "ok: a program in $2 starts"
}
cc -std=c99 "${warn[@]}" "${sanitize[@]}" "${flags[@]}" -o "$work/c" "$work/app.c" "${shared[@]}"
starts c "C99 with the shared library"
c++ -std=c++17 "${warn[@]}" "${sanitize[@]}" "${flags[@]}" \
    -o "$work/cc" "$work/app.cc" "${shared[@]}"
starts cc "C++17 with the shared library"
cc "${sanitize[@]}" "${flags[@]}" -o "$work/static" "$work/app.c" "${static[@]}"
! readelf -d "$work/static" | grep libstun2 || fail "the static library was not taken"
starts static "C with the static library"

# What programs do wrong: nothing in place of something, too soon, too late, twice, in a callback;
# two adapters in one loop; and a relay that nobody runs.
cat >"$work/wrong.c" <<'APP'
#include <stun2/stun2_ev.h>

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IS(call, wanted) is(#call, (int)(call), wanted)

static struct stun2_ev *one, *other;
static unsigned events;

static void is(const char *what, int got, int wanted)
{
    if (got != wanted) {
        printf("%s gives %d, not %d\n", what, got, wanted);
        exit(1);
    }
}

static void on_event(void *context, const struct stun2_event *event)
{
    (void)context;
    (void)event;
    events++;
    stun2_ev_kick(one);
    IS(stun2_answer(stun2_ev_agent(one), 7, 1, stun2_ev_now()), STUN2_ERROR_STATE);
    stun2_ev_free(one); /* twice, and inside of itself */
    stun2_ev_free(one);
}

static void on_time(struct ev_loop *loop, struct ev_timer *w, int revents)
{
    (void)w;
    (void)revents;
    ev_break(loop, EVBREAK_ALL);
}

static void wait_s(double seconds)
{
    struct ev_timer timer;

    ev_timer_init(&timer, on_time, seconds, 0.);
    ev_timer_start(EV_DEFAULT, &timer);
    ev_run(EV_DEFAULT, 0);
    ev_timer_stop(EV_DEFAULT, &timer);
}

/* With nothing where something should be. */
static void give_nothing(struct stun2 *a, uint64_t relay)
{
    uint8_t key[STUN2_KEY_SIZE] = {1};
    struct stun2_address at;
    struct stun2_datagram in;
    uint64_t number;

    IS(stun2_init(NULL), STUN2_ERROR_STATE);
    IS(stun2_new(NULL, NULL, 0), STUN2_ERROR_ARGUMENT);
    IS(stun2_address_parse(&at, NULL), STUN2_ERROR_ARGUMENT);
    IS(stun2_key_parse(key, NULL), STUN2_ERROR_ARGUMENT);
    IS(stun2_certificate_key(key, NULL, 0), STUN2_ERROR_ARGUMENT);
    IS(stun2_relay_add(a, NULL, &number, NULL, 0), STUN2_ERROR_ARGUMENT);
    IS(stun2_relay_add(a, "", &number, NULL, 0), STUN2_ERROR_ARGUMENT);
    IS(stun2_report_begin(a, NULL, 0), STUN2_ERROR_ARGUMENT);
    IS(stun2_lifetime_begin(a, NULL, 0), STUN2_ERROR_ARGUMENT);
    IS(stun2_pool_join(a, relay, NULL, 0), STUN2_ERROR_ARGUMENT);
    IS(stun2_find(a, relay, "chat", NULL, 1, 1, 0), STUN2_ERROR_ARGUMENT);
    IS(stun2_pool_punch(a, relay, "chat", NULL, 0), STUN2_ERROR_ARGUMENT);
    IS(stun2_punch(a, relay, NULL, &number, 0), STUN2_ERROR_ARGUMENT);
    IS(stun2_set_locals(a, 1, NULL, 1, 0), STUN2_ERROR_ARGUMENT);
    memset(&in, 0, sizeof(in));
    IS(stun2_receive(a, &in, 0), 0);
    stun2_free(NULL);
    stun2_ev_free(NULL);
}

/* What is not there, and what is too soon. */
static void ask_for_nobody(struct stun2 *a, uint64_t relay)
{
    uint8_t key[STUN2_KEY_SIZE] = {1};
    struct stun2_report report;
    struct stun2_lifetime lifetime;
    struct stun2_reward rewards[STUN2_REWARDS_MAX];
    struct stun2_address at;
    uint64_t number, now = stun2_ev_now();

    IS(stun2_report_read(a, &report, sizeof(report)), STUN2_ERROR_STATE);
    IS(stun2_lifetime_read(a, &lifetime, sizeof(lifetime), now), STUN2_ERROR_STATE);
    IS(stun2_ev_lifetime(one), STUN2_OK);
    IS(stun2_ev_lifetime(one), STUN2_ERROR_STATE); /* one runs */
    IS(stun2_ev_send(one, 99, "x", 1), STUN2_ERROR_STATE);
    IS(stun2_find(a, relay, "chat", NULL, 0, 1, now), STUN2_ERROR_STATE);
    IS(stun2_pool_join(a, 99, "chat", now), STUN2_ERROR_ARGUMENT);
    IS(stun2_punch(a, 99, key, &number, now), STUN2_ERROR_ARGUMENT);
    IS(stun2_punch_address(a, 99, &at), 0);
    IS(stun2_relay_rtt_us(a, 99), 0);
    IS(stun2_relay_rewards(a, 99, rewards), 0);
    stun2_relay_remove(a, 99, now);
    stun2_pool_leave(a, 99, "chat");
    stun2_punch_end(a, 99, now);
    stun2_resolved(a, 99, NULL, 0, now);
    stun2_lifetime_end(a);
    stun2_network_changed(a, now);
    IS(stun2_punch(a, relay, key, &number, now), STUN2_OK);
    IS(stun2_punch(a, relay, key, &number, now), STUN2_ERROR_STATE);
    stun2_punch_end(a, number, now);
    stun2_punch_end(a, number, now);
}

int main(void)
{
    struct stun2_ev_options options;
    uint64_t relay;
    char text[STUN2_TEXT_SIZE];

    memset(&options, 0, sizeof(options));
    IS(stun2_ev_new(NULL, NULL, NULL), STUN2_ERROR_ARGUMENT);
    options.size = sizeof(options);
    options.loop = EV_DEFAULT;
    options.on_event = on_event;
    options.locals = 1;
    IS(stun2_ev_new(&one, &options, text), STUN2_OK);
    options.on_event = NULL;
    options.size -= sizeof(void *); /* as of the first version, which had no `locals` */
    IS(stun2_ev_new(&other, &options, text), STUN2_OK);
    IS(stun2_relay_add(stun2_ev_agent(one), RELAY, &relay, text, stun2_ev_now()), STUN2_OK);
    give_nothing(stun2_ev_agent(one), relay);
    ask_for_nobody(stun2_ev_agent(one), relay);
    wait_s(0.3); /* MEASURE_FIRST comes, and the callback frees it */
    IS(events, 1);
    stun2_ev_free(other);
    IS(stun2_ev_new(&one, &options, text), STUN2_OK); /* and all over again */
    stun2_ev_free(one);
    printf("well\n");
    return 0;
}
APP
wrong() { # library flags...
    cc "${warn[@]}" "${sanitize[@]}" "${flags[@]}" -o "$work/wrong" "$work/wrong.c" \
        -DRELAY='"relay://wrke7uuoqqmfzpkxc7hhezohpkngni267zfffrbey67cklnvbh7q@127.0.0.1:9"' \
        "$@" -lev
    LD_LIBRARY_PATH=$prefix/lib "$work/wrong" >"$work/wrong.out" 2>&1 ||
        fail "what programs do wrong: $(head -c 4000 "$work/wrong.out")"
    grep -qx well "$work/wrong.out" || fail "it says $(cat "$work/wrong.out")"
}
wrong "${shared[@]}"
echo "ok: what programs do wrong harms nobody, with the shared library"
wrong "${static[@]}"
echo "ok: and with the static one"
