/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each put is a chunk of its own, freed when all of it was acknowledged. */
#include "proto/link/quic/outq.h"

#include <stdlib.h>
#include <string.h>

struct outq_chunk {
    struct outq_chunk *next;
    size_t size;
    uint8_t bytes[];
};

int outq_put(struct outq *q, const void *head, size_t head_size, const void *body, size_t body_size)
{
    size_t size = head_size + body_size;
    struct outq_chunk *chunk;

    if (size == 0) {
        return ERR_OK;
    }
    chunk = malloc(sizeof(*chunk) + size);
    if (chunk == NULL) {
        return ERR_NOMEM;
    }
    chunk->next = NULL;
    chunk->size = size;
    if (head_size > 0) {
        memcpy(chunk->bytes, head, head_size);
    }
    if (body_size > 0) {
        memcpy(chunk->bytes + head_size, body, body_size);
    }
    if (q->tail != NULL) {
        q->tail->next = chunk;
    } else {
        q->head = chunk;
    }
    q->tail = chunk;
    q->give = q->give != NULL ? q->give : chunk;
    q->size += size;
    return ERR_OK;
}

size_t outq_give(struct outq *q, nghttp3_vec *pieces, size_t count)
{
    size_t given = 0;

    while (given < count && q->give != NULL) {
        pieces[given].base = q->give->bytes;
        pieces[given].len = q->give->size;
        given++;
        q->give = q->give->next;
    }
    return given;
}

static void drop_head(struct outq *q)
{
    struct outq_chunk *chunk = q->head;

    q->head = chunk->next;
    q->size -= chunk->size;
    q->head_acked = 0;
    if (q->head == NULL) {
        q->tail = NULL;
    }
    free(chunk);
}

void outq_ack(struct outq *q, uint64_t size)
{
    while (size > 0 && q->head != NULL && q->head != q->give) {
        size_t left = q->head->size - q->head_acked;

        if (size < left) {
            q->head_acked += (size_t)size;
            return;
        }
        size -= left;
        drop_head(q);
    }
}

void outq_fini(struct outq *q)
{
    q->give = NULL;
    while (q->head != NULL) {
        drop_head(q);
    }
}
