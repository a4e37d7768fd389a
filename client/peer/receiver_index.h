/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Receiver indexes of frames (docs/protocol.md, section 6): each session and each handshake of ours
 * on its way has one, drawn at random, that leads to its conversation.
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
    uint32_t changes; /* grows when an index is dropped: caches compare it */
};

/** Room for count_max indexes. env is borrowed. ERR_NOMEM. */
int receiver_indexes_init(struct receiver_indexes *indexes, size_t count_max,
                          const struct env *env) MUST_CHECK;
void receiver_indexes_fini(struct receiver_indexes *indexes);

/** A fresh index that leads to `owner`. 0 on failure. */
uint32_t receiver_index_new(struct receiver_indexes *indexes, struct conversation *owner);

/** It leads nowhere any more. 0 is fine. */
void receiver_index_drop(struct receiver_indexes *indexes, uint32_t index);

/** Whose it is, or NULL. */
struct conversation *receiver_index_find(const struct receiver_indexes *indexes, uint32_t index);
