/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each put makes one chunk, and a chunk is lent as one piece. */
#include "proto/link/quic/outq.h"

#include <stdlib.h>
#include <string.h>

struct outq_chunk {
    TAILQ_ENTRY(outq_chunk) entry;
    size_t size;
    uint8_t bytes[];
};

void outq_init(struct outq *q)
{
    *q = (struct outq){.size = 0};
    TAILQ_INIT(&q->chunks);
}

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
    chunk->size = size;
    if (head_size > 0) {
        memcpy(chunk->bytes, head, head_size);
    }
    if (body_size > 0) {
        memcpy(chunk->bytes + head_size, body, body_size);
    }
    TAILQ_INSERT_TAIL(&q->chunks, chunk, entry);
    q->unlent = q->unlent != NULL ? q->unlent : chunk;
    q->size += size;
    return ERR_OK;
}

size_t outq_lend(struct outq *q, nghttp3_vec *pieces, size_t count)
{
    size_t lent = 0;

    while (lent < count && q->unlent != NULL) {
        pieces[lent].base = q->unlent->bytes;
        pieces[lent].len = q->unlent->size;
        lent++;
        q->unlent = TAILQ_NEXT(q->unlent, entry);
    }
    return lent;
}

static void drop_first(struct outq *q)
{
    struct outq_chunk *chunk = TAILQ_FIRST(&q->chunks);

    TAILQ_REMOVE(&q->chunks, chunk, entry);
    q->size -= chunk->size;
    q->acked = 0;
    free(chunk);
}

void outq_ack(struct outq *q, uint64_t size)
{
    const struct outq_chunk *first = TAILQ_FIRST(&q->chunks);

    while (size > 0 && first != NULL && first != q->unlent) {
        size_t left = first->size - q->acked;

        if (size < left) {
            q->acked += (size_t)size;
            return;
        }
        size -= left;
        drop_first(q);
        first = TAILQ_FIRST(&q->chunks);
    }
}

void outq_fini(struct outq *q)
{
    q->unlent = NULL;
    while (!TAILQ_EMPTY(&q->chunks)) {
        drop_first(q);
    }
}
