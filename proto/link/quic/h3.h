/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTTP/3 over one connection by nghttp3: control and QPACK streams without dynamic table,
 * SETTINGS with extended CONNECT and HTTP datagrams (RFC 9220, RFC 9297), ordinary requests of
 * foreign clients, and the one stream of `:protocol = stun2` that carries the session.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/link/quic/outq.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nghttp3/nghttp3.h>

struct link_conn;
struct h3_stream;

#define H3_SESSION_PATH "/.well-known/stun2"
#define H3_SESSION_PROTOCOL "stun2"

enum {
    H3_AUTHORITY_SIZE = 256,
    /* HTTP/3 error codes, RFC 9114, section 8.1 */
    H3_NO_ERROR = 0x100,
    H3_GENERAL_PROTOCOL_ERROR = 0x101,
    H3_INTERNAL_ERROR = 0x102,
    H3_EXCESSIVE_LOAD = 0x107,
    H3_REQUEST_REJECTED = 0x10b,
};

struct h3 {
    nghttp3_conn *http;
    struct h3_stream *streams;         /* our side of every request */
    struct h3_stream *session;         /* the one of stun2, NULL before and after */
    char authority[H3_AUTHORITY_SIZE]; /* dialled: for the CONNECT */
    bool peer_datagrams;               /* its SETTINGS allow HTTP datagrams */
    bool connect_sent;
};

/** Open the control streams. Inside the callback in which the sending key appears. ERR_SESSION. */
int h3_start(struct link_conn *c) MUST_CHECK;
void h3_fini(struct h3 *h3);

/** Stream bytes from QUIC. ERR_SESSION if the peer broke HTTP/3. */
int h3_read(struct link_conn *c, int64_t stream_id, const uint8_t *data, size_t size,
            bool fin) MUST_CHECK;

/** Bytes of a stream were acknowledged; a stream was closed, reset, or may send again. */
int h3_on_ack(struct h3 *h3, int64_t stream_id, uint64_t size) MUST_CHECK;
int h3_on_close(struct h3 *h3, int64_t stream_id, uint64_t code) MUST_CHECK;
int h3_on_reset(struct h3 *h3, int64_t stream_id) MUST_CHECK;
int h3_on_window(struct h3 *h3, int64_t stream_id) MUST_CHECK;

/** Queue head || body on the session's stream. ERR_SESSION if there is none, ERR_NOMEM. */
int h3_session_put(struct h3 *h3, const void *head, size_t head_size, const void *body,
                   size_t body_size) MUST_CHECK;

/** Bytes that wait on the session's stream, sent but unacknowledged ones included. */
size_t h3_session_waiting(const struct h3 *h3);

/** The session's stream id, -1 if there is none. */
int64_t h3_session_stream(const struct h3 *h3);

/** Answer a request; nothing happens if the stream is gone or answered. body is copied. */
void h3_respond(struct link_conn *c, int64_t stream_id, int status, const char *content_type,
                const void *body, size_t size);
