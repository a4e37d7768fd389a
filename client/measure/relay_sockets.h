/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sockets of a measurement by relays, which nobody used before, and the pump that drives them.
 * All are bound to one address, that which packets to the relays leave from: what is compared with
 * what relays see must be exact.
 */
#pragma once

#include "client/netcheck/lifetime.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/host/netway.h"
#include "proto/host/pump.h"
#include "proto/host/udp_batch.h"
#include "proto/net/endpoint.h"

#include <stddef.h>
#include <stdint.h>

enum { RELAY_SOCKETS_MAX = LIFETIME_SOCKETS };

/** Zeroed: none. */
struct relay_sockets {
    struct udp_batch *list[RELAY_SOCKETS_MAX];
    size_t count;
    struct pump *pump; /* NULL: not driven yet */
};

/** Keep those of count relays to which packets leave from the same address as to the first one that
 * there is a way to. out has room for count, source gets that address. Returns how many; 0: there
 * is no way to any. */
size_t relay_sockets_reach(struct netway *ways, const struct endpoint *relays, size_t count,
                           struct endpoint *out, uint8_t source[16]);

/** Open `count` sockets at that address, at any ports. ERR_SYSTEM, ERR_NOMEM, with fault: those
 * that are open remain so until relay_sockets_close. */
int relay_sockets_open(struct relay_sockets *sockets, size_t count, const uint8_t source[16],
                       struct fault *fault) MUST_CHECK;

/** Drive them, at once, by these verbs of a core that has no `expire`: all that it does is due to
 * be sent. loop and the context of the verbs are borrowed and outlive the sockets. ERR_NOMEM, with
 * fault. */
int relay_sockets_drive(struct relay_sockets *sockets, struct ev_loop *loop,
                        const struct pump_core *core, struct fault *fault) MUST_CHECK;

/** Close all; sockets of zeros are fine. */
void relay_sockets_close(struct relay_sockets *sockets);
