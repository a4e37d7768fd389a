/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Open addressing with linear steps, at most half full. Removal shifts what follows back, so that
 * there are no tombstones and a chain is as short as its elements allow.
 */
#include "rendezvous/mesh/node_index.h"

#include <stdlib.h>

enum { SLOTS_MIN = 16 };

static uint32_t slot_of(const struct node_index *index, uint64_t hash)
{
    return (uint32_t)hash & index->mask;
}

static void insert(struct node_index *index, uint32_t place)
{
    uint32_t at = slot_of(index, index->hash_of(index->context, place));

    while (index->slots[at] != 0) {
        at = (at + 1) & index->mask;
    }
    index->slots[at] = place + 1;
}

int node_index_reserve(struct node_index *index)
{
    uint32_t old_size = index->slots == NULL ? 0 : index->mask + 1;

    if (index->slots != NULL && (index->count + 1) * 2 <= old_size) {
        return ERR_OK;
    }

    uint32_t size = old_size == 0 ? SLOTS_MIN : old_size * 2;
    uint32_t *old = index->slots;
    uint32_t *slots = calloc(size, sizeof(*slots));

    if (slots == NULL) {
        return ERR_NOMEM;
    }
    index->slots = slots;
    index->mask = size - 1;
    for (uint32_t i = 0; i < old_size; i++) {
        if (old[i] != 0) {
            insert(index, old[i] - 1);
        }
    }
    free(old);
    return ERR_OK;
}

int node_index_add(struct node_index *index, uint32_t place)
{
    int rc = node_index_reserve(index);

    if (rc == ERR_OK) {
        insert(index, place);
        index->count++;
    }
    return rc;
}

/* The slot of a place, which is there. */
static uint32_t slot_find(const struct node_index *index, uint32_t place)
{
    uint32_t at = slot_of(index, index->hash_of(index->context, place));

    while (index->slots[at] != place + 1) {
        at = (at + 1) & index->mask;
    }
    return at;
}

void node_index_remove(struct node_index *index, uint32_t place)
{
    uint32_t hole = slot_find(index, place);

    for (uint32_t at = (hole + 1) & index->mask; index->slots[at] != 0;
         at = (at + 1) & index->mask) {
        uint32_t home = slot_of(index, index->hash_of(index->context, index->slots[at] - 1));

        /* It may go back to the hole unless its home lies behind that. */
        if (((at - home) & index->mask) >= ((at - hole) & index->mask)) {
            index->slots[hole] = index->slots[at];
            hole = at;
        }
    }
    index->slots[hole] = 0;
    index->count--;
}

void node_index_move(struct node_index *index, uint32_t from, uint32_t to)
{
    index->slots[slot_find(index, from)] = to + 1;
}

bool node_index_next(const struct node_index *index, uint64_t hash, uint32_t *cursor,
                     uint32_t *place)
{
    if (index->slots == NULL) {
        return false;
    }

    uint32_t slot = index->slots[(slot_of(index, hash) + *cursor) & index->mask];

    if (slot == 0) {
        return false;
    }
    (*cursor)++;
    *place = slot - 1;
    return true;
}

void node_index_fini(struct node_index *index)
{
    free(index->slots);
    index->slots = NULL;
    index->mask = 0;
    index->count = 0;
}
