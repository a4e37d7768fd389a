/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each pool is an array without gaps, so a random one is one look, and a map from keys to places.
 */
#include "rendezvous/search/app_pool.h"

#include "proto/base/bytes.h"
#include "proto/base/map.h"

#include <stdlib.h>
#include <string.h>

enum { NET_SIZE = 16, FIRST_CAPACITY = 16 };

struct pool_member {
    uint8_t key[KEY_SIZE];
    uint8_t net[NET_SIZE]; /* its network, the rest zero */
    bool stranger;
    struct mono since;
};

struct pool {
    struct pool_member *members; /* size of them, without gaps, in no order */
    uint32_t size, capacity;
    struct map *places; /* key -> index; NULL: nobody came yet */
};

struct app_pools {
    const struct env *env;
    struct app_pool_config config;
    struct pool pools[RECORD_APPS_MAX]; /* of config.apps */
    struct app_pool_stats stats;
};

/* ---- life and death ---- */

int app_pools_new(struct app_pools **out, const struct env *env)
{
    struct app_pools *pools = calloc(1, sizeof(*pools));

    *out = pools;
    if (pools == NULL) {
        return ERR_NOMEM;
    }
    pools->env = env;
    return ERR_OK;
}

static void pool_end(struct app_pools *pools, struct pool *pool)
{
    pools->stats.members -= pool->size;
    free(pool->members);
    map_free(pool->places);
    *pool = (struct pool){0};
}

void app_pools_free(struct app_pools *pools)
{
    if (pools == NULL) {
        return;
    }
    for (size_t i = 0; i < RECORD_APPS_MAX; i++) {
        pool_end(pools, &pools->pools[i]);
    }
    free(pools);
}

static struct pool *pool_of(struct app_pools *pools, const char *app)
{
    for (size_t i = 0; i < pools->config.apps_count; i++) {
        if (strcmp(pools->config.apps[i], app) == 0) {
            return &pools->pools[i];
        }
    }
    return NULL;
}

void app_pools_configure(struct app_pools *pools, const struct app_pool_config *config)
{
    struct pool kept[RECORD_APPS_MAX] = {0};

    for (size_t i = 0; i < config->apps_count; i++) {
        struct pool *pool = pool_of(pools, config->apps[i]);

        if (pool != NULL) {
            kept[i] = *pool;
            *pool = (struct pool){0};
        }
    }
    for (size_t i = 0; i < RECORD_APPS_MAX; i++) {
        pool_end(pools, &pools->pools[i]);
    }
    memcpy(pools->pools, kept, sizeof(kept));
    pools->config = *config;
}

/* ---- one pool ---- */

static void net_of(uint8_t net[NET_SIZE], const struct endpoint *address)
{
    memset(net, 0, NET_SIZE);
    memcpy(net, address->ip, endpoint_is_v4(address) ? 15 : 6);
}

static struct pool_member *member_of(const struct pool *pool, const uint8_t key[KEY_SIZE])
{
    uint64_t index;

    return pool->places != NULL && map_find(pool->places, key, &index) ? &pool->members[index]
                                                                       : NULL;
}

/* The last one moves into the gap. */
static void member_remove(struct app_pools *pools, struct pool *pool, struct pool_member *member)
{
    const struct pool_member *last = &pool->members[pool->size - 1];

    (void)map_remove(pool->places, member->key, NULL);
    if (member != last) {
        size_t index = (size_t)(member - pool->members);
        int rc = map_put(pool->places, last->key, index);

        CHECK(rc == ERR_OK); /* a known key needs no memory */
        *member = *last;
    }
    pool->size--;
    pools->stats.members--;
}

static struct pool_member *oldest_stranger(const struct pool *pool)
{
    struct pool_member *oldest = NULL;

    for (uint32_t i = 0; i < pool->size; i++) {
        struct pool_member *member = &pool->members[i];

        if (member->stranger && (oldest == NULL || member->since.ns < oldest->since.ns)) {
            oldest = member;
        }
    }
    return oldest;
}

static uint32_t strangers_of(const struct pool *pool, const uint8_t net[NET_SIZE])
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < pool->size; i++) {
        const struct pool_member *member = &pool->members[i];

        count += member->stranger && memcmp(member->net, net, NET_SIZE) == 0 ? 1 : 0;
    }
    return count;
}

/* Room in memory for one more. */
static bool grow(struct app_pools *pools, struct pool *pool)
{
    uint32_t capacity = pool->capacity == 0 ? FIRST_CAPACITY : 2 * pool->capacity;
    struct pool_member *members;

    if (pool->places == NULL &&
        map_new(&pool->places, KEY_SIZE, APP_POOL_SIZE_MAX, pools->env) != ERR_OK) {
        return false;
    }
    if (pool->size < pool->capacity) {
        return true;
    }
    members = realloc(pool->members, capacity * sizeof(*members));
    if (members == NULL) {
        return false;
    }
    pool->members = members;
    pool->capacity = capacity;
    return true;
}

