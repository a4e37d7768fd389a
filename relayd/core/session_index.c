/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "relayd/core/session_index.h"

#include "proto/base/map.h"

#include <stdlib.h>

struct pool {
    struct map *sessions; /* key -> session */
};

int pool_new(struct pool **out, size_t capacity, const struct env *env)
{
    struct pool *pool = calloc(1, sizeof(*pool));
    int rc;

    *out = NULL;
    if (pool == NULL) {
        return ERR_NOMEM;
    }
    rc = map_new(&pool->sessions, KEY_SIZE, capacity, env);
    if (rc != ERR_OK) {
        free(pool);
        return rc;
    }
    *out = pool;
    return ERR_OK;
}

void pool_free(struct pool *pool)
{
    if (pool == NULL) {
        return;
    }
    map_free(pool->sessions);
    free(pool);
}

int pool_put(struct pool *pool, const uint8_t key[KEY_SIZE], uint64_t session, bool *replaced,
             uint64_t *previous)
{
    *replaced = map_find(pool->sessions, key, previous) && *previous != session;
    return map_put(pool->sessions, key, session);
}

bool pool_find(const struct pool *pool, const uint8_t key[KEY_SIZE], uint64_t *session)
{
    return map_find(pool->sessions, key, session);
}

bool pool_remove(struct pool *pool, const uint8_t key[KEY_SIZE], uint64_t session)
{
    uint64_t active;

    if (!map_find(pool->sessions, key, &active) || active != session) {
        return false;
    }
    return map_remove(pool->sessions, key, NULL);
}

size_t pool_count(const struct pool *pool)
{
    return map_count(pool->sessions);
}
