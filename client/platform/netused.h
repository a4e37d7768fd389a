/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The port to what this machine uses of IPv4: its addresses, the networks that its routes name, the
 * routers behind them, and its DNS servers. Addresses of the overlay must not hide them.
 */
#pragma once

#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

enum netused_kind { NETUSED_ADDRESS, NETUSED_NETWORK, NETUSED_ROUTER, NETUSED_RESOLVER };

/** A network in use; host bits of ip do not matter. */
struct netused {
    enum netused_kind kind;
    uint8_t ip[4];
    uint8_t bits; /* 8 to 32: a default route names no network */
};

/**
 * Call `each` for all of them, except for those of one interface (by name; "": none). *routes is
 * how many routes the kernel told: to tell a million takes a second. ERR_SYSTEM, ERR_NOMEM: perhaps
 * not all were told.
 */
int netused_look(const char *interface, void (*each)(void *context, const struct netused *used),
                 void *context, size_t *routes) MUST_CHECK;
