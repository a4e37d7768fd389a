/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A map, and a list from the oldest failure to the newest. */
#include "rendezvous/presence/unreached.h"

#include "proto/base/map.h"
#include "proto/base/slab.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct failure {
    TAILQ_ENTRY(failure) in_age;
    struct handle handle;
    uint8_t relay[KEY_SIZE];
    uint64_t counts_ms;
    struct mono until;
};

struct unreached {
    struct slab *failures;
    struct map *by_relay;
    TAILQ_HEAD(failures_by_age, failure) by_age;
};

int unreached_new(struct unreached **out, const struct env *env)
{
    struct unreached *unreached = calloc(1, sizeof(*unreached));
    int rc;

    *out = NULL;
    if (unreached == NULL) {
        return ERR_NOMEM;
    }
    TAILQ_INIT(&unreached->by_age);
    rc = slab_new(&unreached->failures, sizeof(struct failure), UNREACHED_MAX);
    if (rc == ERR_OK) {
        rc = map_new(&unreached->by_relay, KEY_SIZE, UNREACHED_MAX, env);
    }
    if (rc != ERR_OK) {
        unreached_free(unreached);
        return rc;
    }
    *out = unreached;
    return ERR_OK;
}

void unreached_free(struct unreached *unreached)
{
    if (unreached != NULL) {
        map_free(unreached->by_relay);
        slab_free(unreached->failures);
        free(unreached);
    }
}

static void forget(struct unreached *unreached, struct failure *failure)
{
    TAILQ_REMOVE(&unreached->by_age, failure, in_age);
    (void)map_remove(unreached->by_relay, failure->relay, NULL);
    slab_release(unreached->failures, failure->handle);
}

/* The failure of this relay, a new one if there is none. NULL without memory. */
static struct failure *failure_of(struct unreached *unreached, const uint8_t relay[KEY_SIZE])
{
    struct failure *failure = map_find_pointer(unreached->by_relay, relay);
    struct handle handle;

    if (failure != NULL) {
        TAILQ_REMOVE(&unreached->by_age, failure, in_age);
        TAILQ_INSERT_TAIL(&unreached->by_age, failure, in_age);
        return failure;
    }
    if (slab_count(unreached->failures) == UNREACHED_MAX) {
        forget(unreached, TAILQ_FIRST(&unreached->by_age));
    }
    failure = slab_take(unreached->failures, &handle);
    if (failure == NULL || map_put_pointer(unreached->by_relay, relay, failure) != ERR_OK) {
        slab_release(unreached->failures, handle);
        return NULL;
    }
    failure->handle = handle;
    memcpy(failure->relay, relay, KEY_SIZE);
    TAILQ_INSERT_TAIL(&unreached->by_age, failure, in_age);
    return failure;
}

/* True while a failure counts. */
static bool has(const struct unreached *unreached, const uint8_t relay[KEY_SIZE], struct mono now)
{
    const struct failure *failure = map_find_pointer(unreached->by_relay, relay);

    return failure != NULL && !mono_due(failure->until, now);
}

void unreached_put(struct unreached *unreached, const uint8_t relay[KEY_SIZE], struct mono now)
{
    struct failure *failure;

    if (has(unreached, relay, now)) {
        return;
    }
    failure = failure_of(unreached, relay);
    if (failure != NULL) {
        uint64_t ms = failure->counts_ms == 0 ? UNREACHED_MS_MIN : 2 * failure->counts_ms;

        failure->counts_ms = ms < UNREACHED_MS_MAX ? ms : UNREACHED_MS_MAX;
        failure->until = mono_add_ms(now, failure->counts_ms);
    }
}

void unreached_remove(struct unreached *unreached, const uint8_t relay[KEY_SIZE])
{
    struct failure *failure = map_find_pointer(unreached->by_relay, relay);

    if (failure != NULL) {
        forget(unreached, failure);
    }
}

void unreached_last(const struct unreached *unreached, uint8_t (*relays)[KEY_SIZE], size_t count,
                    struct mono now)
{
    uint8_t relay[KEY_SIZE];
    size_t good = 0;

    for (size_t i = 0; i < count; i++) {
        if (!has(unreached, relays[i], now)) {
            memcpy(relay, relays[i], KEY_SIZE);
            memmove(relays[good + 1], relays[good], (i - good) * KEY_SIZE);
            memcpy(relays[good++], relay, KEY_SIZE);
        }
    }
}
