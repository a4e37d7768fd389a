/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A map, and a list from the oldest answer to the newest. */
#include "rendezvous/presence/locate_cache.h"

#include "proto/base/map.h"
#include "proto/base/slab.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* A relay said that the key is not there. */
struct denial {
    uint8_t relay[KEY_SIZE];
    uint64_t sequence;
    struct mono until;
};

struct remembered {
    TAILQ_ENTRY(remembered) in_age;
    struct handle handle;
    uint8_t key[KEY_SIZE];
    struct mono until;
    struct denial denials[PRESENCE_PER_KEY_MAX];
    size_t denials_count; /* all that ever were; the newest stay */
    struct located found;
};

struct locate_cache {
    struct slab *answers;
    struct map *by_key;
    TAILQ_HEAD(remembered_by_age, remembered) by_age;
};

int locate_cache_new(struct locate_cache **out, const struct env *env)
{
    struct locate_cache *cache = calloc(1, sizeof(*cache));
    int rc;

    *out = NULL;
    if (cache == NULL) {
        return ERR_NOMEM;
    }
    TAILQ_INIT(&cache->by_age);
    rc = slab_new(&cache->answers, sizeof(struct remembered), LOCATE_CACHE_MAX);
    if (rc == ERR_OK) {
        rc = map_new(&cache->by_key, KEY_SIZE, LOCATE_CACHE_MAX, env);
    }
    if (rc != ERR_OK) {
        locate_cache_free(cache);
        return rc;
    }
    *out = cache;
    return ERR_OK;
}

void locate_cache_free(struct locate_cache *cache)
{
    if (cache != NULL) {
        map_free(cache->by_key);
        slab_free(cache->answers);
        free(cache);
    }
}

static void forget(struct locate_cache *cache, struct remembered *answer)
{
    TAILQ_REMOVE(&cache->by_age, answer, in_age);
    (void)map_remove(cache->by_key, answer->key, NULL);
    slab_release(cache->answers, answer->handle);
}

/* A place for this key, the newest. NULL without memory. */
static struct remembered *place_take(struct locate_cache *cache, const uint8_t key[KEY_SIZE])
{
    struct remembered *answer;
    struct handle handle;

    if (slab_count(cache->answers) == LOCATE_CACHE_MAX) {
        forget(cache, TAILQ_FIRST(&cache->by_age));
    }
    answer = slab_take(cache->answers, &handle);
    if (answer == NULL) {
        return NULL;
    }
    if (map_put_pointer(cache->by_key, key, answer) != ERR_OK) {
        slab_release(cache->answers, handle);
        return NULL;
    }
    answer->handle = handle;
    memcpy(answer->key, key, KEY_SIZE);
    TAILQ_INSERT_TAIL(&cache->by_age, answer, in_age);
    return answer;
}

void locate_cache_put(struct locate_cache *cache, const uint8_t key[KEY_SIZE],
                      const struct located *found, struct mono until)
{
    struct remembered *answer = map_find_pointer(cache->by_key, key);

    if (answer == NULL) {
        answer = place_take(cache, key);
    } else {
        TAILQ_REMOVE(&cache->by_age, answer, in_age);
        TAILQ_INSERT_TAIL(&cache->by_age, answer, in_age);
    }
    if (answer != NULL) {
        answer->found = *found;
        answer->until = until;
    }
}

void locate_cache_deny(struct locate_cache *cache, const uint8_t key[KEY_SIZE],
                       const uint8_t relay[KEY_SIZE], uint64_t sequence, struct mono until)
{
    struct remembered *answer = map_find_pointer(cache->by_key, key);
    struct denial *denial;

    if (answer == NULL) {
        return;
    }
    denial = &answer->denials[answer->denials_count++ % PRESENCE_PER_KEY_MAX];
    *denial = (struct denial){.sequence = sequence, .until = until};
    memcpy(denial->relay, relay, KEY_SIZE);
}

void locate_cache_settle(const struct locate_cache *cache, const uint8_t key[KEY_SIZE],
                         struct located *located, struct mono now)
{
    const struct remembered *answer = map_find_pointer(cache->by_key, key);

    for (size_t i = 0; answer != NULL && i < PRESENCE_PER_KEY_MAX; i++) {
        const struct denial *denial = &answer->denials[i];

        if (i < answer->denials_count && !mono_due(denial->until, now)) {
            located_deny(located, denial->relay, denial->sequence);
        }
    }
}

struct located *locate_cache_find(struct locate_cache *cache, const uint8_t key[KEY_SIZE],
                                  struct mono now)
{
    struct remembered *answer = map_find_pointer(cache->by_key, key);

    return answer != NULL && !mono_due(answer->until, now) ? &answer->found : NULL;
}
