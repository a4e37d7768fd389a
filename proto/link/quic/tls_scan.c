/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages are walked over in pieces of any size; only their heads are kept. */
#include "proto/link/quic/tls_scan.h"

/* True for the types of messages that a handshake of TLS 1.3 over QUIC has (RFC 8446, appendix B.3;
 * RFC 9001, section 4). */
static bool of_handshake(uint8_t type)
{
    switch (type) {
    case 1:  /* client_hello */
    case 2:  /* server_hello */
    case 8:  /* encrypted_extensions */
    case 11: /* certificate */
    case 13: /* certificate_request */
    case 15: /* certificate_verify */
    case 20: /* finished */
        return true;
    default:
        return false;
    }
}

/* Take one byte of a head. False if the message does not belong to a handshake. */
static bool take_head(struct tls_scan *scan, uint8_t byte)
{
    scan->head[scan->head_size] = byte;
    scan->head_size++;
    if (!of_handshake(scan->head[0])) {
        return false;
    }
    if (scan->head_size == TLS_SCAN_HEAD_SIZE) {
        scan->left = (uint32_t)scan->head[1] << 16 | (uint32_t)scan->head[2] << 8 | scan->head[3];
        scan->head_size = 0;
    }
    return true;
}

bool tls_scan_allows(struct tls_scan *scan, ngtcp2_encryption_level level, const uint8_t *data,
                     size_t size)
{
    const uint8_t *end = data + size;

    if (level != scan->level && (scan->head_size > 0 || scan->left > 0)) {
        return false;
    }
    scan->level = level;
    while (data < end) {
        size_t rest = (size_t)(end - data), skipped = scan->left < rest ? scan->left : rest;

        scan->left -= (uint32_t)skipped;
        data += skipped;
        if (data < end) {
            if (!take_head(scan, *data)) {
                return false;
            }
            data++;
        }
    }
    return true;
}
