/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTTP/3 on one connection, by nghttp3: SETTINGS with extended CONNECT and HTTP datagrams (RFC
 * 9220, RFC 9297), QPACK without a dynamic table, requests of foreign clients for pages, and the
 * stream of `:protocol = stun2` that carries the session. Header sections are in h3_request.h.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/link/quic/h3_stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Zeroed memory becomes HTTP/3 that has not begun; inbox is borrowed. */
void h3_init(struct h3 *h3, bool dialled, struct inbox *inbox);

/** Begin on `quic` (borrowed): send SETTINGS and open the three streams that HTTP/3 needs. To be
 * called in the callback that tells of the keys for application data. Nothing happens if h3->http
 * is there already, which a test may have set. ERR_SESSION. */
int h3_start(struct h3 *h3, ngtcp2_conn *quic) MUST_CHECK;

/** Free all that it holds, requests included. */
void h3_fini(struct h3 *h3);

/* What ngtcp2 tells of a stream, for nghttp3. Streams that HTTP does not know are ignored. All
 * return ERR_SESSION if HTTP cannot go on; the connection must then end. */

/** Bytes came, any content; fin: they are the last. If they break HTTP/3, h3->end says how. */
int h3_read(struct h3 *h3, int64_t stream_id, const uint8_t *data, size_t size, bool fin,
            struct mono now) MUST_CHECK;

/** `size` more of our bytes were acknowledged. */
int h3_on_ack(struct h3 *h3, int64_t stream_id, uint64_t size) MUST_CHECK;

/** The stream is closed in both directions, with this HTTP/3 error code. */
int h3_on_close(struct h3 *h3, int64_t stream_id, uint64_t code) MUST_CHECK;

/** The peer gave up one direction of the stream (RESET_STREAM or STOP_SENDING): what comes on it
 * from now on is not read. */
int h3_on_reset(struct h3 *h3, int64_t stream_id) MUST_CHECK;

/** The peer lets us send more on the stream. */
int h3_on_window(struct h3 *h3, int64_t stream_id) MUST_CHECK;

/** Queue a copy of head || body on the session's stream. ERR_SESSION if there is no such stream,
 * ERR_NOMEM. */
int h3_session_put(struct h3 *h3, const void *head, size_t head_size, const void *body,
                   size_t body_size) MUST_CHECK;

/** Bytes on the session's stream that are not acknowledged, sent or not. */
size_t h3_session_waiting(const struct h3 *h3);
