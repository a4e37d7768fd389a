/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes of one HTTP stream that wait to be sent or acknowledged. nghttp3 borrows them in pieces
 * and says later how many were acknowledged; only then are they freed.
 */
#pragma once

#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

#include <nghttp3/nghttp3.h>

struct outq_chunk;

/** Zeroed is an empty queue. */
struct outq {
    struct outq_chunk *head, *tail;
    struct outq_chunk *give; /* the first that nghttp3 has not seen */
    size_t head_acked;       /* acknowledged bytes of head */
    size_t size;             /* bytes in the queue, given ones included */
};

/** Append a copy of head || body. ERR_NOMEM. */
int outq_put(struct outq *q, const void *head, size_t head_size, const void *body,
             size_t body_size) MUST_CHECK;

/** Lend up to count pieces that were not lent yet; returns how many. */
size_t outq_give(struct outq *q, nghttp3_vec *pieces, size_t count);

/** `size` more bytes were acknowledged. */
void outq_ack(struct outq *q, uint64_t size);

/** Free everything, acknowledged or not. */
void outq_fini(struct outq *q);
