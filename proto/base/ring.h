/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A bounded queue of records of bytes between two threads, one that writes and one that reads. It
 * takes no lock and waits for nobody: a record that finds no room is the writer's to drop.
 */
#pragma once

#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct ring;

/** An empty ring of `capacity` bytes: a power of two from 64 to 2^31. A record takes its size and 4
 * to 11 bytes, and is refused beyond half the capacity. ERR_NOMEM leaves *out NULL. */
int ring_new(struct ring **out, size_t capacity) MUST_CHECK;

/** Free it, when neither thread uses it any more. NULL is fine. */
void ring_free(struct ring *ring);

/** For the writer: where to write a record of `size` bytes (aligned to 4), or NULL if there is no
 * room. The reader sees nothing before ring_commit, which must name the same size. */
uint8_t *ring_reserve(struct ring *ring, size_t size);
void ring_commit(struct ring *ring, size_t size);

/** For the reader: the oldest record and its size, or NULL if there is none. It is borrowed until
 * ring_release, which is called once for each. */
uint8_t *ring_peek(struct ring *ring, size_t *size);
void ring_release(struct ring *ring);
