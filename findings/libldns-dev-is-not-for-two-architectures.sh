#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# libldns-dev says that it may be installed for two architectures at once ("Multi-Arch: same"), apt
# plans that, and dpkg refuses it half-way, because files that both packages have differ.
#
# Seen with libldns-dev 1.8.3-1+b1 of Debian 12, amd64 and arm64: pages of its documentation, which
# are made at the build. So what is built for the other architecture wants a chroot.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# The lists of both architectures are read beside the machine's own.
mkdir -p "$WORK/apt"/{lists/partial,cache/archives/partial}
cat >"$WORK/apt/conf" <<CONF
Dir::State::lists "$WORK/apt/lists";
Dir::Cache "$WORK/apt/cache";
APT::Architectures { "amd64"; "arm64"; };
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
CONF
export APT_CONFIG=$WORK/apt/conf
apt-get -qq update 2>/dev/null || cannot "no package lists"
for arch in amd64 arm64; do
    (cd "$WORK" && apt-get -qq download "libldns-dev:$arch=1.8.3-1+b1" 2>/dev/null) ||
        cannot "no package libldns-dev 1.8.3-1+b1 for $arch"
    file=$WORK/libldns-dev_1.8.3-1+b1_$arch.deb
    dpkg-deb -x "$file" "$WORK/$arch"
    expect "Multi-Arch of $arch" same "$(dpkg-deb -f "$file" Multi-Arch)"
done
printf 'package: libldns-dev 1.8.3-1+b1, amd64 and arm64\n'
differ=$(diff -rq "$WORK/amd64" "$WORK/arm64" | grep -c '/usr/share/doc/.*\.html and ') || true
printf 'pages that differ: %s\n' "$differ"
expect "some differ" yes "$([ "$differ" -gt 0 ] && echo yes || echo no)"
finding_end
