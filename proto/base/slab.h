/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A pool of objects of one size that are named by handles. A handle is an index and a generation,
 * so a handle that outlives its object finds nothing instead of freed memory. Objects never move.
 * The pool grows in chunks up to its cap, and its memory is freed only with the pool.
 */
#pragma once

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Names one object of one slab. No object has generation 0: all zero means "none". */
struct handle {
    uint32_t index, generation;
};

#define HANDLE_NONE ((struct handle){0, 0})

/** True if both handles (of one slab) name the same object, or both are none. */
bool handle_equal(struct handle a, struct handle b);

struct slab;

/** A pool for at most count_max objects of item_size bytes (aligned for any type). No memory is
 * taken for objects yet. ERR_NOMEM leaves *out NULL. */
int slab_new(struct slab **out, size_t item_size, uint32_t count_max) MUST_CHECK;

/** Free the pool and all its objects. NULL is fine. */
void slab_free(struct slab *slab);

/** A zeroed object, and its handle in *handle. NULL, and handle none, if the cap is reached or
 * there is no memory. */
void *slab_take(struct slab *slab, struct handle *handle);

/** Give the object back: all copies of its handle are stale then. A stale handle is ignored. */
void slab_release(struct slab *slab, struct handle handle);

/** The object of the handle, or NULL if it is stale or none. */
void *slab_at(const struct slab *slab, struct handle handle);

/** Objects in use. */
uint32_t slab_count(const struct slab *slab);

/** Visit the objects in order of their indices: start with *cursor HANDLE_NONE; each call returns
 * the next object and writes its handle to *cursor. NULL at the end. Any object may be released
 * during the visit. */
void *slab_next(const struct slab *slab, struct handle *cursor);
