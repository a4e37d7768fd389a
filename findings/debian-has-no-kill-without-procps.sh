#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A Debian with systemd may have no /bin/kill, so that "systemctl reload" fails for each unit whose
# ExecReload= calls it, as systemd's own manual does in its example.
#
# Seen with Debian 12: util-linux, which is always installed and brings kill elsewhere, leaves it
# out there; procps has it, which is neither essential nor wanted by systemd. The shell has one of
# its own.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
finding_package util-linux 2.38.1-5+deb12u3
finding_package procps 2:4.0.2-3

finding_has() { # package path
    case $(dpkg-deb -c "$WORK/$1"_*.deb) in *" ./$2"$'\n'*) echo yes ;; *) echo no ;; esac
}
field() { # package field
    apt-cache show "$1" | sed -n "s/^$2: //p" | sed -n 1p
}
expect "util-linux is essential" yes "$(field util-linux Essential)"
expect "util-linux has kill" no "$(finding_has util-linux bin/kill)"
expect "procps has kill" yes "$(finding_has procps bin/kill)"
expect "procps is essential" "" "$(field procps Essential)"
wanted=no
for name in Depends Pre-Depends Recommends; do
    case " $(field systemd $name)," in *" procps"[,\ ]*) wanted=yes ;; esac
done
expect "systemd wants procps" no "$wanted"
finding_end
