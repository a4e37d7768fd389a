/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A delegation is a record with which the ziglan's key makes a relay an entry point of the ziglan
 * (docs/protocol.md, section 14). A relay that has the ziglan's key signs it itself; where that key
 * is kept elsewhere, `relayd delegate` does. Pure.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/crypto/identity.h"
#include "proto/wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DELEGATION_DAYS = 30, DELEGATION_DAYS_MAX = 3650 };

/** Sign that the relay `entry_key` may admit, revoke and invite for `days` (at most
 * DELEGATION_DAYS_MAX) from wall_ms (ms since 1970 UTC) on. Writes the signed record to out and its
 * length to *size. Errors are those of record_delegation_encode and signed_make. */
int delegation_sign(uint8_t out[RECORD_SIGNED_SIZE_MAX], size_t *size,
                    const struct identity *ziglan, const uint8_t entry_key[KEY_SIZE], uint32_t days,
                    uint64_t wall_ms) MUST_CHECK;

/** True if a delegation that was verified once is in force by the wall clock: live, and not
 * expired, give or take RECORD_CLOCK_SKEW_MS. */
bool delegation_in_force(const struct record_delegation *delegation, uint64_t wall_ms);

/** What a delegation is worth. */
enum delegation_verdict {
    DELEGATION_BELIEVED,
    DELEGATION_NOT_IN_FORCE, /* genuine, but by this clock it is over or not made yet; it may be
                              * the clock that is wrong */
    DELEGATION_NOT_BELIEVED, /* no such record, wrongly signed, without rights, or other keys */
};

/**
 * Verify a delegation. This is the only place where that is done.
 *
 * data        size bytes, borrowed, any content
 * ziglan_key  the key that must have signed it; NULL: any, and out->header.key tells which did
 * entry_key   the relay that it must name; NULL: any, and out->entry_key tells which it names
 * wall_ms     the wall clock by which it is judged, give or take RECORD_CLOCK_SKEW_MS
 *
 * It is believed if it is a whole record of this type, signed by the key in its header, by and for
 * these keys, gives at least one right, and is in force. out is untouched if it is
 * NOT_BELIEVED, else written. The caller looks up in out->rights whether it gives the right that an
 * act needs.
 */
enum delegation_verdict delegation_verify(struct record_delegation *out, const uint8_t *data,
                                          size_t size, const uint8_t *ziglan_key,
                                          const uint8_t *entry_key, uint64_t wall_ms) MUST_CHECK;
