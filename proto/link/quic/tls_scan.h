/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The messages of a TLS handshake as CRYPTO frames bring them (RFC 8446, section 4), seen before
 * wolfSSL sees them, and only as far as to tell where each begins and of what type it is. QUIC
 * forbids KeyUpdate (RFC 9001, section 6), but wolfSSL acts on one, also from a stranger and before
 * any Hello: it gives out keys a second time, which ngtcp2 answers by ending the process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ngtcp2/ngtcp2.h>

enum { TLS_SCAN_HEAD_SIZE = 4 }; /* type, length of the body in three bytes */

/** One direction of one connection; zeroed is its beginning. */
struct tls_scan {
    ngtcp2_encryption_level level; /* of the bytes so far */
    uint8_t head[TLS_SCAN_HEAD_SIZE];
    size_t head_size; /* bytes of head that came, 0 between messages and within a body */
    uint32_t left;    /* bytes of the body that are still to come */
};

/**
 * Look at the next bytes of the peer's handshake.
 *
 * data   size bytes, borrowed, any content; in the order of the stream of their level
 *
 * True if they may go on to wolfSSL. False if a KeyUpdate begins in them, or a message that began
 * at another level goes on: the connection must end with the alert unexpected_message, and the scan
 * is of no further use.
 */
bool tls_scan_allows(struct tls_scan *scan, ngtcp2_encryption_level level, const uint8_t *data,
                     size_t size);
