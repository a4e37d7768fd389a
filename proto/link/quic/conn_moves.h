/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An accepted connection follows its peer to another address (RFC 9000, section 9) when the peer
 * has proved to be there; packets go there from then on, and the session is told. For some minutes
 * ngtcp2 takes it for granted that who comes back to an address is there, and says nothing of it.
 */
#pragma once

#include "proto/link/quic/conn_state.h"

/** The peer has proved that it is at the remote address of this path. */
void conn_moves_follow(struct link_conn *c, const ngtcp2_path *path);

/** After a packet: follow, if the peer is back at an address that it left lately. */
void conn_moves_look(struct link_conn *c, struct mono now);
