/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two arrays: the entries in order of insertion, and an open-addressed index of their numbers. A
 * removed entry stays as a gap. When the array of entries is full, the gaps are closed or the array
 * grows.
 */
#include "proto/base/map.h"

#include "proto/base/bytes.h"
#include "proto/base/siphash.h"

#include <stdlib.h>
#include <string.h>

enum {
    KEY_SIZE_MAX = 64,
    ENTRIES_FIRST = 8,
};

/* What a cell of the index holds: one of the first two, else an entry's number + CELL_FIRST. A
 * search ends at an empty cell and passes over a deleted one. */
enum {
    CELL_EMPTY = 0,
    CELL_DELETED = 1,
    CELL_FIRST = 2,
};

struct entry {
    uint64_t value;
    uint32_t hash; /* low half of the key's; spares most comparisons of keys and all rehashing */
    bool used;
    uint8_t key[];
};

struct map {
    uint8_t hash_key[SIPHASH_KEY_SIZE];
    size_t key_size, stride, count_max;
    char *entries;
    size_t entries_capacity, entries_used; /* with gaps */
    size_t count;                          /* without gaps */
    uint32_t *cells;
    size_t cells_count; /* a power of two, at least twice entries_capacity */
};

int map_new(struct map **out, size_t key_size, size_t count_max, const struct env *env)
{
    *out = NULL;
    CHECK(key_size > 0 && key_size <= KEY_SIZE_MAX);
    CHECK(count_max < UINT32_MAX / 4);

    struct map *map = calloc(1, sizeof(*map));

    if (map == NULL) {
        return ERR_NOMEM;
    }
    env_random(env, map->hash_key, sizeof(map->hash_key));
    map->key_size = key_size;
    map->stride = (sizeof(struct entry) + key_size + 7) / 8 * 8;
    map->count_max = count_max;
    *out = map;
    return ERR_OK;
}

void map_free(struct map *map)
{
    if (map == NULL) {
        return;
    }
    free(map->entries);
    free(map->cells);
    free(map);
}

static struct entry *entry_at(const struct map *map, size_t index)
{
    return (struct entry *)(void *)(map->entries + index * map->stride);
}

static uint32_t hash_of(const struct map *map, const void *key)
{
    return (uint32_t)siphash24(map->hash_key, key, map->key_size);
}

/* The position of the key's cell, or cells_count if the key is not there. The search ends, because
 * at most half of the cells are not empty. */
static size_t cell_find(const struct map *map, const void *key, uint32_t hash)
{
    size_t mask = map->cells_count - 1;

    if (map->cells_count == 0) {
        return 0;
    }
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
        uint32_t cell = map->cells[at];

        if (cell == CELL_EMPTY) {
            return map->cells_count;
        }
        if (cell == CELL_DELETED) {
            continue;
        }
        const struct entry *entry = entry_at(map, cell - CELL_FIRST);

        if (entry->hash == hash && memcmp(entry->key, key, map->key_size) == 0) {
            return at;
        }
    }
}

static void cell_put(struct map *map, uint32_t hash, size_t index)
{
    size_t mask = map->cells_count - 1;
    size_t at = hash & mask;

    while (map->cells[at] > CELL_DELETED) {
        at = (at + 1) & mask;
    }
    map->cells[at] = u32_of(index + CELL_FIRST);
}

/* Close the gaps, keep the order, and build the index anew. */
static void pack(struct map *map)
{
    size_t used = 0;

    for (size_t i = 0; i < map->entries_used; i++) {
        if (!entry_at(map, i)->used) {
            continue;
        }
        if (used != i) {
            memcpy(entry_at(map, used), entry_at(map, i), map->stride);
        }
        used++;
    }
    map->entries_used = used;
    memset(map->cells, 0, map->cells_count * sizeof(*map->cells));
    for (size_t i = 0; i < used; i++) {
        cell_put(map, entry_at(map, i)->hash, i);
    }
}

