/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Deadlines in order: a binary min-heap. Its entries live inside the objects that wait, so a
 * deadline can be changed or removed at any time without a search. Equal deadlines fire in the
 * order in which they were set, so two runs of the simulator with one seed are equal.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Part of the object that waits; zeroed at first. It must be removed from the heap before the
 * object is freed or moved. */
struct heap_entry {
    struct mono deadline;
    uint64_t order;  /* of equal deadlines: the smaller one fires first */
    size_t position; /* in the heap, from 1; 0: not waiting */
};

/** A zeroed struct is an empty heap. */
struct heap {
    struct heap_entry **entries;
    size_t count, capacity;
    uint64_t order_next;
};

/** The object of `type` that holds `entry` as its `member`. */
#define HEAP_OWNER(entry, type, member) ((type *)(void *)((char *)(entry)-offsetof(type, member)))

/** Free the heap's own memory; the heap is empty then, and no entry waits any more. */
void heap_fini(struct heap *heap);

/** Make room for `count` entries in all: heap_set does not fail while fewer wait. ERR_NOMEM leaves
 * the heap as it was. */
int heap_reserve(struct heap *heap, size_t count) MUST_CHECK;

/** Let entry wait for deadline; an entry that waits already gets the new deadline. MONO_NEVER
 * removes it. ERR_NOMEM only if it did not wait before; it does not wait then. */
int heap_set(struct heap *heap, struct heap_entry *entry, struct mono deadline) MUST_CHECK;

/** Take entry out of the heap, if it waits. */
void heap_remove(struct heap *heap, struct heap_entry *entry);

/** The earliest deadline, MONO_NEVER if nothing waits. */
struct mono heap_deadline(const struct heap *heap);

/** Take out the earliest entry and return it, if it is due; NULL if none is. */
struct heap_entry *heap_pop_due(struct heap *heap, struct mono now);
