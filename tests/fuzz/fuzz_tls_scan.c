/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of a TLS handshake, whole and cut into pieces: the scan must always find what a simple
 * walk from message to message finds. */
#include "proto/base/bytes.h"
#include "proto/link/quic/tls_scan.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* True if all messages are of a handshake. */
static bool walk_allows(const uint8_t *data, size_t size)
{
    static const uint8_t types[] = {1, 2, 8, 11, 13, 15, 20}; /* RFC 8446, appendix B.3 */
    size_t at = 0;

    while (at < size) {
        if (memchr(types, data[at], sizeof(types)) == NULL) {
            return false;
        }
        if (size - at < TLS_SCAN_HEAD_SIZE) {
            return true;
        }
        at += TLS_SCAN_HEAD_SIZE + ((size_t)data[at + 1] << 16) + ((size_t)data[at + 2] << 8) +
              data[at + 3];
    }
    return true;
}

static bool fragments_allow(const uint8_t *data, size_t size, size_t piece)
{
    struct tls_scan scan = {.left = 0};
    bool allowed = true;

    for (size_t at = 0; at < size && allowed; at += piece) {
        allowed = tls_scan_allows(&scan, NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE, data + at,
                                  size - at < piece ? size - at : piece);
    }
    return allowed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool allowed = walk_allows(data, size);

    CHECK(fragments_allow(data, size, size + 1) == allowed);
    CHECK(fragments_allow(data, size, 1) == allowed);
    CHECK(fragments_allow(data, size, 7) == allowed);
    return 0;
}
