/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many genuine packets of the peer a connection has read: such that its keys opened. ngtcp2
 * counts them from 1.20 on. For an older one they are counted where packets are opened; that does
 * not know the connection, so conn_read says which one is reading.
 */
#pragma once

#include "proto/link/quic/conn_state.h"

/** The number, which only grows. */
uint64_t conn_packets_received(const struct link_conn *c);

#if OLDER_QUIC

/** A packet was opened, of whichever connection reads now. */
void conn_received_on_open(void);

/** Around ngtcp2_conn_read_pkt: `mark` is what conn_received_mark said before. */
uint64_t conn_received_mark(void);
void conn_received_since(struct link_conn *c, uint64_t mark);

#endif

/** The smoothed round trip. */
uint64_t conn_round_trip_ns(const struct link_conn *c);