/* Double the arrays. On ERR_NOMEM nothing was lost: entries_capacity still tells the old size. */
static int grow(struct map *map)
{
    size_t capacity = map->entries_capacity == 0 ? ENTRIES_FIRST : map->entries_capacity * 2;
    size_t cells_count = capacity * 2;
    char *entries = realloc(map->entries, capacity * map->stride);

    if (entries == NULL) {
        return ERR_NOMEM;
    }
    map->entries = entries;

    uint32_t *cells = calloc(cells_count, sizeof(*cells));

    if (cells == NULL) {
        return ERR_NOMEM;
    }
    free(map->cells);
    map->cells = cells;
    map->cells_count = cells_count;
    map->entries_capacity = capacity;
    pack(map);
    return ERR_OK;
}

/* Make room for one more entry. Where at least half of the entries are gaps, packing is enough, and
 * as many removals have paid for it. Otherwise the arrays grow; if there is no memory for that, any
 * gap will do. */
static int make_room(struct map *map)
{
    if (map->entries_used < map->entries_capacity) {
        return ERR_OK;
    }
    bool packs = map->entries_capacity > 0 && map->count <= map->entries_capacity / 2;

    if (!packs && grow(map) == ERR_OK) {
        return ERR_OK;
    }
    if (map->count == map->entries_used) {
        return ERR_NOMEM;
    }
    pack(map);
    return ERR_OK;
}

int map_put(struct map *map, const void *key, uint64_t value)
{
    uint32_t hash = hash_of(map, key);
    size_t cell = cell_find(map, key, hash);

    if (cell < map->cells_count) {
        entry_at(map, map->cells[cell] - CELL_FIRST)->value = value;
        return ERR_OK;
    }
    if (map->count >= map->count_max) {
        return ERR_LIMIT;
    }
    int rc = make_room(map);

    if (rc != ERR_OK) {
        return rc;
    }
    struct entry *entry = entry_at(map, map->entries_used);

    entry->value = value;
    entry->hash = hash;
    entry->used = true;
    memcpy(entry->key, key, map->key_size);
    cell_put(map, hash, map->entries_used);
    map->entries_used++;
    map->count++;
    return ERR_OK;
}

int map_put_pointer(struct map *map, const void *key, void *value)
{
    return map_put(map, key, (uint64_t)(uintptr_t)value);
}

bool map_find(const struct map *map, const void *key, uint64_t *value)
{
    size_t cell = cell_find(map, key, hash_of(map, key));

    if (cell >= map->cells_count) {
        return false;
    }
    if (value != NULL) {
        *value = entry_at(map, map->cells[cell] - CELL_FIRST)->value;
    }
    return true;
}

void *map_find_pointer(const struct map *map, const void *key)
{
    uint64_t value = 0;

    return map_find(map, key, &value) ? (void *)(uintptr_t)value : NULL;
}

bool map_remove(struct map *map, const void *key, uint64_t *value)
{
    size_t cell = cell_find(map, key, hash_of(map, key));

    if (cell >= map->cells_count) {
        return false;
    }
    struct entry *entry = entry_at(map, map->cells[cell] - CELL_FIRST);

    if (value != NULL) {
        *value = entry->value;
    }
    entry->used = false;
    map->cells[cell] = CELL_DELETED;
    map->count--;
    return true;
}

void map_clear(struct map *map)
{
    map->entries_used = 0;
    map->count = 0;
    if (map->cells_count > 0) {
        memset(map->cells, 0, map->cells_count * sizeof(*map->cells));
    }
}

size_t map_count(const struct map *map)
{
    return map->count;
}

bool map_next(const struct map *map, size_t *cursor, const void **key, uint64_t *value)
{
    for (; *cursor < map->entries_used; (*cursor)++) {
        const struct entry *entry = entry_at(map, *cursor);

        if (!entry->used) {
            continue;
        }
        if (key != NULL) {
            *key = entry->key;
        }
        if (value != NULL) {
            *value = entry->value;
        }
        (*cursor)++;
        return true;
    }
    return false;
}
