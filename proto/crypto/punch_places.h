/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Punch places, 0x85 of another size than punch probes: the addresses that an application itself
 * has, for the one with which it shares a PunchGo (docs/protocol.md, section 13). They go by way of
 * relays, which see neither what they are nor can invent any: the key is that of both identities.
 *
 *   type(1) side(1) reserved(6) punch id(8) nonce(24)
 *   sealed(count(1) reserved(5) port(2) 8 x ip(16)) tag(16)                           = 192 bytes
 *
 * side: as of punch probes. Sealed: XChaCha20-Poly1305; the key is BLAKE2b-256("ziglan punch places
 * 1" || X25519 of both || key of who sends || key of who receives), the first 16 bytes are the
 * associated data. IPs beyond count are zero. Pure.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/crypto/identity.h"
#include "proto/crypto/punch_probe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PUNCH_PLACES_MAX = 8,
    PUNCH_PLACES_NONCE_SIZE = 24,
    PUNCH_PLACES_SIZE = 192,
};

struct punch_places {
    enum punch_probe_side side; /* of who has these addresses */
    uint64_t punch_id;
    uint16_t port;                     /* at each address; not 0 */
    uint8_t ips[PUNCH_PLACES_MAX][16]; /* IPv4 in its mapped form */
    uint8_t count;                     /* of ips; 0: it has none any more */
};

/** Write them for the peer with this key. nonce is fresh. ERR_DROP: nobody can have that key. */
int punch_places_write(uint8_t out[PUNCH_PLACES_SIZE], const struct punch_places *places,
                       const struct identity *own, const uint8_t peer[KEY_SIZE],
                       const uint8_t nonce[PUNCH_PLACES_NONCE_SIZE]) MUST_CHECK;

/** The punch id of a frame. False, with *punch_id untouched, if it is no punch places by type and
 * size. Nothing else is checked. */
bool punch_places_id(const uint8_t *data, size_t size, uint64_t *punch_id);

/**
 * Read size bytes of any content, which the peer with this key sent. own_side is ours.
 * ERR_DROP, with out untouched: wrong size, type or seal, unknown bits, our own side, a port of 0,
 * too many addresses, or bytes that should be zero and are not.
 */
int punch_places_read(struct punch_places *out, const struct identity *own,
                      const uint8_t peer[KEY_SIZE], enum punch_probe_side own_side,
                      const uint8_t *data, size_t size) MUST_CHECK;
