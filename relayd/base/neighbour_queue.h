/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What waits for a neighbour while it is being dialled: a few control messages and datagrams, in
 * the order in which they came. Bounded for each neighbour, and in bytes for all together, because
 * strangers can make a relay wait for others.
 */
#pragma once

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    NEIGHBOUR_QUEUE_CONTROLS = 16,
    NEIGHBOUR_QUEUE_DATAGRAMS = 32,
    NEIGHBOUR_QUEUE_BYTES_ALL = 4 << 20, /* of all queues together */
};

struct neighbour_waiting;
TAILQ_HEAD(neighbour_waiting_list, neighbour_waiting);

/** The queue of one neighbour. */
struct neighbour_queue {
    struct neighbour_waiting_list list;
    uint32_t controls, datagrams;
    size_t *bytes_all; /* borrowed: what waits in all queues */
};

/** An empty queue. bytes_all is kept and outlives it. */
void neighbour_queue_init(struct neighbour_queue *queue, size_t *bytes_all);

/** Append a copy of head || body, a packed control message or a datagram. ERR_LIMIT if the queue is
 * full or too much waits in all; ERR_NOMEM. Both change nothing. */
int neighbour_queue_put(struct neighbour_queue *queue, bool datagram, const void *head,
                        size_t head_size, const void *body, size_t body_size) MUST_CHECK;

/** The first that waits, borrowed until neighbour_queue_drop; NULL if none does. */
const uint8_t *neighbour_queue_first(const struct neighbour_queue *queue, bool *datagram,
                                     size_t *size);

/** Forget the first. There is one. */
void neighbour_queue_drop(struct neighbour_queue *queue);

/** Forget all. */
void neighbour_queue_clear(struct neighbour_queue *queue);
