/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The buckets stand in one growing array. A map finds a key's bucket; a list links all buckets from
 * the least to the most recently used.
 */
#include "proto/base/bucket_table.h"

#include "proto/base/bytes.h"
#include "proto/base/map.h"

#include <stdlib.h>
#include <string.h>

enum {
    KEY_SIZE_MAX = 64,
    COUNT_MAX = 1 << 24,
    CAPACITY_FIRST = 16,
    VICTIMS = 8, /* least recently used buckets among which the fullest is thrown out */
};

/* In an enum of its own: a value above INT_MAX makes all constants of its enum unsigned. */
enum { LINK_NONE = UINT32_MAX };

struct item {
    struct bucket bucket;
    uint32_t older, newer;
    uint8_t key[KEY_SIZE_MAX];
};

struct bucket_table {
    struct bucket_rate rate;
    size_t key_size;
    struct map *index; /* key to position in items */
    struct item *items;
    uint32_t count, capacity, count_max;
    uint32_t oldest, newest;
    uint64_t refused_count, evicted_count;
};

int bucket_table_new(struct bucket_table **out, size_t key_size, uint32_t count_max,
                     const struct bucket_rate *rate, const struct env *env)
{
    *out = NULL;
    CHECK(key_size > 0 && key_size <= KEY_SIZE_MAX);
    CHECK(count_max > 0 && count_max <= COUNT_MAX);

    struct bucket_table *table = calloc(1, sizeof(*table));

    if (table == NULL) {
        return ERR_NOMEM;
    }
    if (map_new(&table->index, key_size, count_max, env) != ERR_OK) {
        free(table);
        return ERR_NOMEM;
    }
    table->rate = *rate;
    table->key_size = key_size;
    table->count_max = count_max;
    table->oldest = LINK_NONE;
    table->newest = LINK_NONE;
    *out = table;
    return ERR_OK;
}

void bucket_table_free(struct bucket_table *table)
{
    if (table == NULL) {
        return;
    }
    map_free(table->index);
    free(table->items);
    free(table);
}

static void unlink_item(struct bucket_table *table, uint32_t at)
{
    struct item *item = &table->items[at];

    if (item->older == LINK_NONE) {
        table->oldest = item->newer;
    } else {
        table->items[item->older].newer = item->newer;
    }
    if (item->newer == LINK_NONE) {
        table->newest = item->older;
    } else {
        table->items[item->newer].older = item->older;
    }
}

static void link_newest(struct bucket_table *table, uint32_t at)
{
    struct item *item = &table->items[at];

    item->older = table->newest;
    item->newer = LINK_NONE;
    if (table->newest == LINK_NONE) {
        table->oldest = at;
    } else {
        table->items[table->newest].newer = at;
    }
    table->newest = at;
}

/* Throw a bucket out of the list and the index. Returns its position, which is free then. */
static uint32_t evict(struct bucket_table *table, struct mono now)
{
    uint32_t best = table->oldest;
    uint64_t best_level = 0;
    uint32_t at = table->oldest;

    for (int i = 0; i < VICTIMS && at != LINK_NONE; i++) {
        uint64_t level = bucket_level(&table->items[at].bucket, &table->rate, now);

        if (level > best_level) {
            best = at;
            best_level = level;
        }
        at = table->items[at].newer;
    }
    if (best_level < table->rate.burst) {
        table->evicted_count++;
    }
    unlink_item(table, best);
    (void)map_remove(table->index, table->items[best].key, NULL);
    return best;
}

/* A free position for a new bucket; LINK_NONE if out of memory. */
static uint32_t make_room(struct bucket_table *table, struct mono now)
{
    if (table->count == table->count_max) {
        return evict(table, now);
    }
    if (table->count == table->capacity) {
        uint32_t capacity = table->capacity == 0 ? CAPACITY_FIRST : table->capacity * 2;
        struct item *items;

        capacity = capacity > table->count_max ? table->count_max : capacity;
        items = realloc(table->items, capacity * sizeof(*items));
        if (items == NULL) {
            return LINK_NONE;
        }
        table->items = items;
        table->capacity = capacity;
    }
    table->count++;
    return table->count - 1;
}

/* The bucket of a key that had none; NULL if out of memory. */
static struct bucket *add(struct bucket_table *table, const void *key, struct mono now)
{
    uint32_t at = make_room(table, now);

    if (at == LINK_NONE) {
        return NULL;
    }
    struct item *item = &table->items[at];

    if (map_put(table->index, key, at) != ERR_OK) {
        /* Every counted position must be linked and indexed, so the new one is given back. It is
         * the last one: a position whose bucket was thrown out does not come here, because map_put
         * cannot fail after map_remove. */
        CHECK(at == table->count - 1);
        table->count--;
        return NULL;
    }
    memset(item, 0, sizeof(*item));
    memcpy(item->key, key, table->key_size);
    bucket_init(&item->bucket, &table->rate, now);
    link_newest(table, at);
    return &item->bucket;
}

bool bucket_table_take(struct bucket_table *table, const void *key, uint64_t count, struct mono now)
{
    struct bucket *bucket;
    uint64_t at = 0;

    if (map_find(table->index, key, &at)) {
        unlink_item(table, (uint32_t)at);
        link_newest(table, (uint32_t)at);
        bucket = &table->items[at].bucket;
    } else {
        bucket = add(table, key, now);
    }
    if (bucket == NULL || !bucket_take(bucket, &table->rate, count, now)) {
        table->refused_count++;
        return false;
    }
    return true;
}

uint32_t bucket_table_count(const struct bucket_table *table)
{
    return table->count;
}

uint64_t bucket_table_refused_count(const struct bucket_table *table)
{
    return table->refused_count;
}

uint64_t bucket_table_evicted_count(const struct bucket_table *table)
{
    return table->evicted_count;
}
