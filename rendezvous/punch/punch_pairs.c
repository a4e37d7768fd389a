/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A slab, three maps over it, and a heap of timers. */
#include "rendezvous/punch/punch_pairs.h"

#include "proto/base/bytes.h"

#include <string.h>

enum { PAIR_KEY_SIZE = 2 * KEY_SIZE };

int punch_pairs_init(struct punch_pairs *pairs, uint32_t count_max, const struct env *env)
{
    int rc = slab_new(&pairs->slab, sizeof(struct punch_pair), count_max);

    pairs->env = env;
    if (rc == ERR_OK) {
        rc = map_new(&pairs->by_id, sizeof(uint64_t), count_max, env);
    }
    if (rc == ERR_OK) {
        rc = map_new(&pairs->by_pair, PAIR_KEY_SIZE, count_max, env);
    }
    if (rc == ERR_OK) {
        rc = map_new(&pairs->by_key, KEY_SIZE, (size_t)2 * count_max, env);
    }
    return rc;
}

void punch_pairs_fini(struct punch_pairs *pairs)
{
    heap_fini(&pairs->timers);
    map_free(pairs->by_key);
    map_free(pairs->by_pair);
    map_free(pairs->by_id);
    slab_free(pairs->slab);
}

static void pair_key(uint8_t out[PAIR_KEY_SIZE], const uint8_t a[KEY_SIZE],
                     const uint8_t b[KEY_SIZE])
{
    bool a_first = memcmp(a, b, KEY_SIZE) < 0;

    memcpy(out, a_first ? a : b, KEY_SIZE);
    memcpy(out + KEY_SIZE, a_first ? b : a, KEY_SIZE);
}

uint64_t punch_pairs_use(const struct punch_pairs *pairs, const uint8_t key[KEY_SIZE])
{
    uint64_t count = 0;

    (void)map_find(pairs->by_key, key, &count);
    return count;
}

uint32_t punch_pairs_count(const struct punch_pairs *pairs)
{
    return (uint32_t)slab_count(pairs->slab);
}

static void key_release(struct punch_pairs *pairs, const uint8_t key[KEY_SIZE])
{
    uint64_t count = punch_pairs_use(pairs, key);

    if (count <= 1) {
        (void)map_remove(pairs->by_key, key, NULL);
        return;
    }
    int rc = map_put(pairs->by_key, key, count - 1);
    CHECK(rc == ERR_OK); /* the key is there, so nothing is allocated */
}

static int key_take(struct punch_pairs *pairs, const uint8_t key[KEY_SIZE])
{
    return map_put(pairs->by_key, key, punch_pairs_use(pairs, key) + 1);
}

void punch_pairs_remove(struct punch_pairs *pairs, struct punch_pair *pair)
{
    uint8_t both[PAIR_KEY_SIZE];

    pair_key(both, pair->sides[0].key, pair->sides[1].key);
    heap_remove(&pairs->timers, &pair->timer);
    (void)map_remove(pairs->by_pair, both, NULL);
    (void)map_remove(pairs->by_id, &pair->id, NULL);
    key_release(pairs, pair->sides[0].key);
    key_release(pairs, pair->sides[1].key);
    slab_release(pairs->slab, pair->handle);
}

struct punch_pair *punch_pairs_find(const struct punch_pairs *pairs, const uint8_t a[KEY_SIZE],
                                    const uint8_t b[KEY_SIZE])
{
    uint8_t both[PAIR_KEY_SIZE];

    pair_key(both, a, b);
    return map_find_pointer(pairs->by_pair, both);
}

struct punch_pair *punch_pairs_of_id(const struct punch_pairs *pairs, uint64_t id)
{
    return map_find_pointer(pairs->by_id, &id);
}

struct punch_pair *punch_pairs_next(const struct punch_pairs *pairs, struct handle *cursor)
{
    return slab_next(pairs->slab, cursor);
}

struct punch_pair *punch_pairs_silent(const struct punch_pairs *pairs, const uint8_t *key)
{
    struct handle cursor = HANDLE_NONE;
    struct punch_pair *oldest = NULL;
    struct punch_pair *pair;

    for (pair = punch_pairs_next(pairs, &cursor); pair != NULL;
         pair = punch_pairs_next(pairs, &cursor)) {
        if (pair->state == PAIR_STATE_LIVE && (key == NULL || punch_pair_has(pair, key)) &&
            (oldest == NULL || mono_before(pair->timer.deadline, oldest->timer.deadline))) {
            oldest = pair;
        }
    }
    return oldest;
}

/* Let a new pair be found, and start its timer. On an error nothing of it remains. */
static int enrol(struct punch_pairs *pairs, struct punch_pair *pair, struct mono until)
{
    uint8_t both[PAIR_KEY_SIZE];
    int rc;

    pair_key(both, pair->sides[0].key, pair->sides[1].key);
    rc = map_put_pointer(pairs->by_pair, both, pair);
    if (rc == ERR_OK) {
        rc = map_put_pointer(pairs->by_id, &pair->id, pair);
    }
    if (rc == ERR_OK) {
        rc = key_take(pairs, pair->sides[0].key);
    }
    if (rc == ERR_OK) {
        rc = key_take(pairs, pair->sides[1].key);
        if (rc != ERR_OK) {
            key_release(pairs, pair->sides[0].key);
        }
    }
    if (rc == ERR_OK) {
        rc = heap_set(&pairs->timers, &pair->timer, until);
        if (rc != ERR_OK) {
            key_release(pairs, pair->sides[0].key);
            key_release(pairs, pair->sides[1].key);
        }
    }
    if (rc != ERR_OK) {
        (void)map_remove(pairs->by_pair, both, NULL);
        (void)map_remove(pairs->by_id, &pair->id, NULL);
    }
    return rc;
}

struct punch_pair *punch_pairs_add(struct punch_pairs *pairs, const uint8_t requester[KEY_SIZE],
                                   const uint8_t target[KEY_SIZE], struct mono until)
{
    struct handle handle;
    struct punch_pair *pair = slab_take(pairs->slab, &handle);

    if (pair == NULL) {
        return NULL;
    }
    pair->handle = handle;
    pair->state = PAIR_STATE_OFFERED;
    memcpy(pair->sides[SIDE_REQUESTER].key, requester, KEY_SIZE);
    memcpy(pair->sides[SIDE_TARGET].key, target, KEY_SIZE);
    do {
        env_random(pairs->env, &pair->id, sizeof(pair->id));
    } while (pair->id == 0 || map_find(pairs->by_id, &pair->id, NULL));
    if (enrol(pairs, pair, until) != ERR_OK) {
        slab_release(pairs->slab, handle);
        return NULL;
    }
    return pair;
}

bool punch_pair_has(const struct punch_pair *pair, const uint8_t key[KEY_SIZE])
{
    return memcmp(pair->sides[SIDE_REQUESTER].key, key, KEY_SIZE) == 0 ||
           memcmp(pair->sides[SIDE_TARGET].key, key, KEY_SIZE) == 0;
}

size_t punch_pair_side(const struct punch_pair *pair, const uint8_t key[KEY_SIZE])
{
    return memcmp(pair->sides[SIDE_REQUESTER].key, key, KEY_SIZE) == 0 ? SIDE_REQUESTER
                                                                       : SIDE_TARGET;
}

void punch_pair_wait(struct punch_pairs *pairs, struct punch_pair *pair, struct mono until)
{
    int rc = heap_set(&pairs->timers, &pair->timer, until);

    CHECK(rc == ERR_OK); /* the timer is set already, so nothing is allocated */
}
