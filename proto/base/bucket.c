/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bucket is refilled whenever it is looked at, by what is due since it was refilled last. */
#include "proto/base/bucket.h"

#include "proto/base/bytes.h"

void bucket_init(struct bucket *bucket, const struct bucket_rate *rate, struct mono now)
{
    *bucket = (struct bucket){.level = rate->burst, .fraction = 0, .filled_at = now};
}

static void fill(struct bucket *bucket, const struct bucket_rate *rate, struct mono now)
{
    uint64_t elapsed_ns = mono_ns_between(bucket->filled_at, now);

    CHECK(rate->per_s <= BUCKET_RATE_MAX);
    if (mono_before(bucket->filled_at, now)) {
        bucket->filled_at = now;
    }
    /* The whole seconds and the rest are multiplied separately, so that nothing overflows: 10^10
     * tokens/s times 10^9 ns fits into 64 bits. The seconds are multiplied only after the division
     * below has shown that their product does not exceed the missing tokens. */
    uint64_t seconds = elapsed_ns / NS_PER_S;
    uint64_t parts = (elapsed_ns % NS_PER_S) * rate->per_s + bucket->fraction;
    uint64_t missing = bucket->level >= rate->burst ? 0 : rate->burst - bucket->level;
    uint64_t gained = parts / NS_PER_S;

    if (gained >= missing || (rate->per_s > 0 && seconds > (missing - gained) / rate->per_s)) {
        bucket->level = rate->burst;
        bucket->fraction = 0;
        return;
    }
    bucket->level += gained + seconds * rate->per_s;
    bucket->fraction = parts % NS_PER_S;
}

bool bucket_take(struct bucket *bucket, const struct bucket_rate *rate, uint64_t count,
                 struct mono now)
{
    fill(bucket, rate, now);
    if (bucket->level < count) {
        return false;
    }
    bucket->level -= count;
    return true;
}

uint64_t bucket_level(struct bucket *bucket, const struct bucket_rate *rate, struct mono now)
{
    fill(bucket, rate, now);
    return bucket->level;
}
