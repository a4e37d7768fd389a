/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Joined ziglans in the host's store: one record each, by key, and their order, which decides whose
 * names go before those of others.
 */
#pragma once

#include "client/ziglan/ziglan_state.h"

enum { ZIGLAN_COUNT_MAX = 16 };

/** Write a record. ERR_SYSTEM. */
int ziglan_store_put(struct store *store, const struct ziglan_record *record) MUST_CHECK;

/** Forget a ziglan, the address of its entry point, and when it was left. ERR_SYSTEM. */
int ziglan_store_remove(struct store *store, const uint8_t key[KEY_SIZE]) MUST_CHECK;

/** The next record behind the cursor (store_cursor_from(STORE_TABLE_ZIGLANS, NULL, 0) to begin).
 * *found is false at the end. ERR_DROP: this one cannot be read, or stands under the key of
 * another; go on. ERR_NOMEM, ERR_SYSTEM. */
int ziglan_store_next(struct store *store, struct store_cursor *cursor, struct ziglan_record *out,
                      bool *found) MUST_CHECK;

/** Was the store written with this key? It was, unless the member part of a record was signed with
 * another one, which then is `other`; *same is false. ERR_NOMEM, ERR_SYSTEM. */
int ziglan_store_key_check(struct store *store, const uint8_t key[KEY_SIZE],
                           uint8_t other[KEY_SIZE], bool *same) MUST_CHECK;

/** The order: keys, first the one whose names go before those of the others. */
struct ziglan_order {
    uint8_t keys[ZIGLAN_COUNT_MAX][KEY_SIZE];
    size_t count;
};

/** Write and read the order; none stored: empty. ERR_SYSTEM. */
int ziglan_store_put_order(struct store *store, const struct ziglan_order *order) MUST_CHECK;
int ziglan_store_get_order(struct store *store, struct ziglan_order *out) MUST_CHECK;

/** Write and read the address at which the entry point of a ziglan answered last; none is stored:
 * none. ERR_SYSTEM. */
int ziglan_store_put_address(struct store *store, const uint8_t key[KEY_SIZE],
                             const struct endpoint *address) MUST_CHECK;
int ziglan_store_get_address(struct store *store, const uint8_t key[KEY_SIZE],
                             struct endpoint *out) MUST_CHECK;

/** Write and read when a ziglan was left, in ms of the wall clock; none is stored: 0. ERR_SYSTEM.
 */
int ziglan_store_put_left_at(struct store *store, const uint8_t key[KEY_SIZE],
                             uint64_t wall_ms) MUST_CHECK;
int ziglan_store_get_left_at(struct store *store, const uint8_t key[KEY_SIZE],
                             uint64_t *wall_ms) MUST_CHECK;
