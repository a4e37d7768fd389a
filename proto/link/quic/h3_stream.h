/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state of HTTP/3 on one connection and of each of its requests: what was asked, and the bytes
 * that we send on its stream. Callbacks of nghttp3 get the struct h3 and write only here and into
 * the inbox; what follows is done when the library has returned (conn_settle.h).
 */
#pragma once

#include "proto/link/link.h"
#include "proto/link/quic/inbox.h"
#include "proto/link/quic/older_quic.h"
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
    H3_MESSAGE_ERROR = 0x10e,
};

/** One request, with our side of its stream. */
struct h3_stream {
    TAILQ_ENTRY(h3_stream) entry;
    int64_t id;
    struct outq out;
    bool out_ends; /* the stream ends behind the bytes of `out` */
    bool asked; /* accepted: a request for a page is complete, but the layer above was not told */
    bool answered;     /* accepted: our response was submitted; dialled: the final one came */
    bool is_session;   /* the CONNECT of a session, so link_hub_respond leaves it alone */
    bool path_long;    /* accepted: the path did not fit into `request` */
    int status;        /* dialled: of the response */
    uint64_t unread;   /* accepted: bytes of the request that came after the answer */
    char protocol[16]; /* accepted: the :protocol; "?..." if it did not fit */
    struct link_request request; /* accepted; empty where it did not fit */
};

/** Why the connection is to end. */
struct h3_end {
    enum link_reason reason; /* NONE: it goes on */
    uint64_t code;           /* HTTP/3 error code */
    const char *text;        /* a constant */
};

/** HTTP/3 on one connection. */
struct h3 {
    nghttp3_conn *http;                        /* NULL before h3_start */
    ngtcp2_conn *quic;                         /* borrowed */
    struct inbox *inbox;                       /* borrowed */
    TAILQ_HEAD(h3_streams, h3_stream) streams; /* the requests whose streams are not closed */
    struct h3_stream *session; /* the CONNECT of the session; NULL before it came or was sent, and
                                  again after its stream closed */
    char *authority;           /* dialled: for the CONNECT, until it is sent */
    struct h3_end end;
    bool dialled;
    bool peer_datagrams;  /* its SETTINGS allow HTTP datagrams */
    bool connect_allowed; /* dialled: the peer's SETTINGS came and allow extended CONNECT */
    bool connect_sent;
    uint32_t requests; /* for pages, since conn_settle counted them last */
};

/** The request on this stream, or NULL. */
struct h3_stream *h3_stream_find(const struct h3 *h3, int64_t id);

/** A new request, last in the list; NULL if memory is out. */
struct h3_stream *h3_stream_new(struct h3 *h3, int64_t id);

/** Free it with its bytes; if it was the session's, h3->session becomes NULL. */
void h3_stream_free(struct h3 *h3, struct h3_stream *stream);

/** The callback by which nghttp3 takes the bytes of a stream; it borrows them until h3_on_ack. */
nghttp3_ssize h3_stream_read(nghttp3_conn *http, int64_t id, nghttp3_vec *pieces, size_t count,
                             uint32_t *flags, void *h3, void *stream);

/** Let conn_settle end the connection when the libraries have returned; the first reason counts.
 * text is kept: a constant. */
void h3_end_later(struct h3 *h3, enum link_reason reason, uint64_t code, const char *text);
