/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * splitmix64 (Steele, Lea and Flood, 2014), and the ways to draw from it. After a change here the
 * seeds of the simulator make other worlds than before.
 */
#include "tests/support/rng.h"

#include <sodium.h>

struct rng rng_stream(uint64_t seed, const char *owner)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

    for (; *owner != '\0'; owner++) {
        hash = (hash ^ (uint8_t)*owner) * UINT64_C(0x100000001b3);
    }
    return (struct rng){seed * UINT64_C(0x9e3779b97f4a7c15) ^ hash};
}

uint64_t rng_u64(struct rng *rng)
{
    uint64_t z = (rng->state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t rng_between(struct rng *rng, uint64_t lowest, uint64_t highest)
{
    return lowest + rng_u64(rng) % (highest - lowest + 1);
}

uint32_t rng_below(struct rng *rng, uint32_t bound)
{
    return (uint32_t)(rng_u64(rng) % bound);
}

bool rng_chance(struct rng *rng, uint32_t ppm)
{
    return rng_u64(rng) % 1000000 < ppm;
}

void rng_fill(struct rng *rng, void *buf, size_t size)
{
    uint8_t *out = buf;
    uint64_t bits = 0;

    for (size_t i = 0; i < size; i++) {
        bits = i % 8 == 0 ? rng_u64(rng) : bits >> 8;
        out[i] = (uint8_t)bits;
    }
}

/* Static, because libsodium's interface has no context. */
static struct rng *sodium_rng;

static const char *sodium_name(void)
{
    return "simulator";
}

static uint32_t sodium_random(void)
{
    return (uint32_t)rng_u64(sodium_rng);
}

static void sodium_fill(void *const buf, const size_t size)
{
    rng_fill(sodium_rng, buf, size);
}

void rng_install_sodium(struct rng *rng)
{
    static randombytes_implementation implementation = {
        .implementation_name = sodium_name,
        .random = sodium_random,
        .buf = sodium_fill,
    };

    sodium_rng = rng;
    (void)randombytes_set_implementation(&implementation);
}
