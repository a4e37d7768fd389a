/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A binary heap in an array of pointers; each entry knows its place in it. */
#include "proto/base/heap.h"

#include <stdlib.h>

enum { CAPACITY_FIRST = 16 };

void heap_fini(struct heap *heap)
{
    for (size_t i = 0; i < heap->count; i++) {
        heap->entries[i]->position = 0;
    }
    free(heap->entries);
    *heap = (struct heap){0};
}

int heap_reserve(struct heap *heap, size_t count)
{
    if (count <= heap->capacity) {
        return ERR_OK;
    }
    size_t capacity = heap->capacity == 0 ? CAPACITY_FIRST : heap->capacity;

    while (capacity < count) {
        capacity *= 2;
    }
    struct heap_entry **entries = realloc(heap->entries, capacity * sizeof(struct heap_entry *));

    if (entries == NULL) {
        return ERR_NOMEM;
    }
    heap->entries = entries;
    heap->capacity = capacity;
    return ERR_OK;
}

static bool earlier(const struct heap_entry *a, const struct heap_entry *b)
{
    if (a->deadline.ns != b->deadline.ns) {
        return a->deadline.ns < b->deadline.ns;
    }
    return a->order < b->order;
}

static void place(struct heap *heap, size_t index, struct heap_entry *entry)
{
    heap->entries[index] = entry;
    entry->position = index + 1;
}

/* Move the entry at index up or down to its place in the order. */
static void settle(struct heap *heap, size_t index)
{
    struct heap_entry *entry = heap->entries[index];

    while (index > 0 && earlier(entry, heap->entries[(index - 1) / 2])) {
        place(heap, index, heap->entries[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    for (;;) {
        size_t child = 2 * index + 1;

        if (child >= heap->count) {
            break;
        }
        if (child + 1 < heap->count && earlier(heap->entries[child + 1], heap->entries[child])) {
            child++;
        }
        if (!earlier(heap->entries[child], entry)) {
            break;
        }
        place(heap, index, heap->entries[child]);
        index = child;
    }
    place(heap, index, entry);
}

int heap_set(struct heap *heap, struct heap_entry *entry, struct mono deadline)
{
    if (deadline.ns == MONO_NEVER.ns) {
        heap_remove(heap, entry);
        return ERR_OK;
    }
    if (entry->position == 0) {
        int rc = heap_reserve(heap, heap->count + 1);

        if (rc != ERR_OK) {
            return rc;
        }
        place(heap, heap->count, entry);
        heap->count++;
    }
    entry->deadline = deadline;
    entry->order = heap->order_next;
    heap->order_next++;
    settle(heap, entry->position - 1);
    return ERR_OK;
}

void heap_remove(struct heap *heap, struct heap_entry *entry)
{
    if (entry->position == 0) {
        return;
    }
    size_t index = entry->position - 1;

    entry->position = 0;
    heap->count--;
    if (index < heap->count) {
        place(heap, index, heap->entries[heap->count]);
        settle(heap, index);
    }
}

struct mono heap_deadline(const struct heap *heap)
{
    return heap->count == 0 ? MONO_NEVER : heap->entries[0]->deadline;
}

struct heap_entry *heap_pop_due(struct heap *heap, struct mono now)
{
    if (heap->count == 0 || !mono_due(heap->entries[0]->deadline, now)) {
        return NULL;
    }
    struct heap_entry *entry = heap->entries[0];

    heap_remove(heap, entry);
    return entry;
}
