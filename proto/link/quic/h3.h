/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTTP/3 over one connection by nghttp3: control and QPACK streams without dynamic table,
 * SETTINGS with extended CONNECT and HTTP datagrams (RFC 9220, RFC 9297), ordinary requests of
 * foreign clients, and the one stream of `:protocol = stun2` that carries the session.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/link/quic/h3_stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Zeroed memory becomes HTTP that has not begun; inbox is borrowed. */
void h3_init(struct h3 *h3, bool dialled, struct inbox *inbox);

/** Open the control streams on `quic`, which is borrowed. Inside the callback in which the sending
 * key appears. ERR_SESSION. */
int h3_start(struct h3 *h3, ngtcp2_conn *quic) MUST_CHECK;

/** Free what it holds. */
void h3_fini(struct h3 *h3);

/** Stream bytes from QUIC. ERR_SESSION if the peer broke HTTP/3; h3->end then says how. */
int h3_read(struct h3 *h3, int64_t stream_id, const uint8_t *data, size_t size, bool fin,
            struct mono now) MUST_CHECK;

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
