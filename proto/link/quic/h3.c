/* SPDX-License-Identifier: GPL-3.0-or-later */
/* First the callbacks that nghttp3 calls, then the functions by which it hears of QUIC. */
#include "proto/link/quic/h3.h"

#include "proto/link/quic/h3_request.h"
#include "proto/link/tls/library.h"

#include <stdlib.h>

enum {
    FIELD_SECTION_SIZE_MAX = 8192,
    /* A client that reads the answer while it sends is done long before that. Some of those take
     * being told to stop for a failure. */
    BODY_AFTER_ANSWER_MAX = 262144,
};

/* Bytes were read: the peer may send as many more. */
static void consumed(struct h3 *h3, int64_t id, size_t size)
{
    /* This fails only for a stream that is gone, and that needs no window. */
    (void)ngtcp2_conn_extend_max_stream_offset(h3->quic, id, size);
    ngtcp2_conn_extend_max_offset(h3->quic, size);
}

static int on_acked(nghttp3_conn *http, int64_t id, uint64_t size, void *user, void *stream)
{
    struct h3_stream *s = stream;

    (void)http;
    (void)id;
    (void)user;
    if (s != NULL) {
        outq_ack(&s->out, size);
    }
    return 0;
}

static int on_stream_close(nghttp3_conn *http, int64_t id, uint64_t code, void *user, void *stream)
{
    struct h3 *h3 = user;
    struct h3_stream *s = stream;

    (void)http;
    (void)id;
    (void)code;
    if (s == NULL) {
        return 0;
    }
    if (s == h3->session) {
        h3_end_later(h3, LINK_REASON_PEER, H3_NO_ERROR, "session stream closed");
    }
    h3_stream_free(h3, s);
    return 0;
}

/* The body of a request, of which nothing is kept. Who has the answer and goes on is told to stop
 * (RFC 9114, section 4.1); what still comes is then dropped by ngtcp2. */
static void body_skip(struct h3 *h3, struct h3_stream *s, size_t size)
{
    if (h3->dialled || !s->answered) {
        return;
    }
    s->unread += size;
    if (s->unread >= BODY_AFTER_ANSWER_MAX) {
        (void)ngtcp2_conn_shutdown_stream_read(h3->quic, 0, s->id, H3_NO_ERROR);
    }
}

static int on_data(nghttp3_conn *http, int64_t id, const uint8_t *data, size_t size, void *user,
                   void *stream)
{
    struct h3 *h3 = user;

    (void)http;
    consumed(h3, id, size);
    if (stream != NULL && stream == h3->session) {
        if (inbox_put(h3->inbox, false, data, size) != ERR_OK) {
            h3_end_later(h3, LINK_REASON_LIMIT, H3_INTERNAL_ERROR, "memory");
        }
    } else if (stream != NULL) {
        body_skip(h3, stream, size);
    }
    return h3->end.reason == LINK_REASON_NONE ? 0 : NGHTTP3_ERR_CALLBACK_FAILURE;
}

static int on_deferred(nghttp3_conn *http, int64_t id, size_t size, void *user, void *stream)
{
    (void)http;
    (void)stream;
    consumed(user, id, size);
    return 0;
}

static int on_end_stream(nghttp3_conn *http, int64_t id, void *user, void *stream)
{
    struct h3 *h3 = user;

    (void)http;
    (void)id;
    if (stream != NULL && stream == h3->session) {
        h3_end_later(h3, LINK_REASON_PEER, H3_NO_ERROR, "session ended");
    }
    return 0;
}

static int on_stop_sending(nghttp3_conn *http, int64_t id, uint64_t code, void *user, void *stream)
{
    struct h3 *h3 = user;

    (void)http;
    (void)stream;
    return ngtcp2_conn_shutdown_stream_read(h3->quic, 0, id, code) == 0
               ? 0
               : NGHTTP3_ERR_CALLBACK_FAILURE;
}

static int on_reset_stream(nghttp3_conn *http, int64_t id, uint64_t code, void *user, void *stream)
{
    struct h3 *h3 = user;

    (void)http;
    (void)stream;
    return ngtcp2_conn_shutdown_stream_write(h3->quic, 0, id, code) == 0
               ? 0
               : NGHTTP3_ERR_CALLBACK_FAILURE;
}

static int on_settings(nghttp3_conn *http, const nghttp3_proto_settings *settings, void *user)
{
    struct h3 *h3 = user;

    (void)http;
    h3->peer_datagrams = settings->h3_datagram != 0;
    if (!h3->dialled) {
        return 0;
    }
    /* An older library keeps this setting from a client; a peer without it then refuses CONNECT. */
    if (!OLDER_HTTP3 && settings->enable_connect_protocol == 0) {
        h3_end_later(h3, LINK_REASON_PROTOCOL, H3_GENERAL_PROTOCOL_ERROR, "no extended CONNECT");
        return 0;
    }
    h3->connect_allowed = true;
    return 0;
}

#if !OLDER_HTTP3
static void on_rand(uint8_t *out, size_t size)
{
    library_random(out, size);
}
#endif

static const nghttp3_callbacks callbacks = {
    .acked_stream_data = on_acked,
    .stream_close = on_stream_close,
    .recv_data = on_data,
    .deferred_consume = on_deferred,
    .begin_headers = h3_request_on_begin,
    .recv_header = h3_request_on_header,
    .end_headers = h3_request_on_end,
    .stop_sending = on_stop_sending,
    .end_stream = on_end_stream,
    .reset_stream = on_reset_stream,
#if !OLDER_HTTP3
    .rand = on_rand, /* the older one draws no random numbers */
#endif
    .recv_settings2 = on_settings,
};

