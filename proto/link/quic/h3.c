/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/link/quic/h3.h"

#include "proto/link/quic/conn.h"
#include "proto/link/quic/h3_stream.h"
#include "proto/link/quic/hub.h"
#include "proto/link/tls/library.h"

#include <stdlib.h>
#include <string.h>

enum { FIELD_SECTION_SIZE_MAX = 8192 };

struct h3_stream *h3_stream_find(const struct h3 *h3, int64_t id)
{
    for (struct h3_stream *s = h3->streams; s != NULL; s = s->next) {
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
        s->next = h3->streams;
        h3->streams = s;
    }
    return s;
}

void h3_stream_free(struct h3 *h3, struct h3_stream *stream)
{
    struct h3_stream **at = &h3->streams;

    while (*at != stream) {
        at = &(*at)->next;
    }
    *at = stream->next;
    if (h3->session == stream) {
        h3->session = NULL;
    }
    outq_fini(&stream->out);
    free(stream);
}

nghttp3_ssize h3_stream_read(nghttp3_conn *http, int64_t id, nghttp3_vec *pieces, size_t count,
                             uint32_t *flags, void *conn, void *stream)
{
    struct h3_stream *s = stream;
    size_t given;

    (void)http;
    (void)id;
    (void)conn;
    if (s == NULL) {
        return NGHTTP3_ERR_CALLBACK_FAILURE;
    }
    given = outq_give(&s->out, pieces, count);
    if (s->out_ends && s->out.give == NULL) {
        *flags |= NGHTTP3_DATA_FLAG_EOF;
    } else if (given == 0) {
        return NGHTTP3_ERR_WOULDBLOCK;
    }
    return (nghttp3_ssize)given;
}

static void consumed(struct link_conn *c, int64_t id, size_t size)
{
    /* Fails only for a stream that is gone, whose window nobody needs. */
    (void)ngtcp2_conn_extend_max_stream_offset(c->quic, id, size);
    ngtcp2_conn_extend_max_offset(c->quic, size);
}

static int on_acked(nghttp3_conn *http, int64_t id, uint64_t size, void *conn, void *stream)
{
    struct h3_stream *s = stream;

    (void)http;
    (void)id;
    (void)conn;
    if (s != NULL) {
        outq_ack(&s->out, size);
    }
    return 0;
}

static int on_stream_close(nghttp3_conn *http, int64_t id, uint64_t code, void *conn, void *stream)
{
    struct link_conn *c = conn;
    struct h3_stream *s = stream;

    (void)http;
    (void)id;
    (void)code;
    if (s == NULL) {
        return 0;
    }
    if (s == c->h3.session) {
        conn_close(c, LINK_REASON_PEER, H3_NO_ERROR, "session stream closed");
    }
    h3_stream_free(&c->h3, s);
    return 0;
}

static int on_data(nghttp3_conn *http, int64_t id, const uint8_t *data, size_t size, void *conn,
                   void *stream)
{
    struct link_conn *c = conn;

    (void)http;
    consumed(c, id, size);
    if (stream != NULL && stream == c->h3.session) {
        link_session_read(c, data, size);
    }
    return c->reason == LINK_REASON_NONE ? 0 : NGHTTP3_ERR_CALLBACK_FAILURE;
}

static int on_deferred(nghttp3_conn *http, int64_t id, size_t size, void *conn, void *stream)
{
    (void)http;
    (void)stream;
    consumed(conn, id, size);
    return 0;
}

static int on_end_stream(nghttp3_conn *http, int64_t id, void *conn, void *stream)
{
    struct link_conn *c = conn;

    (void)http;
    (void)id;
    if (stream != NULL && stream == c->h3.session) {
        conn_close(c, LINK_REASON_PEER, H3_NO_ERROR, "session ended");
    }
    return 0;
}

static int on_stop_sending(nghttp3_conn *http, int64_t id, uint64_t code, void *conn, void *stream)
{
    struct link_conn *c = conn;

    (void)http;
    (void)stream;
    return ngtcp2_conn_shutdown_stream_read(c->quic, 0, id, code) == 0
               ? 0
               : NGHTTP3_ERR_CALLBACK_FAILURE;
}

