/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pairs in a map, and in the list of the host that blocks. */
#include "rendezvous/relaying/block_table.h"

#include "proto/base/map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

enum { PAIR_SIZE = 2 * KEY_SIZE };

struct block {
    TAILQ_ENTRY(block) in_blocker;
    uint8_t pair[PAIR_SIZE]; /* here, key */
};

/* A host here, as long as it blocks somebody. */
struct blocker {
    TAILQ_HEAD(, block) list;
    size_t count;
};

struct block_table {
    struct map *pairs;    /* pair -> struct block */
    struct map *blockers; /* host here -> struct blocker; none is empty */
};

int block_table_new(struct block_table **out, const struct env *env)
{
    struct block_table *blocks = calloc(1, sizeof(*blocks));
    int rc;

    *out = NULL;
    if (blocks == NULL) {
        return ERR_NOMEM;
    }
    rc = map_new(&blocks->pairs, PAIR_SIZE, BLOCK_TABLE_MAX, env);
    if (rc == ERR_OK) {
        rc = map_new(&blocks->blockers, KEY_SIZE, BLOCK_TABLE_MAX, env);
    }
    if (rc != ERR_OK) {
        block_table_free(blocks);
        return rc;
    }
    *out = blocks;
    return ERR_OK;
}

void block_table_free(struct block_table *blocks)
{
    size_t at = 0;
    const void *key;

    if (blocks == NULL) {
        return;
    }
    while (blocks->blockers != NULL && map_next(blocks->blockers, &at, &key, NULL)) {
        block_table_gone(blocks, key);
    }
    map_free(blocks->pairs);
    map_free(blocks->blockers);
    free(blocks);
}

static void pair_of(uint8_t pair[PAIR_SIZE], const uint8_t here[KEY_SIZE],
                    const uint8_t key[KEY_SIZE])
{
    memcpy(pair, here, KEY_SIZE);
    memcpy(pair + KEY_SIZE, key, KEY_SIZE);
}

/* Forget a block; the last one of its blocker frees that, too. */
static void block_end(struct block_table *blocks, struct blocker *blocker, struct block *block)
{
    TAILQ_REMOVE(&blocker->list, block, in_blocker);
    blocker->count--;
    if (blocker->count == 0) {
        (void)map_remove(blocks->blockers, block->pair, NULL);
        free(blocker);
    }
    (void)map_remove(blocks->pairs, block->pair, NULL);
    free(block);
}

/* The host, made if need be; NULL without memory. */
static struct blocker *blocker_of(struct block_table *blocks, const uint8_t here[KEY_SIZE])
{
    struct blocker *blocker = map_find_pointer(blocks->blockers, here);

    if (blocker != NULL) {
        return blocker;
    }
    blocker = calloc(1, sizeof(*blocker));
    if (blocker == NULL || map_put_pointer(blocks->blockers, here, blocker) != ERR_OK) {
        free(blocker);
        return NULL;
    }
    TAILQ_INIT(&blocker->list);
    return blocker;
}

int block_table_put(struct block_table *blocks, const uint8_t here[KEY_SIZE],
                    const uint8_t key[KEY_SIZE], size_t per_host_max, size_t all_max)
{
    const struct blocker *known = map_find_pointer(blocks->blockers, here);
    struct blocker *blocker;
    struct block *block;

    if (block_table_has(blocks, here, key)) {
        return ERR_OK;
    }
    if ((known != NULL && known->count >= per_host_max) || map_count(blocks->pairs) >= all_max) {
        return ERR_LIMIT;
    }
    block = calloc(1, sizeof(*block));
    if (block == NULL) {
        return ERR_NOMEM;
    }
    pair_of(block->pair, here, key);
    if (map_put_pointer(blocks->pairs, block->pair, block) != ERR_OK) {
        free(block);
        return ERR_NOMEM;
    }
    blocker = blocker_of(blocks, here);
    if (blocker == NULL) {
        (void)map_remove(blocks->pairs, block->pair, NULL);
        free(block);
        return ERR_NOMEM;
    }
    TAILQ_INSERT_TAIL(&blocker->list, block, in_blocker);
    blocker->count++;
    return ERR_OK;
}

void block_table_remove(struct block_table *blocks, const uint8_t here[KEY_SIZE],
                        const uint8_t key[KEY_SIZE])
{
    uint8_t pair[PAIR_SIZE];
    struct block *block;

    pair_of(pair, here, key);
    block = map_find_pointer(blocks->pairs, pair);
    if (block != NULL) {
        block_end(blocks, map_find_pointer(blocks->blockers, here), block);
    }
}

void block_table_gone(struct block_table *blocks, const uint8_t here[KEY_SIZE])
{
    struct blocker *blocker = map_find_pointer(blocks->blockers, here);

    for (size_t left = blocker != NULL ? blocker->count : 0; left > 0; left--) {
        block_end(blocks, blocker,
                  TAILQ_FIRST(&blocker->list)); /* the last one frees the blocker */
    }
}

bool block_table_has(const struct block_table *blocks, const uint8_t here[KEY_SIZE],
                     const uint8_t key[KEY_SIZE])
{
    uint8_t pair[PAIR_SIZE];

    if (map_count(blocks->pairs) == 0) {
        return false; /* as nearly always: a frame costs no look-up */
    }
    pair_of(pair, here, key);
    return map_find(blocks->pairs, pair, NULL);
}
