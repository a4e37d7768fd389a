#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Magic DNS as a foreign resolver library sees it: dig asks a real daemon in a namespace of its own.
# shellcheck source=ziglan_common.sh
. "$(dirname "$0")/ziglan_common.sh"

command -v dig >/dev/null || skip "dig is not installed"

expect() { # what, wanted pattern, dig arguments...
    local what=$1 wanted=$2 got
    shift 2
    got=$(ip netns exec "$space" dig +tries=3 +time=3 @"$resolver" "$@") ||
        { echo "FAILED: $what: no answer"; exit 1; }
    if ! grep -Eq -- "$wanted" <<<"$got"; then
        printf 'FAILED: %s: wanted %s in\n%s\n' "$what" "$wanted" "$got"
        exit 1
    fi
    echo "ok: $what"
}

ziglan up --detach
json=$(ziglan status --json)
field() { grep -o "\"$1\": \"[^\"]*\"" <<<"$json" | sed -n 1p | cut -d'"' -f4; }
key=$(field key) ipv4=$(field ipv4) ipv6=$(field ipv6) resolver=$(field resolver)

expect "own key, IPv4" "^$ipv4\$" +short "$key.zignet" A
expect "own key, IPv6" "^$ipv6\$" +short "$key.zignet" AAAA
expect "capitals" "^$ipv4\$" +short "${key^^}.ZIGNET" A
expect "over TCP" "^$ipv4\$" +short +tcp "$key.zignet" A
expect "without EDNS" "^$ipv4\$" +short +noedns "$key.zignet" A
expect "the reserved name" "^$resolver\$" +short admin.zignet A
expect "back from IPv4" "zignet\\.\$" +short -x "$ipv4"
expect "back from IPv6" "zignet\\.\$" +short -x "$ipv6"
expect "an unknown name" "status: NXDOMAIN" nobody.zignet A
expect "a known name, unknown type" "status: NOERROR" "$key.zignet" MX
expect "and no answer to it" "ANSWER: 0" "$key.zignet" MX
expect "SOA at the apex" "admin.zignet" +short zignet SOA
expect "authoritative" "flags: qr aa rd" "$key.zignet" A
expect "a name with a space" "status: NXDOMAIN" 'my\032printer.zignet' A
expect "a name of many labels" "status: NXDOMAIN" "$(seq -s . 1 60).zignet" A
expect "an odd name in the reverse zone" "status: NXDOMAIN" x.1.64.100.in-addr.arpa PTR
expect "another class" "status: REFUSED" "$key.zignet" CH TXT
expect "another domain" "status: REFUSED" example.org A
echo "dig understands Magic DNS"
