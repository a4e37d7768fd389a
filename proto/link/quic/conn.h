/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a connection: how it begins, reads packets, acts when its timer fires, and moves to
 * another local address. How it writes is in conn_write.h, how it ends in conn_state.h.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/link/quic/conn_state.h"
#include "proto/net/dgram.h"

#include <stdbool.h>

#include <ngtcp2/ngtcp2.h>

/** A connection in the slab, counted in link_stats, still without QUIC: conn_dial or conn_accept
 * comes next. NULL if the tables are full or memory is out. */
struct link_conn *conn_new(struct conn_shared *shared, bool dialled, const struct endpoint *local,
                           const struct endpoint *remote);

/** Begin QUIC as a client. server_name as in link_hub_dial. ERR_LIMIT if the name is too long,
 * ERR_NOMEM; after either, conn_die is due. */
int conn_dial(struct link_conn *c, const char *server_name, struct mono now) MUST_CHECK;

/** Begin QUIC as a server, for the Initial packet whose header is hd; conn_read with that packet
 * comes next. odcid: the connection id that the client used before our Retry, NULL if there was
 * none. After ERR_NOMEM, conn_die is due. */
int conn_accept(struct link_conn *c, const ngtcp2_pkt_hd *hd, const ngtcp2_cid *odcid,
                struct mono now) MUST_CHECK;

/** Read one UDP payload, any content, whose connection id or reset token names this connection. The
 * connection may be gone afterwards. */
void conn_read(struct link_conn *c, const struct dgram *in, struct mono now);

/** The timer fired: do what is due. The connection may be gone afterwards. */
void conn_expire(struct link_conn *c, struct mono now);

/** Ask the peer of a dialled connection for an answer at once (link_hub_ping). */
void conn_ping(struct link_conn *c);

/** From now on a dialled connection sends something at least so often (link_hub_keepalive). */
void conn_keepalive(struct link_conn *c, uint32_t ms);

/** Move a dialled connection to a new local address (link_hub_migrate). */
void conn_migrate(struct link_conn *c, const struct endpoint *local, struct mono now);
