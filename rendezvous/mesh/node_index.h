/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A hash index of places in an array that somebody else owns, four bytes a slot: it holds no keys,
 * so that a table of tens of thousands of relays stays small. Several places may have one hash. The
 * owner hashes keys that peers choose with SipHash under a random key.
 */
#pragma once

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** An index, empty if zeroed but for hash_of and context. */
struct node_index {
    uint64_t (*hash_of)(const void *context, uint32_t place); /* of a place that is in the index */
    const void *context;
    uint32_t *slots; /* place + 1; 0: free */
    uint32_t mask, count;
};

/** Add a place; its hash is that of hash_of. ERR_NOMEM: nothing changed. */
int node_index_add(struct node_index *index, uint32_t place) MUST_CHECK;

/** Make room, so that the next add cannot fail. */
int node_index_reserve(struct node_index *index) MUST_CHECK;

/** Remove a place while hash_of still knows it. */
void node_index_remove(struct node_index *index, uint32_t place);

/** The element of place `from` is about to be moved to `to`, and hash_of still knows it at `from`.
 */
void node_index_move(struct node_index *index, uint32_t from, uint32_t to);

/** The places that may have this hash, one after the other: start with *cursor = 0. The caller
 * compares keys. False at the end. */
bool node_index_next(const struct node_index *index, uint64_t hash, uint32_t *cursor,
                     uint32_t *place);

/** Free the memory; the index is empty then. */
void node_index_fini(struct node_index *index);
