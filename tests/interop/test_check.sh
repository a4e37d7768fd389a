#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `relayd --check` on what a configuration names: each thing that a start would refuse, or that only
# shows itself later, has one sentence with its line, and a fine one disturbs nobody.
. "$(dirname "$0")/relayd_common.sh"

command -v openssl >/dev/null || { echo "skipped: openssl is not installed"; exit 77; }
make_relay home
cp "$config" "$work/good.yaml"
check() { "$relayd" --check -c "$config"; }
use() { # lines of YAML, behind the good ones
    sed "/^${1%%:*}:/d" "$work/good.yaml" >"$config"
    [ -z "$1" ] || printf '%s\n' "$1" >>"$config"
    line=$(wc -l <"$config")
}
wrong() { # sentence; the last line of the configuration is to blame
    expect 2 "relayd: $config:$line: " check
    expect 2 "$1" check
}

# --- the operator's certificate ---
authority=$work/authority
mkdir "$authority"
touch "$authority/index.txt"
cat >"$authority/conf" <<END
[ca]
default_ca = own
[own]
database = $authority/index.txt
new_certs_dir = $authority
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
END
certificate() { # file from until name...; times as 20260101000000Z
    local file=$work/home/$1 from=$2 until=$3
    shift 3
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$file.key" \
        -out "$file.csr" -subj /CN=relay.example "$@" 2>"$work/openssl.log" &&
        openssl ca -batch -selfsign -config "$authority/conf" -keyfile "$file.key" -notext \
            -in "$file.csr" -out "$file.pem" -startdate "$from" -enddate "$until" \
            2>>"$work/openssl.log" || fail "openssl: $(cat "$work/openssl.log")"
}
name=(-addext subjectAltName=DNS:relay.example)
certificate good 20200101000000Z 20991231000000Z "${name[@]}"
certificate other 20200101000000Z 20991231000000Z "${name[@]}"
certificate over 20200101000000Z 20210101000000Z "${name[@]}"
certificate early 20980101000000Z 20991231000000Z "${name[@]}"
certificate nameless 20200101000000Z 20991231000000Z
certificate address 20200101000000Z 20991231000000Z -addext subjectAltName=IP:192.0.2.1
names() { use "$(printf 'certificate_key: %s\ncertificate: %s' "$2" "$1")"; } # certificate key

names good.pem good.key
expect 0 "is fine" check
names none.pem good.key
wrong "none.pem: No such file or directory; put it there"
names good.pem none.key
expect 2 "relayd: $config:$((line - 1)): cannot open $work/home/none.key" check
names good.key good.key
wrong "good.key holds no certificate in PEM; name"
printf 'hello\n' >"$work/home/text.pem"
names text.pem good.key
wrong "text.pem holds no certificate in PEM; name"
names good.pem good.pem
wrong "good.pem holds no key in PEM without a password; name"
names good.pem other.key
wrong "is not that of the certificate in $work/home/good.pem; name the two"
names over.pem over.key
wrong "over.pem is over since 2021-01-01"
names early.pem early.key
wrong "early.pem counts from 2098-01-01"
names nameless.pem nameless.key
wrong "nameless.pem has no DNS name (subjectAltName); have one made"
names address.pem address.key
wrong "address.pem has no DNS name"

# What --check refuses doctor tells, too, and a start that goes on says it in the log.
names over.pem over.key
out=$("$relayd" doctor -c "$config")
[[ $out == *"over.pem is over since"* && $out == *"relayd --check -c $config"* ]] ||
    fail "doctor does not tell of a certificate that is over: $out"
start home
grep -q "warn certificate.useless .*over.pem is over since" "$work/home.log" ||
    fail "the log does not tell of it: $(cat "$work/home.log")"

# --- the relay runs: its state, ports and socket are no fault ---
use ""
expect 0 "is fine" check
expect 0 "home" "$relayd" status -c "$config"
stop "$pid" || fail "it ended badly: $(cat "$work/home.log")"

# --- folders ---
use 'state: /proc/none/state'
wrong "/proc/none cannot be used: No such file or directory; make it, or name another"
use 'state: relay.key'
wrong "relay.key is not a directory"
use 'control: /nowhere/relayd.sock'
wrong "/nowhere cannot be used: No such file or directory; make it, or name another"
use 'control: relay.key'
wrong "relay.key is in the way and is not a socket; remove it"
use 'state: fresh'
expect 0 "is fine" check
[ -e "$work/home/fresh" ] && fail "--check makes a folder"

# --- addresses ---
sed '/^listen:/,/^  - /d' "$work/good.yaml" >"$work/home/relayd.yaml"
printf 'listen:\n  - "127.0.0.1:4433"\n  - "192.0.2.77:4433"\n' >>"$config"
line=$(wc -l <"$config")
wrong "\`listen\`: this machine does not have the address of 192.0.2.77:4433; see: ip addr"
sed '/^metrics:/d' "$work/good.yaml" >"$config"
printf 'metrics: "192.0.2.77:9433"\n' >>"$config"
line=$(wc -l <"$config")
wrong "\`metrics\`: this machine does not have the address of 192.0.2.77:9433; see: ip addr"

# --- the program that admits ---
printf '#!/bin/sh\n' >"$work/admit"
program() { use "$(printf 'admission: script\nadmission_script: {path: %s}' "$1")"; }
program "$work/none"
wrong "$work/none: No such file or directory; correct \`admission_script.path\`"
program "$work"
wrong "$work is not a regular file"
program "$work/admit"
wrong "$work/admit may not be executed; let it with: chmod +x $work/admit"
start home
grep -q "warn admission.script .*$work/admit may not be executed" "$work/home.log" ||
    fail "the log does not tell of it: $(cat "$work/home.log")"
stop "$pid" || fail "it ended badly: $(cat "$work/home.log")"
chmod +x "$work/admit"
expect 0 "is fine" check

# --- keys, and a delegation ---
use ""
mv "$work/home/relay.key" "$work/away.key"
expect 2 "$work/home/relay.key: No such file or directory; put it back from your copy" check
mv "$work/away.key" "$work/home/relay.key"
chmod 644 "$work/home/ziglan.key"
expect 2 "chmod 600 $work/home/ziglan.key" check
chmod 600 "$work/home/ziglan.key"
use 'delegation: relay.delegation'
wrong "make it with: relayd delegate -c $config --key ZIGLAN.KEY"
expect 0 "good for 30 days" "$relayd" delegate -c "$config" --key "$work/home/ziglan.key"
expect 0 "is fine" check

# --- all that is wrong at once ---
use "$(printf 'control: /nowhere/s\nadmission: script\nadmission_script: {path: /nowhere/p}')"
out=$(check 2>&1)
[ "$(grep -c "^relayd: $config:" <<<"$out")" = 2 ] || fail "not two sentences: $out"

# --- what another user may not see is told as that ---
use ""
if [ "$(id -u)" = 0 ] && nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; } &&
    nobody true; then
    chmod 711 "$work" && chmod 755 "$work/home"
    install -m 755 "$relayd" "$work/home/relayd"
    chmod 644 "$config"
    expect 4 "relay.key: Permission denied; run this as root or as the owner" \
        nobody "$work/home/relayd" --check -c "$config"
    expect 4 "cannot be written to: Permission denied" \
        nobody "$work/home/relayd" --check -c "$config"
fi
finish
