/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Header sections (RFC 9114, section 4): those of requests that come in and of our responses, and
 * those of the extended CONNECT (RFC 9220) that asks for a session and of its response.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/link/quic/h3_stream.h"
#include "proto/net/endpoint.h"

#include <stddef.h>
#include <stdint.h>

#include <nghttp3/nghttp3.h>

#define H3_SESSION_PATH "/.well-known/stun2"
#define H3_SESSION_PROTOCOL "stun2"

/** Callbacks of nghttp3: a header section begins, holds a field, and ends. `user` is the struct h3,
 * `stream` the struct h3_stream. */
int h3_request_on_begin(nghttp3_conn *http, int64_t id, void *user, void *stream);
int h3_request_on_header(nghttp3_conn *http, int64_t id, int32_t token, nghttp3_rcbuf *name,
                         nghttp3_rcbuf *value, uint8_t flags, void *user, void *stream);
int h3_request_on_end(nghttp3_conn *http, int64_t id, int fin, void *user, void *stream);

/** Set the :authority of the CONNECT to come (RFC 3986, section 3.2): server_name, or the address
 * if it is NULL, and the port. ERR_LIMIT if server_name is longer than a DNS name, ERR_NOMEM. */
int h3_request_authority(struct h3 *h3, const char *server_name,
                         const struct endpoint *remote) MUST_CHECK;

/** Queue the extended CONNECT; the session's stream exists from then on. ERR_SESSION, ERR_NOMEM. */
int h3_request_connect(struct h3 *h3) MUST_CHECK;

/** Answer a request for a page. body (size bytes, copied) is left out for HEAD; content_type may be
 * NULL. Nothing happens if the stream is gone or answered, or is the session's. An error is noted
 * by h3_end_later. */
void h3_request_respond(struct h3 *h3, int64_t stream_id, int status, const char *content_type,
                        const void *body, size_t size);
