/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Token buckets. Integer arithmetic only, without drift: parts of tokens are kept. A bucket is
 * a plain struct of its owner; it starts full.
 */
#pragma once

#include "proto/base/mono.h"

#include <stdbool.h>
#include <stdint.h>

#define BUCKET_RATE_MAX UINT64_C(10000000000) /* tokens per second */

struct bucket_rate {
    uint64_t per_s; /* tokens per second, at most BUCKET_RATE_MAX; 0: never refilled */
    uint64_t burst; /* tokens it holds when full */
};

struct bucket {
    uint64_t level;    /* whole tokens */
    uint64_t fraction; /* billionths of a token */
    struct mono filled_at;
};

/** A full bucket. */
void bucket_init(struct bucket *bucket, const struct bucket_rate *rate, struct mono now);

/** Take count tokens if there are that many; false, and nothing taken, otherwise. */
bool bucket_take(struct bucket *bucket, const struct bucket_rate *rate, uint64_t count,
                 struct mono now);

/** Tokens in it now. */
uint64_t bucket_level(struct bucket *bucket, const struct bucket_rate *rate, struct mono now);
