/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a connection: its beginning, the packets that it reads, its timers, and its moves.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/link/quic/conn_state.h"
#include "proto/net/dgram.h"

#include <stdbool.h>

#include <ngtcp2/ngtcp2.h>

/** A connection in the slab, counted, as yet without QUIC; NULL if the cap of the tables is reached
 * or memory is out. */
struct link_conn *conn_new(struct conn_shared *shared, bool dialled, const struct endpoint *local,
                           const struct endpoint *remote);

/** Begin it as a client. server_name as in link_hub_dial. ERR_LIMIT if that is too long,
 * ERR_NOMEM; then conn_die is due. */
int conn_dial(struct link_conn *c, const char *server_name, struct mono now) MUST_CHECK;

/** Begin it as a server for the Initial packet hd. odcid: the connection id that the client used
 * before our Retry, NULL without one. ERR_NOMEM; then conn_die is due. */
int conn_accept(struct link_conn *c, const ngtcp2_pkt_hd *hd, const ngtcp2_cid *odcid,
                struct mono now) MUST_CHECK;

/** Read one UDP payload that the connection ids say is for this connection. It may be gone
 * afterwards. */
void conn_read(struct link_conn *c, const struct dgram *in, struct mono now);

/** The timer fired. It may be gone afterwards. */
void conn_expire(struct link_conn *c, struct mono now);

/** Move a dialled connection to a new local address. */
void conn_migrate(struct link_conn *c, const struct endpoint *local, struct mono now);
