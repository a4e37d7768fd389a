/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose frames and punches hosts here do not want. A host says so while its session lasts, and says
 * it again in its next one. Pure.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BLOCK_TABLE_MAX = 65536,           /* in all */
    BLOCK_TABLE_PER_MEMBER_MAX = 256,  /* of one host here */
    BLOCK_TABLE_PER_STRANGER_MAX = 16, /* likewise, if it is no member */
};

struct block_table;

/** No blocks. env gives hash keys, during the call only. ERR_NOMEM leaves *out NULL. */
int block_table_new(struct block_table **out, const struct env *env) MUST_CHECK;

/** Free them. NULL is fine. */
void block_table_free(struct block_table *blocks);

/** The host `here` blocks a key. Nothing changes if it does already. ERR_LIMIT if it blocks
 * per_host_max, or all together BLOCK_TABLE_MAX; ERR_NOMEM. */
int block_table_put(struct block_table *blocks, const uint8_t here[KEY_SIZE],
                    const uint8_t key[KEY_SIZE], size_t per_host_max, size_t all_max) MUST_CHECK;

/** It blocks the key no longer. */
void block_table_remove(struct block_table *blocks, const uint8_t here[KEY_SIZE],
                        const uint8_t key[KEY_SIZE]);

/** The host went away: forget its blocks. */
void block_table_gone(struct block_table *blocks, const uint8_t here[KEY_SIZE]);

/** True if the host `here` blocks the key. */
bool block_table_has(const struct block_table *blocks, const uint8_t here[KEY_SIZE],
                     const uint8_t key[KEY_SIZE]);
