/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing the packets of a connection: with stream bytes and datagrams, as trials of the path's
 * size, and the last one.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/link/quic/conn_state.h"
#include "proto/net/dgram.h"

/** Write at most one burst of packets to out, as the congestion window allows. If there may be
 * more, the connection enters the line again; else its timer is set. One that is CLOSING writes its
 * last packet and is gone afterwards. */
void conn_write(struct link_conn *c, struct outbox *out, struct mono now);
