/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Either ngtcp2's number, or our own where it has none. */
#include "proto/link/quic/conn_received.h"

#if OLDER_QUIC

static _Thread_local uint64_t opened; /* by all connections of this thread */

uint64_t conn_packets_received(const struct link_conn *c)
{
    return c->watch.packets_opened;
}

void conn_received_on_open(void)
{
    opened++;
}

uint64_t conn_received_mark(void)
{
    return opened;
}

void conn_received_since(struct link_conn *c, uint64_t mark)
{
    c->watch.packets_opened += opened - mark;
}

#else

uint64_t conn_packets_received(const struct link_conn *c)
{
    ngtcp2_conn_info info;

    ngtcp2_conn_get_conn_info2(c->quic, &info);
    return info.pkt_recv;
}

#endif

uint64_t conn_round_trip_ns(const struct link_conn *c)
{
    ngtcp2_conn_info info;

    ngtcp2_conn_get_conn_info2(c->quic, &info);
    return info.smoothed_rtt;
}
