#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A foreign HTTP/3 client (ngtcp2's, with GnuTLS) reads relayd's pages on the port of the sessions.
. "$(dirname "$0")/relayd_common.sh"

if ! command -v gtlsclient >/dev/null; then
    echo "skipped: gtlsclient (ngtcp2-client) is not installed"
    exit 77
fi
make_relay home
start home

# get PATH [OPTION...]: the response's header lines, then its body in one line. The client prints
# a hex dump, whose right column is the text.
get() {
    local path=$1 out
    shift
    out=$(timeout 15 gtlsclient --exit-on-all-streams-close "$@" \
        127.0.0.1 "$port" "https://localhost:$port$path" 2>&1)
    grep -o '\[:status: [0-9]*\]\|\[content-type: .*\]\|\[content-length: .*\]\|\[allow: .*\]' \
        <<<"$out" || echo "$out"
    sed -n 's/^[0-9a-f]\{8\}  .*|\(.*\)|$/\1/p' <<<"$out" | tr -d '\n'
}

# page PATH STATUS PART: status and a part of the body.
page() {
    local out
    out=$(get "$1")
    if [[ $out != *":status: $2"* ]]; then
        fail "$1 was not answered with $2: $(tail -20 <<<"$out")"
    elif [[ $out != *"$3"* ]]; then
        fail "$1 lacks '$3': $(tail -30 <<<"$out")"
    else
        echo "ok: $1 -> $2, ...$3..."
    fi
}

page / 200 "This relay is alive"
page /addr 200 '"transport":"quic"'
page /addr 200 '"ip":"127.0.0.1"'
page /health 200 '"status":"ok"'
page /.well-known/ziglan 200 '"name":"home"'
page /absent 404 "not found"

out=$(get / --http-method=POST)
[[ $out == *":status: 405"* && $out == *"allow: GET, HEAD"* ]] && echo "ok: POST / -> 405" ||
    fail "POST / was not answered with 405 and what is allowed: $(tail -20 <<<"$out")"
out=$(get / --http-method=HEAD)
length=$(get / | grep -o 'content-length: [1-9][0-9]*')
if [[ $out == *":status: 200"* && $out != *"This relay is alive"* &&
    $out == *"${length:-?}]"* ]]; then
    echo "ok: HEAD / -> 200 without body, with the length of the page"
else
    fail "HEAD /: $(tail -20 <<<"$out")"
fi
page / 200 "This relay is alive" # and it still is
finish
