/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What ngtcp2 calls. These functions only set fields of the connection and append to the hub's
 * queues; nothing in them closes, frees or sends.
 */
#pragma once

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

extern const ngtcp2_callbacks conn_client_callbacks;
extern const ngtcp2_callbacks conn_server_callbacks;

/** The QUIC object behind a TLS session. */
ngtcp2_conn *conn_of_ref(ngtcp2_crypto_conn_ref *ref);
