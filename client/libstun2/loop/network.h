/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the adapter tells the agent of this machine's network: when it changed, or the machine was
 * asleep, and its addresses, if peers are to know them. */
#pragma once

#include "client/libstun2/agent_parts.h"
#include "client/platform/netwatch.h"
#include "proto/host/netway.h"
#include "proto/host/pump.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

struct network {
    struct ev_loop *loop; /* these are borrowed */
    struct stun2 *agent;
    struct pump *pump; /* kicked after a change */
    struct netwatch *watch;
    struct netway *ways;
    struct ev_timer look;
    uint64_t asleep_ms; /* clock_asleep_ms at the last look */
    uint16_t port;      /* of the application's socket */
    bool tells;         /* peers are to know the addresses */
};

/** Begin. Where the kernel does not let it, nothing is told, and the log says so. */
void network_open(struct network *network, struct ev_loop *loop, struct stun2 *agent,
                  struct pump *pump, uint16_t port, bool tells);

/** End. One of zeros is fine. */
void network_close(struct network *network);
