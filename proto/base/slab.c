/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chunks of slots. The free slots are a list; the one that was released first is used first. */
#include "proto/base/slab.h"

#include "proto/base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHUNK_COUNT = 64,       /* objects per chunk */
    SLOT_NONE = UINT32_MAX, /* end of the free list */
};

/* Stands before each object, which its alignment keeps aligned for any type. */
struct slot {
    _Alignas(max_align_t) uint32_t generation;
    uint32_t free_next;
    bool used;
};

struct slab {
    size_t item_size, stride;
    uint32_t count_max, count;
    uint32_t slots_count; /* slots that exist, used or free */
    uint32_t free_first, free_last;
    char **chunks;
    size_t chunks_count;
};

bool handle_equal(struct handle a, struct handle b)
{
    return a.index == b.index && a.generation == b.generation;
}

int slab_new(struct slab **out, size_t item_size, uint32_t count_max)
{
    *out = NULL;
    CHECK(item_size > 0 && item_size < SIZE_MAX / CHUNK_COUNT / 2);
    CHECK(count_max < SLOT_NONE - CHUNK_COUNT);

    struct slab *slab = calloc(1, sizeof(*slab));

    if (slab == NULL) {
        return ERR_NOMEM;
    }
    size_t align = _Alignof(max_align_t);

    slab->item_size = item_size;
    slab->stride = sizeof(struct slot) + (item_size + align - 1) / align * align;
    slab->count_max = count_max;
    slab->free_first = SLOT_NONE;
    slab->free_last = SLOT_NONE;
    *out = slab;
    return ERR_OK;
}

void slab_free(struct slab *slab)
{
    if (slab == NULL) {
        return;
    }
    for (size_t i = 0; i < slab->chunks_count; i++) {
        free(slab->chunks[i]);
    }
    free(slab->chunks);
    free(slab);
}

static struct slot *slot_at(const struct slab *slab, uint32_t index)
{
    char *chunk = slab->chunks[index / CHUNK_COUNT];

    return (struct slot *)(void *)(chunk + (index % CHUNK_COUNT) * slab->stride);
}

/* A slot that is released goes to the end of the list. It is used again as late as possible, so the
 * generations of all slots grow evenly and a stale handle stays stale for long. */
static void free_append(struct slab *slab, uint32_t index)
{
    struct slot *slot = slot_at(slab, index);

    slot->free_next = SLOT_NONE;
    if (slab->free_last == SLOT_NONE) {
        slab->free_first = index;
    } else {
        slot_at(slab, slab->free_last)->free_next = index;
    }
    slab->free_last = index;
}

static bool grow(struct slab *slab)
{
    char **chunks = realloc(slab->chunks, (slab->chunks_count + 1) * sizeof(*chunks));

    if (chunks == NULL) {
        return false;
    }
    slab->chunks = chunks;

    char *chunk = calloc(CHUNK_COUNT, slab->stride);

    if (chunk == NULL) {
        return false;
    }
    chunks[slab->chunks_count] = chunk;
    slab->chunks_count++;
    for (uint32_t i = 0; i < CHUNK_COUNT; i++) {
        slot_at(slab, slab->slots_count)->generation = 1;
        slab->slots_count++;
        free_append(slab, slab->slots_count - 1);
    }
    return true;
}

void *slab_take(struct slab *slab, struct handle *handle)
{
    *handle = HANDLE_NONE;
    if (slab->count >= slab->count_max) {
        return NULL;
    }
    if (slab->free_first == SLOT_NONE && !grow(slab)) {
        return NULL;
    }
    uint32_t index = slab->free_first;
    struct slot *slot = slot_at(slab, index);

    slab->free_first = slot->free_next;
    if (slab->free_first == SLOT_NONE) {
        slab->free_last = SLOT_NONE;
    }
    slot->used = true;
    slab->count++;
    *handle = (struct handle){.index = index, .generation = slot->generation};
    memset(slot + 1, 0, slab->item_size);
    return slot + 1;
}

void slab_release(struct slab *slab, struct handle handle)
{
    if (slab_at(slab, handle) == NULL) {
        return;
    }
    struct slot *slot = slot_at(slab, handle.index);

    slot->used = false;
    slot->generation++;
    if (slot->generation == 0) {
        slot->generation = 1;
    }
    slab->count--;
    free_append(slab, handle.index);
}

void *slab_at(const struct slab *slab, struct handle handle)
{
    if (handle.generation == 0 || handle.index >= slab->slots_count) {
        return NULL;
    }
    struct slot *slot = slot_at(slab, handle.index);

    return slot->used && slot->generation == handle.generation ? slot + 1 : NULL;
}

uint32_t slab_count(const struct slab *slab)
{
    return slab->count;
}

void *slab_next(const struct slab *slab, struct handle *cursor)
{
    uint32_t index = cursor->generation == 0 ? 0 : cursor->index + 1;

    for (; index < slab->slots_count; index++) {
        struct slot *slot = slot_at(slab, index);

        if (slot->used) {
            *cursor = (struct handle){.index = index, .generation = slot->generation};
            return slot + 1;
        }
    }
    return NULL;
}
