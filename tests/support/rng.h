/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The randomness of all tests: splitmix64. A test sets a seed (`struct rng rng = {7}`). The
 * simulator has one stream for each owner, so that one more draw by an owner does not change what
 * the others draw.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

/** A stream that follows from the seed and the name of its owner. */
struct rng rng_stream(uint64_t seed, const char *owner);

/** The next number. */
uint64_t rng_u64(struct rng *rng);

/** From lowest to highest, both included; uniform enough for a test. highest - lowest must be below
 * UINT64_MAX. */
uint64_t rng_between(struct rng *rng, uint64_t lowest, uint64_t highest);

/** From 0 to bound - 1; bound > 0. */
uint32_t rng_below(struct rng *rng, uint32_t bound);

/** True in `ppm` of a million cases. */
bool rng_chance(struct rng *rng, uint32_t ppm);

/** Fill buf with size random bytes; each number drawn gives eight of them. */
void rng_fill(struct rng *rng, void *buf, size_t size);

/** Make libsodium draw from this stream, which is kept until the process ends. Call it before
 * sodium_init. */
void rng_install_sodium(struct rng *rng);
