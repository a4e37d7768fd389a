/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Datagrams that wait until their session may send, first in, first out. Their bytes lie back to
 * back in blocks. An idle session holds no block. All queues of a hub share one space, which keeps
 * one empty block for the next datagram that comes alone; only a burst allocates, once for each
 * block. More kept blocks made nothing faster, and they pin the top of the heap. A block that a
 * large datagram did not fit into may be half empty, so blocks take up to about twice the bytes
 * that wait, plus one block for each queue that is not empty.
 */
#pragma once

#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum {
    DGRAM_QUEUE_BLOCK_SIZE = 16384 - 64, /* with its header and malloc's, 16 KiB */
};

struct dgram_block;
TAILQ_HEAD(dgram_blocks, dgram_block);

/** What the queues of one hub share: every function of a queue gets the same space. */
struct dgram_space {
    struct dgram_block *spare; /* an empty block, or NULL */
    size_t bytes;              /* that wait in all its queues */
};

struct dgram_queue {
    struct dgram_blocks blocks;
    size_t bytes; /* that wait */
};

/** A waiting datagram, borrowed from its queue. */
struct dgram_bytes {
    const uint8_t *bytes; /* size of them; NULL: there is none */
    size_t size;
};

/** An empty space. */
void dgram_space_init(struct dgram_space *space);

/** Free its block. All its queues must be empty. */
void dgram_space_fini(struct dgram_space *space);

/** An empty queue. */
void dgram_queue_init(struct dgram_queue *queue);

/** Append a copy of head || body, together at most CAPSULE_DATAGRAM_SIZE_MAX bytes. ERR_NOMEM
 * changes nothing. How many bytes may wait is for the caller to decide. */
int dgram_queue_put(struct dgram_queue *queue, struct dgram_space *space, const void *head,
                    size_t head_size, const void *body, size_t body_size) MUST_CHECK;

/** The first datagram, borrowed until it is dropped; puts do not move it. None if the queue is
 * empty. */
struct dgram_bytes dgram_queue_first(const struct dgram_queue *queue);

/** Forget the first datagram. The queue must not be empty. */
void dgram_queue_drop(struct dgram_queue *queue, struct dgram_space *space);

/** Forget all datagrams and give back their blocks; a queue needs no other end. */
void dgram_queue_clear(struct dgram_queue *queue, struct dgram_space *space);
