/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A QUIC connection with the peer of a punch, by ngtcp2 and wolfSSL: what quic_echo.c needs of
 * both, to be copied into other programs. Each side proves the key by which they met.
 */
#pragma once

#include <ngtcp2/ngtcp2_crypto.h>
#include <stun2/stun2.h>

struct quic_peer {
    ngtcp2_conn *conn; /* NULL: none yet */
    ngtcp2_crypto_conn_ref ref;
    uint8_t key[STUN2_KEY_SIZE];
    int proved; /* the other side has that key */
};

/** The one path that QUIC sees: where the peer really is, is the library's business. */
extern ngtcp2_path quic_peer_path;

/** Dial (first NULL), or accept the connection of a first packet. on_stream gets what comes on
 * streams. quic must stay where it is. 0, or -1: then there is no connection. */
int quic_peer_begin(struct quic_peer *quic, const struct stun2 *agent,
                    const uint8_t key[STUN2_KEY_SIZE], const ngtcp2_pkt_hd *first,
                    ngtcp2_recv_stream_data on_stream, uint64_t now);
