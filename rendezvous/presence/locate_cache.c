/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A map, and a list from the oldest answer to the newest. */
#include "rendezvous/presence/locate_cache.h"

#include "proto/base/map.h"
#include "proto/base/slab.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct remembered {
    TAILQ_ENTRY(remembered) in_age;
    struct handle handle;
    uint8_t key[KEY_SIZE];
    struct mono until;
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

void locate_cache_put(struct locate_cache *cache, const uint8_t key[KEY_SIZE],
                      const struct located *found, struct mono until)
{
    struct remembered *answer = map_find_pointer(cache->by_key, key);
    struct handle handle;

    if (answer != NULL) {
        forget(cache, answer);
    } else if (slab_count(cache->answers) == LOCATE_CACHE_MAX) {
        forget(cache, TAILQ_FIRST(&cache->by_age));
    }
    answer = slab_take(cache->answers, &handle);
    if (answer == NULL) {
        return;
    }
    if (map_put_pointer(cache->by_key, key, answer) != ERR_OK) {
        slab_release(cache->answers, handle);
        return;
    }
    answer->handle = handle;
    memcpy(answer->key, key, KEY_SIZE);
    answer->found = *found;
    answer->until = until;
    TAILQ_INSERT_TAIL(&cache->by_age, answer, in_age);
}

struct located *locate_cache_find(struct locate_cache *cache, const uint8_t key[KEY_SIZE],
                                  struct mono now)
{
    struct remembered *answer = map_find_pointer(cache->by_key, key);

    return answer != NULL && !mono_due(answer->until, now) ? &answer->found : NULL;
}
