/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signed records (docs/protocol.md, section 5) for the tests of their readers. */
#pragma once

#include "proto/crypto/identity.h"
#include "proto/wire/record.h"

#include <stddef.h>
#include <stdint.h>

#define DAY_MS (UINT64_C(24) * 3600 * 1000)

/** A signed record. */
struct part {
    uint8_t bytes[RECORD_SIGNED_SIZE_MAX];
    size_t size;
};

/** A member part with this content, and with the key and the signature of `identity`. */
struct part part_sign(const struct identity *identity, struct record_member record);

/** A member part of node n (node_of), made at wall_ms for 30 days. Unless mac is 0, it claims the
 * fixed address whose eight bytes are all `mac`. */
struct part part_of(uint64_t wall_ms, uint32_t n, uint64_t sequence, uint8_t mac);

/** A delegation by the ziglan, made at wall_ms for 365 days: until expires_ms the relay `entry` has
 * these rights. */
struct part delegation_of(uint64_t wall_ms, const struct identity *ziglan,
                          const struct identity *entry, uint32_t rights, uint64_t expires_ms);

/** An attachment of the host to the relay with this key, made at wall_ms for lifetime_ms. */
struct part attachment_of(uint64_t wall_ms, const struct identity *host,
                          const uint8_t relay[KEY_SIZE], uint64_t sequence, uint32_t lifetime_ms);
