/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A QUIC connection as the carrier of its session (proto/link/carrier.h). The stream is that of the
 * CONNECT request with `:protocol = stun2`; datagrams are HTTP datagrams in QUIC DATAGRAM frames
 * (RFC 9297, section 2.1; RFC 9221).
 */
#pragma once

#include "proto/link/carrier.h"
#include "proto/link/quic/conn_state.h"

#include <stddef.h>

/** The operations of every struct link_conn's carrier. */
extern const struct carrier_ops conn_carrier_ops;

/** Bytes of a packet with one DATAGRAM frame besides the payload of that frame. */
size_t conn_datagram_overhead(const struct link_conn *c);
