/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pools of a relay (docs/protocol.md, section 17): for each type of application that its owner
 * chose, which applications of this type have a session here and want to be introduced to others. A
 * relay names a random one to who asks. Being in a pool is the consent to that.
 *
 * A pool has a limit. Who belongs to the relay's ziglan comes first: in a full pool the stranger
 * that has been there for longest makes room. And strangers of one network have an eighth of a pool
 * at most, so that nobody fills it alone.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/net/endpoint.h"
#include "proto/wire/frame.h"
#include "proto/wire/record.h"
#include "proto/wire/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    APP_POOL_SIZE_MAX = 10000, /* the largest limit of a pool that an owner can set */
    APP_POOL_NET_SHARE = 8,    /* strangers of an IPv4 /24 or IPv6 /48 have 1 / so much of a pool */
};

/** The types of application of a relay, and the limit of each pool. */
struct app_pool_config {
    char apps[RECORD_APPS_MAX][RECORD_APP_SIZE]; /* printable ASCII without spaces, distinct */
    size_t apps_count;
    uint32_t limit; /* 1 to APP_POOL_SIZE_MAX */
};

/** Who joins, as its session knows it. */
struct app_pool_joiner {
    uint8_t key[KEY_SIZE];
    struct endpoint address; /* where its session comes from */
    bool stranger;           /* no member of the relay's ziglan */
    uint32_t nat_kind;       /* as it tells; 0: it did not measure it */
};

/** Counters for metrics; members is a gauge over all pools. */
struct app_pool_stats {
    uint64_t joined, refused_unmeasured, refused_unknown, refused_net, refused_full, displaced;
    uint64_t picked, picked_none;
    uint32_t members;
};

struct app_pools;

/** No pools yet. env is borrowed and outlives them. ERR_NOMEM leaves *out NULL. */
int app_pools_new(struct app_pools **out, const struct env *env) MUST_CHECK;

/** Free them all. NULL is legal. */
void app_pools_free(struct app_pools *pools);

/** Have these pools (copied). Who is in one that stays, stays, also where the limit is lower now;
 * who was in one that there is no more is in none. */
void app_pools_configure(struct app_pools *pools, const struct app_pool_config *config);

/**
 * Let an application into the pool of its type; who is in it already stays. VERDICT_OK, or nothing
 * changed: MEASURE_FIRST without a kind of NAT, UNSUPPORTED if this relay has no such pool, LIMIT
 * if the pool is full or its network has its share, UNAVAILABLE without memory. *displaced is true
 * if a stranger, whose key is in `left`, made room.
 */
enum verdict app_pools_join(struct app_pools *pools, const char *app,
                            const struct app_pool_joiner *joiner, bool *displaced,
                            uint8_t left[KEY_SIZE], struct mono now);

/** It leaves the pool; false if it was not in it. */
bool app_pools_leave(struct app_pools *pools, const char *app, const uint8_t key[KEY_SIZE]);

/** It leaves all pools: its session ended. */
void app_pools_leave_all(struct app_pools *pools, const uint8_t key[KEY_SIZE]);

/** A random application of this type other than `asker`, which need not be in the pool itself.
 * False, and nothing written: there is none. */
bool app_pools_pick(struct app_pools *pools, const char *app, const uint8_t asker[KEY_SIZE],
                    uint8_t out[KEY_SIZE]);

/** How many are in the pool of this type, and its limit. False, and nothing written, if the relay
 * has no such pool. */
bool app_pools_size(const struct app_pools *pools, const char *app, uint32_t *size,
                    uint32_t *limit);

/** What they were configured with, and the counters. Borrowed until the next change. */
const struct app_pool_config *app_pools_config(const struct app_pools *pools);
const struct app_pool_stats *app_pools_stats(const struct app_pools *pools);
