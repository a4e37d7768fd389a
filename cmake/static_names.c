/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Only in programs that need no shared library (ZIGLAN_STATIC in cmake/room.cmake). There glibc
 * knows how to read /etc/hosts and /etc/group and how to ask a DNS server, but loads the machine's
 * own libraries for all else that nsswitch.conf may name, which are of another glibc or of none. So
 * that file does not count: what it names besides, as systemd-resolved, is a DNS server as well.
 */
#include <nss.h>
#include <stddef.h>

__attribute__((constructor)) static void names_from_files_and_dns(void)
{
    static const char *const of_files[] = {"group", "passwd", "services", "protocols", "networks"};

    (void)__nss_configure_lookup("hosts", "files dns");
    for (size_t i = 0; i < sizeof(of_files) / sizeof(of_files[0]); i++) {
        (void)__nss_configure_lookup(of_files[i], "files");
    }
}
