/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Receiver indexes of frames (docs/protocol.md, section 6). Each session, and each handshake that
 * we began, has one, drawn at random, which leads to its conversation.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/map.h"

#include <stdint.h>

struct conversation;

struct receiver_indexes {
    struct map *map;
    const struct env *env;
    uint32_t changes; /* grows with each index that is dropped: a cache of an older one is stale */
};

/** Room for count_max indexes. env is borrowed. ERR_NOMEM. */
int receiver_indexes_init(struct receiver_indexes *indexes, size_t count_max,
                          const struct env *env) MUST_CHECK;
void receiver_indexes_fini(struct receiver_indexes *indexes);

/** A fresh index that leads to `owner`, which is borrowed until receiver_index_drop. 0: too many,
 * or without memory. */
uint32_t receiver_index_new(struct receiver_indexes *indexes, struct conversation *owner);

/** It leads nowhere any more. 0 is fine. */
void receiver_index_drop(struct receiver_indexes *indexes, uint32_t index);

/** Whose it is, or NULL. */
struct conversation *receiver_index_find(const struct receiver_indexes *indexes, uint32_t index);
