/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Initial packets of connections that the hub does not know: Retry, refusal or a new connection.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/link/quic/conn_state.h"
#include "proto/net/dgram.h"

#include <stdint.h>

/** Take one such packet, any content. It is refused (counted) where the limits of link.h are
 * reached, or connection_max. */
void accept_initial(struct conn_shared *shared, uint32_t connection_max, const struct dgram *in,
                    struct mono now);
