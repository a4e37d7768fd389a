/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whom the C library asks for names: the files /etc/resolv.conf and /etc/nsswitch.conf.
 */
#pragma once

#include <stdbool.h>

enum { RESOLV_CONF_SERVER_SIZE = 64 };

/** What programs of this machine ask. */
struct resolv_conf {
    char first[RESOLV_CONF_SERVER_SIZE]; /* first server, as text; "127.0.0.1" if there is none */
    bool asks_ours;                      /* that is our server */
    bool asks_resolved;                  /* systemd-resolved is asked, at its address or by NSS */
};

/** Read the two files, of which either may be missing. server: ours, as text. */
struct resolv_conf resolv_conf_read(const char *resolv_path, const char *nsswitch_path,
                                    const char *server);
