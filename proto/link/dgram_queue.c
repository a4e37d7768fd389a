/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A datagram in a block is its size (four bytes in our byte order) and its bytes. It lies in one
 * block, never in two. */
#include "proto/link/dgram_queue.h"

#include "proto/base/bytes.h"
#include "proto/wire/capsule.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE_SIZE = sizeof(uint32_t) }; /* of the size before each datagram */

_Static_assert(SIZE_SIZE + CAPSULE_DATAGRAM_SIZE_MAX <= DGRAM_QUEUE_BLOCK_SIZE,
               "the largest datagram fits a block");

struct dgram_block {
    TAILQ_ENTRY(dgram_block) entry;
    size_t first; /* position of the first datagram in `bytes` */
    size_t used;  /* position behind the last one */
    uint8_t bytes[DGRAM_QUEUE_BLOCK_SIZE];
};

void dgram_space_init(struct dgram_space *space)
{
    *space = (struct dgram_space){.spare = NULL};
}

void dgram_space_fini(struct dgram_space *space)
{
    free(space->spare);
    space->spare = NULL;
}

void dgram_queue_init(struct dgram_queue *queue)
{
    TAILQ_INIT(&queue->blocks);
    queue->bytes = 0;
}

static struct dgram_block *block_take(struct dgram_space *space)
{
    struct dgram_block *block = space->spare;

    space->spare = NULL;
    if (block == NULL) {
        block = malloc(sizeof(*block));
    }
    if (block != NULL) {
        block->first = 0;
        block->used = 0;
    }
    return block;
}

/* The block that was given back last is kept: it is still in the processor's cache. */
static void block_give(struct dgram_space *space, struct dgram_block *block)
{
    free(space->spare);
    space->spare = block;
}

int dgram_queue_put(struct dgram_queue *queue, struct dgram_space *space, const void *head,
                    size_t head_size, const void *body, size_t body_size)
{
    struct dgram_block *block = TAILQ_LAST(&queue->blocks, dgram_blocks);
    uint32_t size = u32_of(head_size + body_size);
    uint8_t *to;

    CHECK(size <= CAPSULE_DATAGRAM_SIZE_MAX);
    if (block == NULL || DGRAM_QUEUE_BLOCK_SIZE - block->used < SIZE_SIZE + (size_t)size) {
        block = block_take(space);
        if (block == NULL) {
            return ERR_NOMEM;
        }
        TAILQ_INSERT_TAIL(&queue->blocks, block, entry);
    }
    to = block->bytes + block->used;
    memcpy(to, &size, SIZE_SIZE);
    if (head_size > 0) {
        memcpy(to + SIZE_SIZE, head, head_size);
    }
    if (body_size > 0) {
        memcpy(to + SIZE_SIZE + head_size, body, body_size);
    }
    block->used += SIZE_SIZE + (size_t)size;
    queue->bytes += size;
    space->bytes += size;
    return ERR_OK;
}

struct dgram_bytes dgram_queue_first(const struct dgram_queue *queue)
{
    const struct dgram_block *block = TAILQ_FIRST(&queue->blocks);
    uint32_t size;

    if (block == NULL) {
        return (struct dgram_bytes){.bytes = NULL};
    }
    memcpy(&size, block->bytes + block->first, SIZE_SIZE);
    return (struct dgram_bytes){.bytes = block->bytes + block->first + SIZE_SIZE, .size = size};
}

void dgram_queue_drop(struct dgram_queue *queue, struct dgram_space *space)
{
    struct dgram_block *block = TAILQ_FIRST(&queue->blocks);
    size_t size = dgram_queue_first(queue).size;

    block->first += SIZE_SIZE + size;
    queue->bytes -= size;
    space->bytes -= size;
    if (block->first == block->used) {
        TAILQ_REMOVE(&queue->blocks, block, entry);
        block_give(space, block);
    }
}

void dgram_queue_clear(struct dgram_queue *queue, struct dgram_space *space)
{
    while (!TAILQ_EMPTY(&queue->blocks)) {
        dgram_queue_drop(queue, space);
    }
}