void h3_init(struct h3 *h3, bool dialled, struct inbox *inbox)
{
    h3->dialled = dialled;
    h3->inbox = inbox;
    TAILQ_INIT(&h3->streams);
}

int h3_start(struct h3 *h3, ngtcp2_conn *quic)
{
    nghttp3_settings settings;
    int64_t control, encoder, decoder;
    int rv;

    h3->quic = quic;
    if (h3->http != NULL) {
        return ERR_OK;
    }
    nghttp3_settings_default(&settings);
    settings.max_field_section_size = FIELD_SECTION_SIZE_MAX;
    settings.qpack_max_dtable_capacity = 0;
    settings.qpack_encoder_max_dtable_capacity = 0;
    settings.qpack_blocked_streams = 0;
    settings.enable_connect_protocol = h3->dialled ? 0 : 1;
    settings.h3_datagram = 1;
    if (h3->dialled) {
        rv = nghttp3_conn_client_new(&h3->http, &callbacks, &settings, NULL, h3);
    } else {
        rv = nghttp3_conn_server_new(&h3->http, &callbacks, &settings, NULL, h3);
    }
    if (rv != 0) {
        return ERR_SESSION;
    }
    if (!h3->dialled) {
        nghttp3_conn_set_max_client_streams_bidi(h3->http, H3_STREAMS_MAX);
    }
    if (ngtcp2_conn_open_uni_stream(h3->quic, &control, NULL) != 0 ||
        ngtcp2_conn_open_uni_stream(h3->quic, &encoder, NULL) != 0 ||
        ngtcp2_conn_open_uni_stream(h3->quic, &decoder, NULL) != 0 ||
        nghttp3_conn_bind_control_stream(h3->http, control) != 0 ||
        nghttp3_conn_bind_qpack_streams(h3->http, encoder, decoder) != 0) {
        return ERR_SESSION;
    }
    return ERR_OK;
}

void h3_fini(struct h3 *h3)
{
    nghttp3_conn_del(h3->http);
    h3->http = NULL;
    free(h3->authority);
    h3->authority = NULL;
    while (!TAILQ_EMPTY(&h3->streams)) {
        h3_stream_free(h3, TAILQ_FIRST(&h3->streams));
    }
}

/* A request is malformed, as one whose body is shorter than it said. That is the end of this
 * request and not of its connection (RFC 9114, section 4.1.2): no more is read of it, and if it
 * said enough to be answered, it is. False for an error that ends the connection. */
static bool request_failed(struct h3 *h3, int64_t id, nghttp3_ssize error)
{
    struct h3_stream *s = h3->dialled ? NULL : h3_stream_find(h3, id);

    if (s == NULL || s->is_session ||
        (error != NGHTTP3_ERR_MALFORMED_HTTP_MESSAGING &&
         error != NGHTTP3_ERR_MALFORMED_HTTP_HEADER)) {
        return false;
    }
    (void)ngtcp2_conn_shutdown_stream_read(h3->quic, 0, id, H3_MESSAGE_ERROR);
    if (!s->asked && !s->answered) {
        (void)ngtcp2_conn_shutdown_stream_write(h3->quic, 0, id, H3_MESSAGE_ERROR);
    }
    return true;
}

int h3_read(struct h3 *h3, int64_t stream_id, const uint8_t *data, size_t size, bool fin,
            struct mono now)
{
    nghttp3_ssize n;

    if (h3->http == NULL) {
        return ERR_SESSION;
    }
    n = nghttp3_conn_read_stream2(h3->http, stream_id, data, size, fin ? 1 : 0, now.ns);
    if (n < 0 && request_failed(h3, stream_id, n)) {
        consumed(h3, stream_id, size);
        return ERR_OK;
    }
    if (n < 0) {
        uint64_t code = nghttp3_err_infer_quic_app_error_code((int)n);

        h3_end_later(h3, LINK_REASON_PROTOCOL, code, "HTTP/3");
        return ERR_SESSION;
    }
    consumed(h3, stream_id, (size_t)n);
    return ERR_OK;
}

int h3_on_ack(struct h3 *h3, int64_t stream_id, uint64_t size)
{
    return h3->http == NULL || nghttp3_conn_add_ack_offset(h3->http, stream_id, size) == 0
               ? ERR_OK
               : ERR_SESSION;
}

int h3_on_close(struct h3 *h3, int64_t stream_id, uint64_t code)
{
    int rv = h3->http == NULL ? 0 : nghttp3_conn_close_stream(h3->http, stream_id, code);

    return rv == 0 || rv == NGHTTP3_ERR_STREAM_NOT_FOUND ? ERR_OK : ERR_SESSION;
}

int h3_on_reset(struct h3 *h3, int64_t stream_id)
{
    return h3->http == NULL || nghttp3_conn_shutdown_stream_read(h3->http, stream_id) == 0
               ? ERR_OK
               : ERR_SESSION;
}

int h3_on_window(struct h3 *h3, int64_t stream_id)
{
    return h3->http == NULL || nghttp3_conn_unblock_stream(h3->http, stream_id) == 0 ? ERR_OK
                                                                                     : ERR_SESSION;
}

int h3_session_put(struct h3 *h3, const void *head, size_t head_size, const void *body,
                   size_t body_size)
{
    int rc;

    if (h3->session == NULL || h3->http == NULL) {
        return ERR_SESSION;
    }
    rc = outq_put(&h3->session->out, head, head_size, body, body_size);
    if (rc == ERR_OK && nghttp3_conn_resume_stream(h3->http, h3->session->id) != 0) {
        rc = ERR_SESSION;
    }
    return rc;
}

size_t h3_session_waiting(const struct h3 *h3)
{
    return h3->session == NULL ? 0 : h3->session->out.size;
}
