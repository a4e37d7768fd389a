/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A pool of equal-sized objects named by handles. A handle is an index with a generation, so a
 * handle kept beyond its object's life finds nothing instead of freed memory. Objects never
 * move: the pool grows in chunks up to its cap and shrinks only when it is freed.
 */
#pragma once

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Names one object of one slab. Generation 0 is never given out: all zero means "none". */
struct handle {
    uint32_t index, generation;
};

#define HANDLE_NONE ((struct handle){0, 0})

/** True if both name the same object, or both are none. */
bool handle_equal(struct handle a, struct handle b);

struct slab;

/** A pool for at most count_max objects of item_size bytes (aligned for any type). Memory is
 * taken in chunks as it grows. ERR_NOMEM leaves *out NULL. */
int slab_new(struct slab **out, size_t item_size, uint32_t count_max) MUST_CHECK;

/** Free the pool and all its objects. NULL is fine. */
void slab_free(struct slab *slab);

/** A zeroed object and its handle; NULL (handle none) if the cap is reached or memory is out. */
void *slab_take(struct slab *slab, struct handle *handle);

/** Give the object back; every copy of its handle becomes stale. A stale handle is ignored. */
void slab_release(struct slab *slab, struct handle handle);

/** The object of the handle, or NULL if it is stale or none. */
void *slab_at(const struct slab *slab, struct handle handle);

/** Objects in use. */
uint32_t slab_count(const struct slab *slab);

/** Visit the objects in index order: start with HANDLE_NONE, the next object's handle is written
 * to *cursor. NULL at the end. The visited object may be released; others may be too. */
void *slab_next(const struct slab *slab, struct handle *cursor);