/* ---- the verbs ---- */

/* May one more come in? In a full pool a stranger makes room for a member. */
static enum verdict room_make(struct app_pools *pools, struct pool *pool,
                              const struct pool_member *joiner, bool *displaced,
                              uint8_t left[KEY_SIZE])
{
    uint32_t share = pools->config.limit / APP_POOL_NET_SHARE;
    struct pool_member *oldest;

    if (joiner->stranger && strangers_of(pool, joiner->net) >= (share > 0 ? share : 1)) {
        pools->stats.refused_net++;
        return VERDICT_LIMIT;
    }
    if (pool->size < pools->config.limit) {
        return VERDICT_OK;
    }
    oldest = joiner->stranger ? NULL : oldest_stranger(pool);
    if (oldest == NULL) {
        pools->stats.refused_full++;
        return VERDICT_LIMIT;
    }
    *displaced = true;
    memcpy(left, oldest->key, KEY_SIZE);
    member_remove(pools, pool, oldest);
    pools->stats.displaced++;
    return VERDICT_OK;
}

enum verdict app_pools_join(struct app_pools *pools, const char *app,
                            const struct app_pool_joiner *joiner, bool *displaced,
                            uint8_t left[KEY_SIZE], struct mono now)
{
    struct pool *pool = pool_of(pools, app);
    struct pool_member member = {.stranger = joiner->stranger, .since = now};
    struct pool_member *known;
    enum verdict verdict;

    *displaced = false;
    if (pool == NULL) {
        pools->stats.refused_unknown++;
        return VERDICT_UNSUPPORTED;
    }
    if (joiner->nat_kind == 0) {
        pools->stats.refused_unmeasured++;
        return VERDICT_MEASURE_FIRST;
    }
    memcpy(member.key, joiner->key, KEY_SIZE);
    net_of(member.net, &joiner->address);
    known = member_of(pool, joiner->key);
    if (known != NULL) {
        known->stranger = joiner->stranger; /* it may have become a member, or ceased to be one */
        return VERDICT_OK;
    }
    if (!grow(pools, pool)) {
        return VERDICT_UNAVAILABLE;
    }
    verdict = room_make(pools, pool, &member, displaced, left);
    if (verdict == VERDICT_OK && map_put(pool->places, member.key, pool->size) != ERR_OK) {
        verdict = VERDICT_UNAVAILABLE;
    }
    if (verdict == VERDICT_OK) {
        pool->members[pool->size++] = member;
        pools->stats.members++;
        pools->stats.joined++;
    }
    return verdict;
}

bool app_pools_leave(struct app_pools *pools, const char *app, const uint8_t key[KEY_SIZE])
{
    struct pool *pool = pool_of(pools, app);
    struct pool_member *member = pool != NULL ? member_of(pool, key) : NULL;

    if (member == NULL) {
        return false;
    }
    member_remove(pools, pool, member);
    return true;
}

void app_pools_leave_all(struct app_pools *pools, const uint8_t key[KEY_SIZE])
{
    for (size_t i = 0; i < pools->config.apps_count; i++) {
        (void)app_pools_leave(pools, pools->config.apps[i], key);
    }
}

bool app_pools_pick(struct app_pools *pools, const char *app, const uint8_t asker[KEY_SIZE],
                    uint8_t out[KEY_SIZE])
{
    struct pool *pool = pool_of(pools, app);
    const struct pool_member *self = pool != NULL ? member_of(pool, asker) : NULL;
    uint32_t others = pool != NULL ? pool->size - (self != NULL ? 1 : 0) : 0;
    uint32_t index;

    if (others == 0) {
        pools->stats.picked_none++;
        return false;
    }
    index = env_random_below(pools->env, others);
    if (self != NULL && index >= (uint32_t)(self - pool->members)) {
        index++; /* the asker itself is passed over */
    }
    memcpy(out, pool->members[index].key, KEY_SIZE);
    pools->stats.picked++;
    return true;
}

bool app_pools_size(const struct app_pools *pools, const char *app, uint32_t *size, uint32_t *limit)
{
    for (size_t i = 0; i < pools->config.apps_count; i++) {
        if (strcmp(pools->config.apps[i], app) == 0) {
            *size = pools->pools[i].size;
            *limit = pools->config.limit;
            return true;
        }
    }
    return false;
}

const struct app_pool_config *app_pools_config(const struct app_pools *pools)
{
    return &pools->config;
}

const struct app_pool_stats *app_pools_stats(const struct app_pools *pools)
{
    return &pools->stats;
}
