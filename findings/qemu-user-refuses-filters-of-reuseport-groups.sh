#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Under qemu-user a program may attach a classic BPF filter to a socket, but not the one by which a
# group of SO_REUSEPORT sockets deals out its datagrams: ENOPROTOOPT, as from a kernel before 4.5. A
# program of another architecture that is tested so takes its fallback, or fails, where it runs well
# on the machine that it is for.
#
# Seen with Debian 12's qemu-user-static 7.2. The emulated architecture does not matter: here it is
# that of the machine, so that the same program runs with and without it.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
[ "$(uname -m)" = x86_64 ] || cannot "wants an x86-64 machine"
command -v gcc >/dev/null || cannot "wants gcc"
finding_package qemu-user-static 1:7.2+dfsg-7+deb12u18+b3

cat >"$WORK/options.c" <<'C'
#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static void attach(int fd, const char *name, int option)
{
    struct sock_filter take[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    struct sock_fprog program = {1, take};
    int rc = setsockopt(fd, SOL_SOCKET, option, &program, sizeof(program));

    printf("%s %s\n", name, rc == 0 ? "taken" : strerrorname_np(errno));
}

int main(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0), one = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
    attach(fd, "SO_ATTACH_FILTER", SO_ATTACH_FILTER);
    attach(fd, "SO_ATTACH_REUSEPORT_CBPF", SO_ATTACH_REUSEPORT_CBPF);
    return 0;
}
C
gcc -D_GNU_SOURCE -static -o "$WORK/options" "$WORK/options.c" || cannot "gcc does not link here"
answer() { awk -v name="$2" '$1 == name { print $2 }' <<<"$1"; } # output name
kernel=$("$WORK/options")
emulated=$("$WORK/root/usr/bin/qemu-x86_64-static" "$WORK/options")
expect "the kernel, SO_ATTACH_FILTER" taken "$(answer "$kernel" SO_ATTACH_FILTER)"
expect "the kernel, SO_ATTACH_REUSEPORT_CBPF" taken "$(answer "$kernel" SO_ATTACH_REUSEPORT_CBPF)"
expect "qemu-user, SO_ATTACH_FILTER" taken "$(answer "$emulated" SO_ATTACH_FILTER)"
expect "qemu-user, SO_ATTACH_REUSEPORT_CBPF" ENOPROTOOPT \
    "$(answer "$emulated" SO_ATTACH_REUSEPORT_CBPF)"
finding_end
