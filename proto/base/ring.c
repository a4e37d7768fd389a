/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `head` and `tail` count bytes and never go back. A record is its size and its bytes, rounded up
 * to 8; it is never split: where it would not fit before the end of the memory, SKIP stands there,
 * and it begins at the start.
 */
#include "proto/base/ring.h"

#include "proto/base/bytes.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_SIZE = sizeof(uint32_t), ALIGN = 8, CACHE_LINE = 64 };

#define SKIP UINT32_MAX

struct ring {
    uint8_t *bytes;
    size_t capacity;
    /* Each on a line of its own: the other thread's changes must not take it from the cache. */
    _Alignas(CACHE_LINE) _Atomic uint64_t head; /* written by the writer */
    uint64_t next;                              /* the writer's: where the reserved record begins */
    _Alignas(CACHE_LINE) _Atomic uint64_t tail; /* written by the reader */
};

int ring_new(struct ring **out, size_t capacity)
{
    struct ring *ring = aligned_alloc(CACHE_LINE, sizeof(*ring));

    CHECK(capacity >= CACHE_LINE && capacity <= (size_t)1 << 31 &&
          (capacity & (capacity - 1)) == 0);
    *out = NULL;
    if (ring == NULL) {
        return ERR_NOMEM;
    }
    memset(ring, 0, sizeof(*ring));
    ring->capacity = capacity;
    ring->bytes = malloc(capacity);
    if (ring->bytes == NULL) {
        free(ring);
        return ERR_NOMEM;
    }
    *out = ring;
    return ERR_OK;
}

void ring_free(struct ring *ring)
{
    if (ring != NULL) {
        free(ring->bytes);
        free(ring);
    }
}

static size_t room_of(size_t size)
{
    return (HEAD_SIZE + size + ALIGN - 1) / ALIGN * ALIGN;
}

static void head_write(struct ring *ring, uint64_t at, uint32_t value)
{
    memcpy(ring->bytes + (at & (ring->capacity - 1)), &value, sizeof(value));
}

static uint32_t head_read(const struct ring *ring, uint64_t at)
{
    uint32_t value;

    memcpy(&value, ring->bytes + (at & (ring->capacity - 1)), sizeof(value));
    return value;
}

uint8_t *ring_reserve(struct ring *ring, size_t size)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    uint64_t at = head;
    size_t to_end = ring->capacity - (size_t)(head & (ring->capacity - 1));

    if (size > ring->capacity / 2 - HEAD_SIZE) {
        return NULL;
    }
    if (room_of(size) > to_end) {
        at += to_end;
    }
    if (at + room_of(size) - tail > ring->capacity) {
        return NULL;
    }
    if (at != head) {
        head_write(ring, head, SKIP);
    }
    ring->next = at;
    return ring->bytes + (at & (ring->capacity - 1)) + HEAD_SIZE;
}

void ring_commit(struct ring *ring, size_t size)
{
    head_write(ring, ring->next, u32_of(size));
    atomic_store_explicit(&ring->head, ring->next + room_of(size), memory_order_release);
}

uint8_t *ring_peek(struct ring *ring, size_t *size)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

    if (head == tail) {
        return NULL;
    }
    if (head_read(ring, tail) == SKIP) {
        tail += ring->capacity - (tail & (ring->capacity - 1));
        atomic_store_explicit(&ring->tail, tail, memory_order_release);
    }
    *size = head_read(ring, tail);
    return ring->bytes + (tail & (ring->capacity - 1)) + HEAD_SIZE;
}

void ring_release(struct ring *ring)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

    atomic_store_explicit(&ring->tail, tail + room_of(head_read(ring, tail)), memory_order_release);
}
