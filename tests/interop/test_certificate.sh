#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A relay shows a certificate of its operator's to a real Chromium that asks for its name over
# HTTP/3, reads a renewed one on SIGHUP, and keeps the one before where the files are wrong.
. "$(dirname "$0")/relayd_common.sh"

for program in openssl curl; do
    command -v $program >/dev/null || { echo "skipped: $program is not installed"; exit 77; }
done
browser=$(command -v chromium-headless-shell || command -v chromium || true)
make_relay home
certificate() { # file days; that of an authority of its own, for relay.example
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$2" \
        -keyout "$work/home/$1.key" -out "$work/home/$1.pem" -subj /CN=relay.example \
        -addext subjectAltName=DNS:relay.example 2>/dev/null
}
certificate first 30
certificate second 5
spki() { # file; as Chromium wants it
    openssl x509 -in "$work/home/$1.pem" -noout -pubkey | openssl pkey -pubin -outform der |
        openssl dgst -sha256 -binary | base64
}
shows() { # file of the certificate that alone the browser takes
    says "relay is alive" env HOME="$work" timeout 60 "$browser" \
        --headless --no-sandbox --disable-gpu \
        --user-data-dir="$work/browser-$1" \
        --host-resolver-rules="MAP relay.example 127.0.0.1" \
        --origin-to-force-quic-on="relay.example:$port" \
        --ignore-certificate-errors-spki-list="$(spki "$1")" \
        --dump-dom "https://relay.example:$port/" 2>"$work/browser.log"
}
ends() { # days; what the metrics say
    local at
    at=$(curl -sS -m 5 "http://127.0.0.1:$metrics/metrics" |
        sed -n 's/^relayd_certificate_expiry_timestamp_seconds //p')
    [ -n "$at" ] && awk -v at="$at" -v now="$(date +%s)" -v days="$1" \
        'BEGIN { left = (at - now) / 86400; exit !(left > days - 0.1 && left <= days) }'
}
use() { # certificate key
    sed -i '/^certificate/d' "$config"
    printf 'certificate: %s\ncertificate_key: %s\n' "$1" "$2" >>"$config"
}

# At the start each wrong file has its sentence.
use first.pem none.key
expect 2 "none.key" "$relayd" -c "$config"
use first.key first.key
expect 2 "first.key holds no certificate in PEM; name" "$relayd" -c "$config"
use first.pem first.pem
expect 2 "first.pem holds no key in PEM without a password; name" "$relayd" -c "$config"
use first.pem second.key
expect 2 "is not that of the certificate in" "$relayd" -c "$config"

use first.pem first.key
start home
wait_for 5 ends 30 || fail "the metrics do not tell of 30 days"
expect 0 "for browsers it holds 29 days" \
    bash -c '"$1" doctor -c "$2" | cat' - "$relayd" "$config"
if [ -n "$browser" ]; then
    shows first && echo "ok: Chromium shows the page" ||
        fail "Chromium does not show the page: $(tail -n 5 "$work/browser.log")"
    shows second && fail "Chromium takes any certificate, so it proves nothing"
fi

# The files were replaced; one that is wrong changes nothing.
cp "$work/home/second.pem" "$work/home/first.pem"
kill -HUP "$pid"
wait_for 10 grep -q 'config.reload certificate=kept why=.*is not that of' "$work/home.log" ||
    fail "a wrong certificate is not told"
ends 30 || fail "a wrong certificate counts"
cp "$work/home/second.key" "$work/home/first.key"
kill -HUP "$pid"
wait_for 10 ends 5 || fail "a renewed certificate does not count: $(cat "$work/home.log")"
out=$("$relayd" doctor -c "$config")
[[ $out == *"for browsers it holds 4 days"* && $out == *"renew "* ]] ||
    fail "doctor does not advise to renew it: $out"
if [ -n "$browser" ]; then
    shows second && echo "ok: and that of a renewed one" ||
        fail "Chromium does not see the renewed one: $(tail -n 5 "$work/browser.log")"
fi

# A folder that was not named at the start is not let in by the sandbox.
mkdir "$work/elsewhere"
cp "$work/home/second.pem" "$work/home/second.key" "$work/elsewhere"
use "$work/elsewhere/second.pem" "$work/elsewhere/second.key"
kill -HUP "$pid"
if ! grep -q "sandbox.without part=folders" "$work/home.log"; then
    wait_for 10 grep -q 'sandbox did not let in at its start; restart relayd' "$work/home.log" ||
        fail "the log does not say that a restart is wanted: $(cat "$work/home.log")"
fi
grep -E 'sandbox\.(refused|without)' "$work/home.log" && fail "the sandbox refuses something"
finish
