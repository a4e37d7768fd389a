/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes of one HTTP stream that wait to be sent or to be acknowledged. nghttp3 borrows them in
 * pieces and says later how many were acknowledged; only then are they freed.
 */
#pragma once

#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <nghttp3/nghttp3.h>

struct outq_chunk;

struct outq {
    TAILQ_HEAD(outq_chunks, outq_chunk)
    chunks;                    /* in order; freed when all of one is acknowledged */
    struct outq_chunk *unlent; /* the first that was not lent; NULL: all were */
    size_t acked;              /* bytes of the first chunk */
    size_t size;               /* bytes in the queue, lent ones included */
};

/** An empty queue. */
void outq_init(struct outq *q);

/** Append a copy of head || body. ERR_NOMEM changes nothing. */
int outq_put(struct outq *q, const void *head, size_t head_size, const void *body,
             size_t body_size) MUST_CHECK;

/** Lend up to count pieces that were not lent yet, until they are acknowledged; returns how many.
 */
size_t outq_lend(struct outq *q, nghttp3_vec *pieces, size_t count);

/** `size` more bytes were acknowledged, of those that were lent. */
void outq_ack(struct outq *q, uint64_t size);

/** Free everything, acknowledged or not. */
void outq_fini(struct outq *q);
