/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where packets to an address leave this machine, as its routes, rules and addresses are now.
 * Nothing is sent.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/fault.h"

#include <stdbool.h>
#include <stdint.h>

struct netway;

/** How packets to an address leave. Addresses of IPv4 are in their mapped form. */
struct netway_found {
    uint32_t interface;   /* index; 0: there is no way */
    uint8_t source[16];   /* the address of this machine that they leave from */
    uint8_t next_hop[16]; /* zero: the address is on the link */
};

/** Open it. *out is NULL on error: ERR_SYSTEM, ERR_NOMEM with fault. */
int netway_open(struct netway **out, struct fault *fault) MUST_CHECK;

/** Close it. NULL is fine. */
void netway_close(struct netway *netway);

/** Find the way from `source` (zero: the kernel chooses) to `to`, both of 16 bytes. There is none
 * if this machine has not that source. False if the kernel did not answer: then nothing is known of
 * the way, and *out is that there is none. */
bool netway_find(struct netway *netway, const uint8_t source[16], const uint8_t to[16],
                 struct netway_found *out);

/** True if a default route of IPv4 or IPv6 (or a half of one, as tunnels write it) leads to this
 * interface, whichever one is preferred. */
bool netway_is_default(struct netway *netway, unsigned interface);
