/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Packets of a connection: what its session and HTTP/3 have to say, trials of the path's size, and
 * its last packet.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/link/quic/conn_state.h"
#include "proto/net/dgram.h"

/** Write packets as the window allows, at most one burst; the connection is ready again if there
 * may be more, else its timer is set. It may be gone afterwards. */
void conn_write(struct link_conn *c, struct outbox *out, struct mono now);
