/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An attachment is a record by which a host says at which relay it is (docs/protocol.md, section
 * 5). It is short-lived, so that it need not be withdrawn. Pure.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/crypto/identity.h"
#include "proto/wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ATTACHMENT_SIZE = RECORD_HEADER_SIZE + KEY_SIZE + 8 + SIGNATURE_SIZE, /* signed */
    ATTACHMENT_MS_MAX = 3600000, /* from its signature to its end */
};

/** Sign that this host is at the relay `relay_key` for ATTACHMENT_MS_MAX from wall_ms (ms since
 * 1970 UTC) on. sequence: larger than that of any attachment it signed before. */
int attachment_sign(uint8_t out[ATTACHMENT_SIZE], const struct identity *host,
                    const uint8_t relay_key[KEY_SIZE], uint64_t sequence,
                    uint64_t wall_ms) MUST_CHECK;

/** True if an attachment lasts no longer than ATTACHMENT_MS_MAX from its creation, by both of its
 * ends. What it says is not judged otherwise. */
bool attachment_is_brief(const struct record_attachment *attachment);

/**
 * Verify an attachment that somebody showed. (rendezvous/presence, which keeps them in another
 * form, judges their times and signature by itself, and by attachment_is_brief.)
 *
 * data      size bytes, borrowed, any content
 * host_key  whose it must be; NULL: anybody's, and out->header.key tells whose
 * wall_ms   the wall clock by which it is judged, give or take RECORD_CLOCK_SKEW_MS
 *
 * False, with out untouched, unless it is a whole record of this type, signed by the key in its
 * header, live, not expired, and brief.
 */
bool attachment_verify(struct record_attachment *out, const uint8_t *data, size_t size,
                       const uint8_t *host_key, uint64_t wall_ms);
