/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * UDP sockets that the core wants besides the first one (client/core/sockets.h): opened at any
 * port, driven by the same pump, and closed when the core says so.
 */
#pragma once

#include "client/core/core.h"
#include "client/path/spare_sockets.h"
#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "proto/host/pump.h"

#include <stddef.h>

enum { SOCKETS_TURN_MAX = 32 /* opened and closed in one turn of the loop */ };

/** All zero: none. */
struct sockets {
    struct udp_batch *list[SPARE_SOCKETS_MAX];
    size_t count;
};

/** Open and close what the core wants. first: the host's first socket, whose memory they share;
 * they are prompt (udp_options) if it is. */
void sockets_settle(struct sockets *sockets, struct host_core *core, struct pump *pump,
                    struct udp_batch *first, struct mono now);

/** Close all; the pump does not run any more. */
void sockets_close(struct sockets *sockets);
