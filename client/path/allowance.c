/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Token buckets for packets to addresses that never answered. */
#include "client/path/allowance.h"

static const struct bucket_rate total_rate = {.per_s = ALLOWANCE_SILENT_PER_S,
                                              .burst = ALLOWANCE_SILENT_BURST};
static const struct bucket_rate silent_rate = {.per_s = 4, .burst = 256};
static const struct bucket_rate learned_rate = {.per_s = 1, .burst = 8};

void allowance_total_init(struct allowance_total *total, struct mono now)
{
    bucket_init(&total->silent, &total_rate, now);
}

void allowance_init(struct allowance *allowance, struct allowance_total *total, struct mono now)
{
    allowance->total = total;
    bucket_init(&allowance->silent, &silent_rate, now);
    bucket_init(&allowance->learned, &learned_rate, now);
}

bool allowance_take(struct allowance *allowance, const struct path *path, struct mono now)
{
    return (path != NULL && path->answered) ||
           (bucket_take(&allowance->silent, &silent_rate, 1, now) &&
            bucket_take(&allowance->total->silent, &total_rate, 1, now));
}

bool allowance_take_ping(struct allowance *allowance, const struct path *path, struct mono now)
{
    return path_may_ping(path) && allowance_take(allowance, path, now);
}

bool allowance_take_guessed(struct allowance *allowance, struct mono now)
{
    return bucket_take(&allowance->total->silent, &total_rate, 1, now);
}

bool allowance_take_learned(struct allowance *allowance, struct mono now)
{
    return bucket_take(&allowance->learned, &learned_rate, 1, now);
}
