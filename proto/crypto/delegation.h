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

/** What a delegation is worth. */
enum delegation_verdict {
    DELEGATION_BELIEVED,
    DELEGATION_NOT_IN_FORCE, /* genuine, but by this clock it is over or not yet made: the clock
                              * may be wrong */
    DELEGATION_NOT_BELIEVED,
};

/**
 * Verify a delegation; the only place where that is done.
 *
 * data        size bytes, borrowed, any content, also hostile
 * ziglan_key  whose word it must be; NULL: out->header.key tells whose it is
 * entry_key   the relay that it must name; NULL: out->entry_key tells which it names
 * wall_ms     the wall clock that judges it, RECORD_CLOCK_SKEW_MS tolerated
 *
 * It is believed if it is a whole record of this type, signed by the key in its header, by and for
 * these keys, gives some right, is live, and is not over. out is untouched if it is NOT_BELIEVED,
 * otherwise written. Which rights an act needs is for the caller to look up in out->rights.
 */
enum delegation_verdict delegation_verify(struct record_delegation *out, const uint8_t *data,
                                          size_t size, const uint8_t *ziglan_key,
                                          const uint8_t *entry_key, uint64_t wall_ms) MUST_CHECK;
