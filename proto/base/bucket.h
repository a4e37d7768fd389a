/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Token buckets for limits of rates: a bucket starts full, each use takes tokens out, and time
 * refills it. Arithmetic is in integers. The part of a token that is due is kept, so the rate is
 * exact however often a bucket is looked at. A bucket is a plain struct inside its owner.
 */
#pragma once

#include "proto/base/mono.h"

#include <stdbool.h>
#include <stdint.h>

#define BUCKET_RATE_MAX UINT64_C(10000000000) /* tokens per second */

struct bucket_rate {
    uint64_t per_s; /* tokens per second, at most BUCKET_RATE_MAX; 0: never refilled */
    uint64_t burst; /* tokens that a full bucket holds */
};

struct bucket {
    uint64_t level;    /* whole tokens */
    uint64_t fraction; /* billionths of a token */
    struct mono filled_at;
};

/** Make the bucket full. */
void bucket_init(struct bucket *bucket, const struct bucket_rate *rate, struct mono now);

/** Refill up to `now`, then take count tokens. False if there are fewer: then none is taken. A
 * `now` before the last one refills nothing. */
bool bucket_take(struct bucket *bucket, const struct bucket_rate *rate, uint64_t count,
                 struct mono now);

/** Refill up to `now`; returns the whole tokens in the bucket. */
uint64_t bucket_level(struct bucket *bucket, const struct bucket_rate *rate, struct mono now);
