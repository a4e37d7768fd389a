/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chunks of places, and chains through them. */
#include "rendezvous/presence/presence_slots.h"

#include "proto/base/bytes.h"
#include "proto/base/siphash.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 128 /* places: 18 kB, so that a relay of a small subnet holds little */ };

_Static_assert(sizeof(struct presence_slot) == 144, "a million records are 144 MB");

int presence_slots_init(struct presence_slots *slots, uint32_t count_max, const struct env *env)
{
    uint32_t heads = 1;

    while (heads < count_max) {
        heads *= 2;
    }
    slots->count_max = count_max;
    slots->head_mask = heads - 1;
    env_random(env, slots->hash_key, sizeof(slots->hash_key));
    slots->heads = calloc(heads, sizeof(*slots->heads));
    slots->chunks = calloc(count_max / CHUNK + 1, sizeof(struct presence_slot *));
    return slots->heads != NULL && slots->chunks != NULL ? ERR_OK : ERR_NOMEM;
}

void presence_slots_fini(struct presence_slots *slots)
{
    for (uint32_t i = 0; i < slots->chunk_count; i++) {
        free(slots->chunks[i]);
    }
    free(slots->chunks);
    free(slots->heads);
}

struct presence_slot *presence_slots_at(const struct presence_slots *slots, uint32_t place)
{
    return &slots->chunks[place / CHUNK][place % CHUNK];
}

static uint32_t *head_of(const struct presence_slots *slots, const uint8_t key[KEY_SIZE])
{
    return &slots->heads[siphash24(slots->hash_key, key, KEY_SIZE) & slots->head_mask];
}

/* Follow a chain from this link to a slot of the key. */
static struct presence_slot *chain_find(const struct presence_slots *slots, uint32_t link,
                                        const uint8_t key[KEY_SIZE])
{
    while (link != 0) {
        struct presence_slot *slot = presence_slots_at(slots, link - 1);

        if (memcmp(slot->key, key, KEY_SIZE) == 0) {
            return slot;
        }
        link = slot->next;
    }
    return NULL;
}

struct presence_slot *presence_slots_first(const struct presence_slots *slots,
                                           const uint8_t key[KEY_SIZE])
{
    return chain_find(slots, *head_of(slots, key), key);
}

struct presence_slot *presence_slots_next(const struct presence_slots *slots,
                                          const struct presence_slot *slot)
{
    return chain_find(slots, slot->next, slot->key);
}

/* The number of a free place, one more than it is; 0 if there is none. */
static uint32_t place_take(struct presence_slots *slots)
{
    uint32_t link = slots->free_first;

    if (link != 0) {
        slots->free_first = presence_slots_at(slots, link - 1)->next;
        return link;
    }
    if (slots->used == slots->count_max) {
        return 0;
    }
    if (slots->used == slots->chunk_count * CHUNK) {
        struct presence_slot *chunk = calloc(CHUNK, sizeof(*chunk));

        if (chunk == NULL) {
            return 0;
        }
        slots->chunks[slots->chunk_count++] = chunk;
    }
    return ++slots->used;
}

struct presence_slot *presence_slots_take(struct presence_slots *slots, const uint8_t key[KEY_SIZE])
{
    uint32_t link = place_take(slots);
    uint32_t *head = head_of(slots, key);
    struct presence_slot *slot;

    if (link == 0) {
        return NULL;
    }
    slot = presence_slots_at(slots, link - 1);
    *slot = (struct presence_slot){.next = *head};
    memcpy(slot->key, key, KEY_SIZE);
    *head = link;
    slots->count++;
    return slot;
}

void presence_slots_release(struct presence_slots *slots, struct presence_slot *slot)
{
    uint32_t *link = head_of(slots, slot->key);
    uint32_t place;

    while (presence_slots_at(slots, *link - 1) != slot) {
        link = &presence_slots_at(slots, *link - 1)->next;
        CHECK(*link != 0);
    }
    place = *link;
    *link = slot->next;
    *slot = (struct presence_slot){.next = slots->free_first};
    slots->free_first = place;
    slots->count--;
}

size_t presence_slots_bytes(const struct presence_slots *slots)
{
    return (size_t)slots->chunk_count * CHUNK * sizeof(struct presence_slot) +
           ((size_t)slots->head_mask + 1) * sizeof(*slots->heads) +
           (slots->count_max / CHUNK + 1) * sizeof(struct presence_slot *);
}
