/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Notices, by which hosts of one ziglan find each other on a LAN where no relay answers
 * (docs/protocol.md, section 13, "On one LAN"). Who does not know the ziglan's key sees random
 * bytes of one size; who knows it learns who is at which addresses, as that host signed it.
 *
 *   nonce(24) || sealed(version(1) || flags(1) || port(2) || key(32) || sequence(8) || count(1) ||
 *                       8 x ip(16) || signature(64))
 *
 * The key of the seal (XChaCha20-Poly1305, no associated data) is BLAKE2b-256("ziglan lan 1" ||
 * ziglan key). The signature is over "ziglan lan 1" || ziglan key || all before it. Addresses
 * beyond count are zero. Pure.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/crypto/identity.h"
#include "proto/crypto/lan_seal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LAN_NOTICE_NONCE_SIZE = LAN_SEAL_NONCE_SIZE,
    LAN_NOTICE_ADDRESSES_MAX = 8,
    LAN_NOTICE_BODY_SIZE = 1 + 1 + 2 + KEY_SIZE + 8 + 1 + 16 * LAN_NOTICE_ADDRESSES_MAX,
    LAN_NOTICE_SIZE = LAN_NOTICE_BODY_SIZE + SIGNATURE_SIZE + LAN_SEAL_SIZE,
};

/** Who is where. */
struct lan_notice {
    uint8_t key[KEY_SIZE]; /* of the host that says it */
    uint64_t sequence;     /* grows with each notice of that host, over restarts too */
    bool asks;             /* it wants to hear the others */
    uint16_t port;         /* of its tunnel, at each address; not 0 */
    uint8_t ips[LAN_NOTICE_ADDRESSES_MAX][16]; /* IPv4 in its mapped form */
    uint8_t count;                             /* of ips, at least 1 */
};

/** A notice as it came, not verified yet. */
struct lan_notice_signed {
    struct lan_notice notice;
    uint8_t body[LAN_NOTICE_BODY_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
};

/** Write a notice of this host, whose key is put into it, for those who know the ziglan's key.
 * nonce is fresh. */
void lan_notice_write(uint8_t out[LAN_NOTICE_SIZE], const struct lan_notice *notice,
                      const struct identity *host, const uint8_t ziglan_key[KEY_SIZE],
                      const uint8_t nonce[LAN_NOTICE_NONCE_SIZE]);

/** Read a datagram of size bytes, any content. ERR_DROP, with nothing that counts written, unless
 * somebody who knows the ziglan's key made it and all fields are legal. It costs about a
 * microsecond; whose it is, lan_notice_verify tells. */
int lan_notice_read(struct lan_notice_signed *out, const uint8_t ziglan_key[KEY_SIZE],
                    const uint8_t *data, size_t size) MUST_CHECK;

/** True if the host whose key is in it signed it for this ziglan. */
bool lan_notice_verify(const struct lan_notice_signed *read, const uint8_t ziglan_key[KEY_SIZE]);
