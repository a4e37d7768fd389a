/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A look at the messages of a TLS handshake (RFC 8446, section 4) before wolfSSL gets them, as far
 * as to know where each begins and which type it has. wolfSSL acts on messages that have no place
 * in a handshake of QUIC (RFC 9001), also if a stranger sends them, and ngtcp2 relies on it not to:
 * the whole process had ended. So only types of a handshake get through; at another one the
 * connection ends before wolfSSL sees it.
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
    size_t head_size; /* bytes of it that came; 0 between messages and within a body */
    uint32_t left;    /* bytes of the body that are still to come */
};

/**
 * Look at the next bytes of the peer's handshake.
 *
 * data   size bytes, borrowed, any content; in the order in which the peer sent them at this level
 *
 * True if wolfSSL may have them. False if a message of another type begins in them, or if the level
 * changes within a message: the connection must end with the alert unexpected_message, and the scan
 * must not be used again.
 */
bool tls_scan_allows(struct tls_scan *scan, ngtcp2_encryption_level level, const uint8_t *data,
                     size_t size);
