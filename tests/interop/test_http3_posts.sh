#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Requests with bodies are answered and do not end the connection of a foreign HTTP/3 client: curl,
# if this one speaks HTTP/3 (Debian 13's does) or ZIGLAN_CURL names one that does, and ngtcp2's.
. "$(dirname "$0")/relayd_common.sh"

curl=${ZIGLAN_CURL:-curl}
tried=0
make_relay home
start home
head -c 20000 /dev/zero >"$work/small"
head -c 3000000 /dev/zero >"$work/large"

# Post a file and read a page behind it; both over one connection, ten times.
curl_posts() { # file
    local i out good=0
    for ((i = 0; i < 10; i++)); do
        out=$("$curl" -sS -k --http3-only --max-time 15 -o /dev/null \
            -w '%{http_code} %{num_connects},' --data-binary "@$1" "https://127.0.0.1:$port/" \
            --next -sS -k --http3-only --max-time 15 -o /dev/null \
            -w '%{http_code} %{num_connects}' "https://127.0.0.1:$port/addr" 2>&1)
        if [ "$out" = "405 1,200 0" ]; then
            good=$((good + 1))
        else
            echo "curl: $out"
        fi
    done
    [ $good = 10 ] && echo "ok: curl posts ${1##*/} 10 times and reads on" ||
        fail "$good of 10 posts of ${1##*/} left curl's connection as it was"
}

if [[ $("$curl" --version) == *HTTP3* ]]; then
    tried=1
    curl_posts "$work/small"
    curl_posts "$work/large"
else
    echo "this curl does not speak HTTP/3"
fi
if command -v gtlsclient >/dev/null; then
    tried=1
    for file in small large; do
        out=$(timeout 20 gtlsclient --exit-on-all-streams-close --http-method=POST \
            -d "$work/$file" 127.0.0.1 "$port" \
            "https://localhost:$port/" 2>&1) && [[ $out == *":status: 405"* ]] &&
            echo "ok: gtlsclient posts $file" || fail "gtlsclient posts $file: $(tail -5 <<<"$out")"
    done
fi
[ $tried = 1 ] || { echo "skipped: no client of HTTP/3 here"; exit 77; }
finish
