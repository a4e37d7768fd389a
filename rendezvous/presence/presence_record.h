/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is told about where a key is (docs/protocol.md, section 17): a host's attachment to a relay,
 * or a ziglan's delegation to an entry relay, both signed by the key that they are about. This file
 * reads, judges and verifies them; both are the same struct from then on, which is smaller than the
 * bytes and gives exactly these bytes back.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/frame.h"
#include "proto/wire/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PRESENCE_SIGNED_SIZE_MAX = RECORD_HEADER_SIZE + KEY_SIZE + 4 + 8 + SIGNATURE_SIZE,
    PRESENCE_PER_KEY_MAX = LOCATED_MAX, /* relays at which a key may be at once */
};

/** A record, small enough to be kept a million times. */
struct presence_record {
    uint8_t key[KEY_SIZE];   /* the host or the ziglan */
    uint8_t relay[KEY_SIZE]; /* where it is */
    uint8_t signature[SIGNATURE_SIZE];
    uint64_t sequence, created_ms, expires_ms;
    uint32_t lifetime_s;
    uint32_t rights; /* of a delegation, never 0; 0: an attachment */
};

/** What such a record is worth. */
enum presence_verdict {
    PRESENCE_OK,
    PRESENCE_MALFORMED, /* no record of these types, or one that lasts too long */
    PRESENCE_FORGED,    /* its signature is wrong */
    PRESENCE_FUTURE,    /* by our clock it was not made yet */
    PRESENCE_OVER,
};

/** Decode an attachment or a delegation (size bytes of any content). ERR_DROP, with out untouched,
 * if it is none, gives no rights, or is an attachment that is not brief
 * (proto/crypto/attachment.h). Neither times nor the signature are judged. */
int presence_record_read(struct presence_record *out, const uint8_t *data, size_t size) MUST_CHECK;

/** The bytes of the record, as they came in; returns how many. */
size_t presence_record_write(const struct presence_record *record,
                             uint8_t out[PRESENCE_SIGNED_SIZE_MAX]);

/** Whether by this wall clock, give or take RECORD_CLOCK_SKEW_MS, the record is in force: OK,
 * FUTURE or OVER. */
enum presence_verdict presence_record_time(const struct presence_record *record, uint64_t wall_ms);

/** True if its key signed it. This costs some 35 us; all else should be judged before. */
bool presence_record_signed(const struct presence_record *record);

/** Read, judge and verify in one: what somebody tells whom nobody believes. out is written for OK
 * only. */
enum presence_verdict presence_record_open(struct presence_record *out, const uint8_t *data,
                                           size_t size, uint64_t wall_ms) MUST_CHECK;
