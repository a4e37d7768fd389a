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
