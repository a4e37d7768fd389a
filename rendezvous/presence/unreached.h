/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Relays that could not be reached lately. Their records live on for up to a day, and so do their
 * seats; so that nobody waits for them in vain, each relay remembers what it found out itself. Each
 * failure in a row counts for twice as long as the one before. When the memory is full, the oldest
 * makes room.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/wire/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    UNREACHED_MAX = 4096,
    UNREACHED_MS_MIN = 60 * 1000, /* so long the first failure counts, */
    UNREACHED_MS_MAX = 3600 * 1000,
};

struct unreached;

/** An empty memory. env gives hash keys during the call. ERR_NOMEM leaves *out NULL. */
int unreached_new(struct unreached **out, const struct env *env) MUST_CHECK;
void unreached_free(struct unreached *unreached);

/** The relay could not be reached. Further failures while one counts change nothing. Without memory
 * nothing is remembered. */
void unreached_put(struct unreached *unreached, const uint8_t relay[KEY_SIZE], struct mono now);

/** It was reached: forget its failures. */
void unreached_remove(struct unreached *unreached, const uint8_t relay[KEY_SIZE]);

/** Move the relays of which a failure counts behind the others; otherwise the order stays. */
void unreached_last(const struct unreached *unreached, uint8_t (*relays)[KEY_SIZE], size_t count,
                    struct mono now);
