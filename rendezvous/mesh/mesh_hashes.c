/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Open addressing, at most half full. A hash says itself where it stands: who grinds records for
 * one place makes us look a little longer, as far as it may tell us records at all.
 */
#include "rendezvous/mesh/mesh_hashes.h"

#include <stdlib.h>

enum { CAPACITY_MIN = 64, WAY_MAX = 64 };

/* Where the hash is, or the free slot for it; NULL: too many stand in its way. */
static uint64_t *slot_of(const struct mesh_hashes *hashes, uint64_t hash)
{
    for (size_t i = 0; i < WAY_MAX; i++) {
        uint64_t *slot = &hashes->slots[(hash + i) & (hashes->capacity - 1)];

        if (*slot == 0 || *slot == hash) {
            return slot;
        }
    }
    return NULL;
}

static bool grow(struct mesh_hashes *hashes)
{
    size_t capacity = hashes->capacity == 0 ? CAPACITY_MIN : 2 * hashes->capacity;
    struct mesh_hashes larger = {.capacity = capacity,
                                 .slots = calloc(capacity, sizeof(*larger.slots))};

    if (larger.slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < hashes->capacity; i++) {
        uint64_t *slot = hashes->slots[i] == 0 ? NULL : slot_of(&larger, hashes->slots[i]);

        if (slot != NULL) {
            *slot = hashes->slots[i];
            larger.count++;
        }
    }
    free(hashes->slots);
    *hashes = larger;
    return true;
}

bool mesh_hashes_add(struct mesh_hashes *hashes, uint64_t hash)
{
    uint64_t *slot;

    if (mesh_hashes_has(hashes, hash)) {
        return true;
    }
    if (hash == 0 || hashes->count == MESH_HASHES_MAX ||
        (2 * (hashes->count + 1) > hashes->capacity && !grow(hashes))) {
        return false;
    }
    slot = slot_of(hashes, hash);
    if (slot == NULL) {
        return false;
    }
    *slot = hash;
    hashes->count++;
    return true;
}

bool mesh_hashes_has(const struct mesh_hashes *hashes, uint64_t hash)
{
    const uint64_t *slot = hashes->capacity == 0 ? NULL : slot_of(hashes, hash);

    return hash != 0 && slot != NULL && *slot == hash;
}

void mesh_hashes_clear(struct mesh_hashes *hashes)
{
    free(hashes->slots);
    *hashes = (struct mesh_hashes){.count = 0};
}
