/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our side of one HTTP/3 request: what was asked, and the bytes that answer it. Private to
 * h3.c and h3_request.c.
 */
#pragma once

#include "proto/link/quic/h3.h"

struct h3_stream {
    struct h3_stream *next;
    int64_t id;
    struct outq out;
    bool out_ends; /* when `out` is empty, the stream ends */
    bool answered;
    bool is_session;
    bool path_long; /* did not fit */
    int status;     /* dialled: of the response */
    char method[16], path[256], protocol[16];
};

/** The stream, or NULL. */
struct h3_stream *h3_stream_find(const struct h3 *h3, int64_t id);

/** A new one in the list; NULL if memory is out. */
struct h3_stream *h3_stream_new(struct h3 *h3, int64_t id);

/** Unlink and free. */
void h3_stream_free(struct h3 *h3, struct h3_stream *stream);

/** nghttp3's reader of a stream's bytes. */
nghttp3_ssize h3_stream_read(nghttp3_conn *http, int64_t id, nghttp3_vec *pieces, size_t count,
                             uint32_t *flags, void *conn, void *stream);

/** nghttp3's callbacks for header sections, in h3_request.c. */
int h3_on_begin_headers(nghttp3_conn *http, int64_t id, void *conn, void *stream);
int h3_on_header(nghttp3_conn *http, int64_t id, int32_t token, nghttp3_rcbuf *name,
                 nghttp3_rcbuf *value, uint8_t flags, void *conn, void *stream);
int h3_on_end_headers(nghttp3_conn *http, int64_t id, int fin, void *conn, void *stream);

/** Send the extended CONNECT, once the server's SETTINGS allow it. */
int h3_connect(struct link_conn *c) MUST_CHECK;
