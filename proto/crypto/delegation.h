/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ziglan's word that a relay is an entry point of it (docs/protocol.md, section 14), made by a
 * relay that has the ziglan's key, or by `relayd delegate` where that key is kept elsewhere.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/crypto/identity.h"
#include "proto/wire/record.h"

#include <stddef.h>
#include <stdint.h>

enum { DELEGATION_DAYS = 30, DELEGATION_DAYS_MAX = 3650 };

/** Sign that the relay `entry_key` may admit, revoke and invite for `days` from wall_ms on. Returns
 * ERR_OK, or what the encoder and signer return. */
int delegation_sign(uint8_t out[RECORD_SIGNED_SIZE_MAX], size_t *size,
                    const struct identity *ziglan, const uint8_t entry_key[KEY_SIZE], uint32_t days,
                    uint64_t wall_ms) MUST_CHECK;

/** Decode a delegation of any content; out (header.key: the ziglan's) is written only on ERR_OK.
 * ERR_DROP unless it is signed and about this relay. Whether it is over is for the caller. */
int delegation_open(struct record_delegation *out, const uint8_t *data, size_t size,
                    const uint8_t entry_key[KEY_SIZE]) MUST_CHECK;
