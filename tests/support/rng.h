/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The randomness of all tests: splitmix64. A test begins with a seed of its own ({7} is one); the
 * simulator has one stream per owner, so that a draw more in one place does not change what every
 * other place draws.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

/** A stream that depends on the seed and on the name of its owner. */
struct rng rng_stream(uint64_t seed, const char *owner);

/** The next number. */
uint64_t rng_u64(struct rng *rng);

/** Uniform enough for a test: from lowest to highest, both included. */
uint64_t rng_between(struct rng *rng, uint64_t lowest, uint64_t highest);

/** From 0 to bound - 1; bound > 0. */
uint32_t rng_below(struct rng *rng, uint32_t bound);

/** True in ppm of a million cases. */
bool rng_chance(struct rng *rng, uint32_t ppm);

/** Fill buf with size random bytes, eight of each number. */
void rng_fill(struct rng *rng, void *buf, size_t size);

/** From now on libsodium draws from this stream (borrowed for the life of the process). Before
 * sodium_init. */
void rng_install_sodium(struct rng *rng);
