/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets with a long header for connections that the hub does not know: an Initial among them gets
 * a new connection, a Retry, or nothing. The limits are those of link.h.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/link/quic/conn_state.h"
#include "proto/net/dgram.h"

#include <stdint.h>

/** Nothing is wasted yet. */
void accept_init(struct conn_shared *shared, struct mono now);

/** Take one such packet, any content. It is refused (counted) if a limit or connection_max is
 * reached. connection_max counts dialled connections, too. */
void accept_initial(struct conn_shared *shared, uint32_t connection_max, const struct dgram *in,
                    struct mono now);
