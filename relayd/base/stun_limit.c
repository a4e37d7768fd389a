/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A bucket is one number: the instant at which it will be full, which each use puts off by the time
 * that one token takes to come. So a use is one compare-and-swap. Sources stand in sets of a few;
 * which set it is, a keyed hash says, or who floods could choose whom to push out.
 */
#include "relayd/base/stun_limit.h"

#include "proto/base/bytes.h"
#include "proto/base/siphash.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    SETS = STUN_SOURCES_MAX / STUN_LIMIT_WAYS, /* a power of two */
    TRIES = 4, /* at a place that others took meanwhile; then it is refused */
};

/* Before an address in a key, so that no key is 0 and none is of both families. */
#define KEY_V4 (UINT64_C(4) << 56)
#define KEY_V6 (UINT64_C(6) << 56)

struct set {
    _Atomic uint64_t keys[STUN_LIMIT_WAYS]; /* 0: free */
    _Atomic uint64_t full_at[STUN_LIMIT_WAYS];
};

struct stun_limit {
    uint8_t hash_key[SIPHASH_KEY_SIZE];
    _Atomic uint32_t per_source_per_s, per_s;
    _Atomic uint64_t all_full_at;
    struct set sets[SETS];
};

int stun_limit_new(struct stun_limit **out, const struct env *env)
{
    *out = calloc(1, sizeof(**out)); /* pages that nobody touched take no memory */
    if (*out == NULL) {
        return ERR_NOMEM;
    }
    env_random(env, (*out)->hash_key, sizeof((*out)->hash_key));
    stun_limit_set(*out, (uint32_t)NS_PER_S, (uint32_t)NS_PER_S);
    return ERR_OK;
}

void stun_limit_free(struct stun_limit *limit)
{
    free(limit);
}

void stun_limit_set(struct stun_limit *limit, uint32_t per_source_per_s, uint32_t per_s)
{
    atomic_store_explicit(&limit->per_source_per_s, per_source_per_s, memory_order_relaxed);
    atomic_store_explicit(&limit->per_s, per_s, memory_order_relaxed);
    atomic_store_explicit(&limit->all_full_at, 0, memory_order_relaxed);
}

/* Take one token of a bucket that gets so many a second and holds as many. */
static bool take(_Atomic uint64_t *full_at, uint32_t per_s, struct mono now)
{
    uint64_t each = per_s > 0 ? NS_PER_S / per_s : UINT64_MAX / 4, room = each * per_s;
    uint64_t old = atomic_load_explicit(full_at, memory_order_relaxed);

    for (;;) {
        uint64_t from = old > now.ns ? old : now.ns;

        if (from - now.ns + each > room) {
            return false;
        }
        if (atomic_compare_exchange_weak_explicit(full_at, &old, from + each, memory_order_relaxed,
                                                  memory_order_relaxed)) {
            return true;
        }
    }
}

/* Whoever owns one address of an IPv6 /56 owns all of them. */
static uint64_t key_of(const struct endpoint *from)
{
    return endpoint_is_v4(from) ? KEY_V4 | be32_read(from->ip + 12)
                                : KEY_V6 | be64_read(from->ip) >> 8;
}

/* Put a key in the place of that with the fullest bucket, which becomes full. False if another
 * thread was faster. */
static bool replace(struct set *set, uint64_t key)
{
    uint64_t least = UINT64_MAX, old;
    size_t best = 0;

    for (size_t i = 0; i < STUN_LIMIT_WAYS; i++) {
        uint64_t full_at = atomic_load_explicit(&set->full_at[i], memory_order_relaxed);

        if (full_at < least) {
            least = full_at;
            best = i;
        }
    }
    old = atomic_load_explicit(&set->keys[best], memory_order_relaxed);
    if (!atomic_compare_exchange_strong_explicit(&set->keys[best], &old, key, memory_order_relaxed,
                                                 memory_order_relaxed)) {
        return false;
    }
    /* Should somebody have taken of it since, it stays as it is. */
    (void)atomic_compare_exchange_strong_explicit(&set->full_at[best], &least, 0,
                                                  memory_order_relaxed, memory_order_relaxed);
    return true;
}

static bool source_take(struct stun_limit *limit, const struct endpoint *from, struct mono now)
{
    uint32_t per_s = atomic_load_explicit(&limit->per_source_per_s, memory_order_relaxed);
    uint64_t key = key_of(from);
    struct set *set = &limit->sets[siphash24(limit->hash_key, &key, sizeof(key)) & (SETS - 1)];

    for (int i = 0; i < TRIES; i++) {
        for (size_t k = 0; k < STUN_LIMIT_WAYS; k++) {
            if (atomic_load_explicit(&set->keys[k], memory_order_relaxed) == key) {
                return take(&set->full_at[k], per_s, now);
            }
        }
        (void)replace(set, key);
    }
    return false;
}

enum stun_verdict stun_limit_take(struct stun_limit *limit, const struct endpoint *from,
                                  struct mono now)
{
    if (!source_take(limit, from, now)) {
        return STUN_VERDICT_SOURCE;
    }
    /* This comes second, so that one source that floods cannot use up what all share. */
    if (!take(&limit->all_full_at, atomic_load_explicit(&limit->per_s, memory_order_relaxed),
              now)) {
        return STUN_VERDICT_ALL;
    }
    return STUN_VERDICT_OK;
}
