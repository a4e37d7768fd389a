/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A walk around the range by a stride that has no divisor in common with its size. The ports that
 * it is to hit are random, so the walk need not be. */
#include "client/stun2/guess_spread.h"

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

void guess_spread_init(struct guess_spread *spread, uint16_t low, uint16_t high,
                       const struct env *env)
{
    uint32_t size = (uint32_t)high - low + 1;

    *spread = (struct guess_spread){
        .low = low, .size = size, .at = env_random_below(env, size), .stride = 1};
    do {
        spread->stride = 1 + env_random_below(env, size);
    } while (common_divisor(spread->stride, size) != 1);
}

uint16_t guess_spread_next(struct guess_spread *spread)
{
    spread->at = (spread->at + spread->stride) % spread->size;
    return (uint16_t)(spread->low + spread->at);
}
