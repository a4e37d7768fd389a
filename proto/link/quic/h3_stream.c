/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of requests, and how nghttp3 reads our bytes from one. */
#include "proto/link/quic/h3_stream.h"

#include <stdlib.h>

struct h3_stream *h3_stream_find(const struct h3 *h3, int64_t id)
{
    struct h3_stream *s;

    TAILQ_FOREACH(s, &h3->streams, entry)
    {
        if (s->id == id) {
            return s;
        }
    }
    return NULL;
}

struct h3_stream *h3_stream_new(struct h3 *h3, int64_t id)
{
    struct h3_stream *s = calloc(1, sizeof(*s));

    if (s != NULL) {
        s->id = id;
        s->request.stream_id = id;
        outq_init(&s->out);
        TAILQ_INSERT_TAIL(&h3->streams, s, entry);
    }
    return s;
}

void h3_stream_free(struct h3 *h3, struct h3_stream *stream)
{
    TAILQ_REMOVE(&h3->streams, stream, entry);
    if (h3->session == stream) {
        h3->session = NULL;
    }
    outq_fini(&stream->out);
    free(stream);
}

nghttp3_ssize h3_stream_read(nghttp3_conn *http, int64_t id, nghttp3_vec *pieces, size_t count,
                             uint32_t *flags, void *h3, void *stream)
{
    struct h3_stream *s = stream;
    size_t lent;

    (void)http;
    (void)id;
    (void)h3;
    if (s == NULL) {
        return NGHTTP3_ERR_CALLBACK_FAILURE;
    }
    lent = outq_lend(&s->out, pieces, count);
    if (s->out_ends && s->out.unlent == NULL) {
        *flags |= NGHTTP3_DATA_FLAG_EOF;
    } else if (lent == 0) {
        return NGHTTP3_ERR_WOULDBLOCK;
    }
    return (nghttp3_ssize)lent;
}

void h3_end_later(struct h3 *h3, enum link_reason reason, uint64_t code, const char *text)
{
    if (h3->end.reason == LINK_REASON_NONE) {
        h3->end = (struct h3_end){.reason = reason, .code = code, .text = text};
    }
}
