/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of the places of one key: records of different relays, the largest sequence first.
 * Answers of several relays are put together here.
 */
#pragma once

#include "proto/wire/frame.h"
#include "rendezvous/presence/presence_record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Records of one key; all zero: it is nowhere. */
struct located {
    size_t count;
    struct presence_record records[PRESENCE_PER_KEY_MAX];
};

/** True if exactly this record is there. */
bool located_has(const struct located *found, const struct presence_record *record);

/** Add a record. Of two at one relay the larger sequence stays, and of too many relays those with
 * the largest. */
void located_add(struct located *found, const struct presence_record *record);

/** Take out the record of this relay with a sequence up to this one. */
void located_deny(struct located *located, const uint8_t relay[KEY_SIZE], uint64_t sequence);

/** Take out the records that are not in force by this wall clock. */
void located_settle(struct located *found, uint64_t wall_ms);