static int on_reset_stream(nghttp3_conn *http, int64_t id, uint64_t code, void *conn, void *stream)
{
    struct link_conn *c = conn;

    (void)http;
    (void)stream;
    return ngtcp2_conn_shutdown_stream_write(c->quic, 0, id, code) == 0
               ? 0
               : NGHTTP3_ERR_CALLBACK_FAILURE;
}

static int on_settings(nghttp3_conn *http, const nghttp3_proto_settings *settings, void *conn)
{
    struct link_conn *c = conn;

    (void)http;
    c->h3.peer_datagrams = settings->h3_datagram != 0;
    if (!c->dialled || c->h3.connect_sent) {
        return 0;
    }
    if (settings->enable_connect_protocol == 0) {
        conn_close(c, LINK_REASON_PROTOCOL, H3_GENERAL_PROTOCOL_ERROR, "no extended CONNECT");
        return 0;
    }
    return h3_connect(c) == ERR_OK ? 0 : NGHTTP3_ERR_CALLBACK_FAILURE;
}

static void on_rand(uint8_t *out, size_t size)
{
    library_random(out, size);
}

static const nghttp3_callbacks callbacks = {
    .acked_stream_data = on_acked,
    .stream_close = on_stream_close,
    .recv_data = on_data,
    .deferred_consume = on_deferred,
    .begin_headers = h3_on_begin_headers,
    .recv_header = h3_on_header,
    .end_headers = h3_on_end_headers,
    .stop_sending = on_stop_sending,
    .end_stream = on_end_stream,
    .reset_stream = on_reset_stream,
    .rand = on_rand,
    .recv_settings2 = on_settings,
};

int h3_start(struct link_conn *c)
{
    nghttp3_settings settings;
    int64_t control, encoder, decoder;
    int rv;

    if (c->h3.http != NULL) {
        return ERR_OK;
    }
    nghttp3_settings_default(&settings);
    settings.max_field_section_size = FIELD_SECTION_SIZE_MAX;
    settings.qpack_max_dtable_capacity = 0;
    settings.qpack_encoder_max_dtable_capacity = 0;
    settings.qpack_blocked_streams = 0;
    settings.enable_connect_protocol = c->dialled ? 0 : 1;
    settings.h3_datagram = 1;
    if (c->dialled) {
        rv = nghttp3_conn_client_new(&c->h3.http, &callbacks, &settings, NULL, c);
    } else {
        rv = nghttp3_conn_server_new(&c->h3.http, &callbacks, &settings, NULL, c);
    }
    if (rv != 0) {
        return ERR_SESSION;
    }
    if (!c->dialled) {
        nghttp3_conn_set_max_client_streams_bidi(c->h3.http, CONN_STREAMS_MAX);
    }
    if (ngtcp2_conn_open_uni_stream(c->quic, &control, NULL) != 0 ||
        ngtcp2_conn_open_uni_stream(c->quic, &encoder, NULL) != 0 ||
        ngtcp2_conn_open_uni_stream(c->quic, &decoder, NULL) != 0 ||
        nghttp3_conn_bind_control_stream(c->h3.http, control) != 0 ||
        nghttp3_conn_bind_qpack_streams(c->h3.http, encoder, decoder) != 0) {
        return ERR_SESSION;
    }
    return ERR_OK;
}

void h3_fini(struct h3 *h3)
{
    nghttp3_conn_del(h3->http);
    h3->http = NULL;
    while (h3->streams != NULL) {
        h3_stream_free(h3, h3->streams);
    }
}

int h3_read(struct link_conn *c, int64_t stream_id, const uint8_t *data, size_t size, bool fin)
{
    nghttp3_ssize n;

    if (c->h3.http == NULL) {
        return ERR_SESSION;
    }
    n = nghttp3_conn_read_stream2(c->h3.http, stream_id, data, size, fin ? 1 : 0, c->hub->now.ns);
    if (n < 0) {
        uint64_t code = nghttp3_err_infer_quic_app_error_code((int)n);

        conn_close(c, LINK_REASON_PROTOCOL, code, "HTTP/3");
        return ERR_SESSION;
    }
    consumed(c, stream_id, (size_t)n);
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

int64_t h3_session_stream(const struct h3 *h3)
{
    return h3->session == NULL ? -1 : h3->session->id;
}
