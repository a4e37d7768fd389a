/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Deadlines in order: a binary min-heap whose entries live inside the objects that wait, so an
 * entry can be moved or removed at any time. Equal deadlines fire in the order in which they
 * were set, which keeps runs of the simulator equal.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Embedded in the waiting object, zeroed at start. It must be removed from the heap before the
 * object dies or moves. */
struct heap_entry {
    struct mono deadline;
    uint64_t order;
    size_t position; /* in the heap, from 1; 0: not waiting */
};

/** Zeroed is an empty heap. */
struct heap {
    struct heap_entry **entries;
    size_t count, capacity;
    uint64_t order_next;
};

/** The object of `type` that holds `entry` as its `member`. */
#define HEAP_OWNER(entry, type, member) ((type *)(void *)((char *)(entry)-offsetof(type, member)))

/** Free the heap's own memory; entries that still wait become "not waiting". */
void heap_fini(struct heap *heap);

/** Make room for `count` entries in all, so that heap_set cannot fail below that. ERR_NOMEM. */
int heap_reserve(struct heap *heap, size_t count) MUST_CHECK;

/** Let entry wait for deadline, whether it waits already or not; MONO_NEVER removes it.
 * ERR_NOMEM (only if it did not wait before) leaves it not waiting. */
int heap_set(struct heap *heap, struct heap_entry *entry, struct mono deadline) MUST_CHECK;

/** Take entry out if it waits. */
void heap_remove(struct heap *heap, struct heap_entry *entry);

/** The earliest deadline, MONO_NEVER if nothing waits. */
struct mono heap_deadline(const struct heap *heap);

/** Take out the earliest entry if it is due; NULL if none is. */
struct heap_entry *heap_pop_due(struct heap *heap, struct mono now);
