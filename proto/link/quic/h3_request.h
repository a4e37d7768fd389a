/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Header sections (RFC 9114, section 4): requests that come in, the extended CONNECT of a session
 * (RFC 9220) that goes out, and their answers.
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

/** nghttp3's callbacks for header sections. */
int h3_request_on_begin(nghttp3_conn *http, int64_t id, void *user, void *stream);
int h3_request_on_header(nghttp3_conn *http, int64_t id, int32_t token, nghttp3_rcbuf *name,
                         nghttp3_rcbuf *value, uint8_t flags, void *user, void *stream);
int h3_request_on_end(nghttp3_conn *http, int64_t id, int fin, void *user, void *stream);

/** Dialled: whom the CONNECT will ask, as RFC 3986 writes it: server_name, or the address if that
 * is NULL. ERR_LIMIT if it is too long, ERR_NOMEM. */
int h3_request_authority(struct h3 *h3, const char *server_name,
                         const struct endpoint *remote) MUST_CHECK;

/** Send the extended CONNECT; the session's stream exists from then on. ERR_SESSION, ERR_NOMEM. */
int h3_request_connect(struct h3 *h3) MUST_CHECK;

/** Answer a request; nothing happens if the stream is gone or answered. body is copied. */
void h3_request_respond(struct h3 *h3, int64_t stream_id, int status, const char *content_type,
                        const void *body, size_t size);
