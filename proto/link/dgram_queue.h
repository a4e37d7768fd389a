/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Datagrams that wait until their session may send, first in, first out. Their bytes lie back to
 * back in blocks, which all queues of a hub take from one space and give back when they are empty,
 * so that a relayed datagram costs a copy but no allocation. Only waiting datagrams hold blocks;
 * an idle session has none. Blocks take at most about twice the bytes that wait in them, plus one
 * block for each queue that is not empty.
 */
#pragma once

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    DGRAM_QUEUE_BLOCK_SIZE = 16384 - 64, /* with its header and malloc's, 16 KiB */
    DGRAM_QUEUE_SPARE_MAX = 32,          /* empty blocks that a space keeps */
};

struct dgram_block;
TAILQ_HEAD(dgram_blocks, dgram_block);

/** Shared by the queues of one hub. */
struct dgram_space {
    struct dgram_blocks spare;
    size_t spare_count;
    size_t bytes; /* that wait in all its queues */
};

struct dgram_queue {
    struct dgram_blocks blocks;
    size_t bytes; /* that wait */
};

/** The first datagram of a queue. */
struct dgram_bytes {
    const uint8_t *bytes; /* NULL: the queue is empty */
    size_t size;
};

/** An empty space. */
void dgram_space_init(struct dgram_space *space);

/** Free its blocks. All its queues must be empty. */
void dgram_space_fini(struct dgram_space *space);

/** An empty queue. */
void dgram_queue_init(struct dgram_queue *queue);

/** Append a copy of head || body, in all at most CAPSULE_DATAGRAM_SIZE_MAX bytes. ERR_NOMEM. */
int dgram_queue_put(struct dgram_queue *queue, struct dgram_space *space, const void *head,
                    size_t head_size, const void *body, size_t body_size) MUST_CHECK;

/** The first one, borrowed until it is dropped; puts do not move it. */
struct dgram_bytes dgram_queue_first(const struct dgram_queue *queue);

/** Forget the first one; the queue is not empty. */
void dgram_queue_drop(struct dgram_queue *queue, struct dgram_space *space);

/** Forget all. */
void dgram_queue_clear(struct dgram_queue *queue, struct dgram_space *space);
