/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which words of other relays were taken, so that each is taken once, also if somebody who saw it
 * sends it again (docs/protocol.md, section 17, "By a word"). The number of a word is the wall
 * clock of its sender in ms, or larger than its last one. The latest ones are remembered; of what
 * was forgotten, and of what came before this table was made, the floor is known: no number up to
 * it is taken. It rises when the wall clock jumps ahead, since words of former times may then be of
 * the present. So a relay takes none for a while after its start, and then of those only whose
 * clocks are about right; the others have sessions. Pure.
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
    ONCE_MAX = 4096,       /* words that are remembered */
    ONCE_CLOCK_MS = 10000, /* by so much the clock of a sender may differ from ours */
    ONCE_CLOCK_JUMP_MS = 2000,
};

struct once;

/** Nothing was taken yet. env gives a hash key, during the call only; wall_ms and now are one
 * instant, here and below. ERR_NOMEM leaves *out NULL. */
int once_new(struct once **out, const struct env *env, uint64_t wall_ms,
             struct mono now) MUST_CHECK;

/** Free it. NULL is fine. */
void once_free(struct once *once);

/** True if the word with this number of the relay `from` can be one that was never taken. Nothing
 * is remembered of it yet: who it is from may still turn out to be a lie. */
bool once_may(struct once *once, const uint8_t from[KEY_SIZE], uint64_t number, uint64_t wall_ms,
              struct mono now);

/** Take it, right after once_may said that it can be: not again. False, and it must not be taken,
 * without memory. */
bool once_take(struct once *once, const uint8_t from[KEY_SIZE], uint64_t number);
