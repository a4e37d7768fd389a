/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The memory of a presence table: a hash map from keys to records, several of one key side by side.
 * It is made for a million of them, so a record has one place of 144 bytes and one number in the
 * map, its relay is a number, and its time is in seconds. Places never move.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/wire/frame.h"

#include <stddef.h>
#include <stdint.h>

/** A record in its place. */
struct presence_slot {
    uint8_t key[KEY_SIZE];
    uint8_t signature[SIGNATURE_SIZE];
    uint64_t sequence, created_ms, expires_ms;
    uint32_t lifetime_s, rights;
    uint32_t relay;   /* of presence_shares */
    uint32_t until_s; /* to be forgotten then, by the table's own seconds; 0: the place is free */
    uint32_t paced_s; /* when the next change of it is due, if changes came evenly */
    uint32_t next;    /* one more than the place that follows in its chain; 0: none */
};

struct presence_slots {
    struct presence_slot **chunks;
    uint32_t *heads; /* one more than the first place of each chain */
    uint32_t chunk_count, head_mask;
    uint32_t count_max, count;
    uint32_t used;       /* places that were ever used */
    uint32_t free_first; /* one more than a place; 0: none */
    uint8_t hash_key[16];
};

/** Empty slots, in zeroed memory. env gives the hash key, during the call only. ERR_NOMEM;
 * presence_slots_fini then releases what there is. */
int presence_slots_init(struct presence_slots *slots, uint32_t count_max,
                        const struct env *env) MUST_CHECK;
void presence_slots_fini(struct presence_slots *slots);

/** The place with this number, below slots->used. */
struct presence_slot *presence_slots_at(const struct presence_slots *slots, uint32_t place);

/** The first slot of this key; NULL if there is none. */
struct presence_slot *presence_slots_first(const struct presence_slots *slots,
                                           const uint8_t key[KEY_SIZE]);

/** The slot of the same key after this one; NULL after the last. */
struct presence_slot *presence_slots_next(const struct presence_slots *slots,
                                          const struct presence_slot *slot);

/** A zeroed slot for this key, which the caller fills in, until_s not 0. NULL if all are taken, or
 * without memory. */
struct presence_slot *presence_slots_take(struct presence_slots *slots,
                                          const uint8_t key[KEY_SIZE]);

/** Give a slot back. */
void presence_slots_release(struct presence_slots *slots, struct presence_slot *slot);

/** Bytes that are held. */
size_t presence_slots_bytes(const struct presence_slots *slots);
