/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Proofs of membership on a LAN (docs/protocol.md, section 13, "On one LAN"): before it says where
 * it is, a host shows why it is a member, for those that never heard of it. Always of one size, and
 * random bytes for who does not know the ziglan's key.
 *
 *   nonce(24) || sealed(version(1) = 1 || size(2) || proof(size) || zeros)
 *
 * What a proof holds stands in rendezvous/roster/roster_proof.h. Pure.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/crypto/lan_seal.h"

#include <stddef.h>
#include <stdint.h>

enum {
    LAN_PROOF_SIZE = 1200, /* it passes each link that carries IPv6 */
    LAN_PROOF_BODY_SIZE = LAN_PROOF_SIZE - LAN_SEAL_SIZE,
    LAN_PROOF_CHAIN_MAX = LAN_PROOF_BODY_SIZE - 3,
};

/** Write the datagram for a proof of size bytes, at most LAN_PROOF_CHAIN_MAX. nonce is fresh. */
void lan_proof_write(uint8_t out[LAN_PROOF_SIZE], const uint8_t *proof, size_t size,
                     const uint8_t ziglan_key[KEY_SIZE], const uint8_t nonce[LAN_SEAL_NONCE_SIZE]);

/** Read a datagram of size bytes, any content: body takes what was sealed, and *proof, of
 * *proof_size bytes, points into it. ERR_DROP, with nothing that counts written, unless somebody
 * who knows the ziglan's key made it and all fields are legal. */
int lan_proof_read(uint8_t body[LAN_PROOF_BODY_SIZE], const uint8_t **proof, size_t *proof_size,
                   const uint8_t ziglan_key[KEY_SIZE], const uint8_t *data, size_t size) MUST_CHECK;
