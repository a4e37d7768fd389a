/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What ngtcp2 calls. These functions set fields of the connection and append to the inbox and to
 * the events; none of them sends, or frees what ngtcp2 or TLS still use. Only if there is no room
 * for an event does a session end here, and its connection is then CLOSING.
 */
#pragma once

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

/** For dialled and for accepted connections; `user` is the struct link_conn. */
extern const ngtcp2_callbacks conn_client_callbacks;
extern const ngtcp2_callbacks conn_server_callbacks;

/** The QUIC object of a TLS session's connection, for ngtcp2's glue. */
ngtcp2_conn *conn_of_ref(ngtcp2_crypto_conn_ref *ref);
