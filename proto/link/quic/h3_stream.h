/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state of HTTP/3 on one connection, and our side of each of its requests: what was asked, and
 * the bytes that answer it. Callbacks of nghttp3 get the struct h3 and write only here and into the
 * inbox; what follows from it is done when the library has returned (conn_settle.h).
 */
#pragma once

#include "proto/base/err.h"
#include "proto/link/link.h"
#include "proto/link/quic/inbox.h"
#include "proto/link/quic/outq.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <nghttp3/nghttp3.h>
#include <ngtcp2/ngtcp2.h>

enum {
    H3_STREAMS_MAX = 16, /* requests at once */
    /* HTTP/3 error codes, RFC 9114, section 8.1 */
    H3_NO_ERROR = 0x100,
    H3_GENERAL_PROTOCOL_ERROR = 0x101,
    H3_INTERNAL_ERROR = 0x102,
    H3_EXCESSIVE_LOAD = 0x107,
    H3_REQUEST_REJECTED = 0x10b,
};

struct h3_stream {
    TAILQ_ENTRY(h3_stream) entry;
    int64_t id;
    struct outq out;
    bool out_ends; /* when `out` is empty, the stream ends */
    bool asked;    /* a whole request for a page is here, and the layer above was not told yet */
    bool answered;
    bool is_session;
    bool path_long; /* did not fit */
    int status;     /* dialled: of the response */
    char protocol[16];
    struct link_request request;
};

/** Why the connection is to end. */
struct h3_end {
    enum link_reason reason; /* NONE: it goes on */
    uint64_t code;           /* HTTP/3 application error */
    const char *text;
};

struct h3 {
    nghttp3_conn *http;
    ngtcp2_conn *quic; /* borrowed */
    struct inbox *inbox;
    TAILQ_HEAD(h3_streams, h3_stream) streams; /* our side of every request, in order */
    struct h3_stream *session;                 /* the one of stun2, NULL before and after */
    char *authority;                           /* dialled: for the CONNECT, until it is sent */
    struct h3_end end;
    bool dialled;
    bool peer_datagrams;  /* its SETTINGS allow HTTP datagrams */
    bool connect_allowed; /* dialled: the peer's SETTINGS came and allow extended CONNECT */
    bool connect_sent;
    uint32_t requests; /* for pages, since the layer above was last told of them */
};

/** The stream, or NULL. */
struct h3_stream *h3_stream_find(const struct h3 *h3, int64_t id);

/** A new one, last in the list; NULL if memory is out. */
struct h3_stream *h3_stream_new(struct h3 *h3, int64_t id);

/** Unlink and free. */
void h3_stream_free(struct h3 *h3, struct h3_stream *stream);

/** nghttp3's reader of a stream's bytes. */
nghttp3_ssize h3_stream_read(nghttp3_conn *http, int64_t id, nghttp3_vec *pieces, size_t count,
                             uint32_t *flags, void *h3, void *stream);

/** Let the connection end when the libraries have returned; the first reason counts. text is a
 * constant. */
void h3_end_later(struct h3 *h3, enum link_reason reason, uint64_t code, const char *text);
