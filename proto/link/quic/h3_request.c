/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the fields of requests and responses mean to us. */
#include "proto/link/quic/h3_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPSULE_PROTOCOL "capsule-protocol"

enum {
    AUTHORITY_SIZE = HOST_TEXT_SIZE + 8, /* "[HOST]:PORT" and NUL */
    METHOD_NOT_ALLOWED = 405,            /* with an `allow` field: RFC 9110, section 15.5.6 */
};

static nghttp3_nv field(const char *name, const char *value)
{
    return (nghttp3_nv){.name = (const uint8_t *)name,
                        .value = (const uint8_t *)value,
                        .namelen = strlen(name),
                        .valuelen = strlen(value),
                        .flags = NGHTTP3_NV_FLAG_NONE};
}

int h3_request_on_begin(nghttp3_conn *http, int64_t id, void *user, void *stream)
{
    if (stream != NULL) {
        return 0; /* dialled: h3_request_connect made it */
    }
    stream = h3_stream_new(user, id);
    if (stream == NULL || nghttp3_conn_set_stream_user_data(http, id, stream) != 0) {
        return NGHTTP3_ERR_CALLBACK_FAILURE;
    }
    return 0;
}

/* Keep a value as text; false if it does not fit or holds a NUL. */
static bool keep(char *to, size_t capacity, nghttp3_vec value)
{
    if (value.len >= capacity || memchr(value.base, 0, value.len) != NULL) {
        return false;
    }
    memcpy(to, value.base, value.len);
    to[value.len] = 0;
    return true;
}

int h3_request_on_header(nghttp3_conn *http, int64_t id, int32_t token, nghttp3_rcbuf *name,
                         nghttp3_rcbuf *value, uint8_t flags, void *user, void *stream)
{
    struct h3_stream *s = stream;
    nghttp3_vec v = nghttp3_rcbuf_get_buf(value);

    (void)http;
    (void)id;
    (void)name;
    (void)flags;
    (void)user;
    if (s == NULL) {
        return 0;
    }
    switch (token) {
    case NGHTTP3_QPACK_TOKEN__METHOD:
        if (!keep(s->request.method, sizeof(s->request.method), v)) {
            s->request.method[0] = 0;
        }
        break;
    case NGHTTP3_QPACK_TOKEN__PATH:
        s->path_long = !keep(s->request.path, sizeof(s->request.path), v);
        break;
    case NGHTTP3_QPACK_TOKEN__PROTOCOL:
        if (!keep(s->protocol, sizeof(s->protocol), v)) {
            s->protocol[0] = '?';
        }
        break;
    case NGHTTP3_QPACK_TOKEN__STATUS:
        /* nghttp3 has checked that these are three digits. */
        s->status = (v.base[0] - '0') * 100 + (v.base[1] - '0') * 10 + (v.base[2] - '0');
        break;
    default:
        break;
    }
    return 0;
}

static bool submit_response(struct h3 *h3, struct h3_stream *s, const nghttp3_nv *fields,
                            size_t count, bool with_body)
{
    const nghttp3_data_reader reader = {.read_data = h3_stream_read};

    if (nghttp3_conn_submit_response(h3->http, s->id, fields, count, with_body ? &reader : NULL) !=
        0) {
        h3_end_later(h3, LINK_REASON_LIMIT, H3_INTERNAL_ERROR, "response");
        return false;
    }
    s->answered = true;
    return true;
}

void h3_request_respond(struct h3 *h3, int64_t stream_id, int status, const char *content_type,
                        const void *body, size_t size)
{
    struct h3_stream *s = h3_stream_find(h3, stream_id);
    char status_text[16], length_text[32];
    size_t fields_count = 2;
    bool with_body;

    if (s == NULL || s->answered || s->is_session || h3->http == NULL) {
        return;
    }
    (void)snprintf(status_text, sizeof(status_text), "%03d", status);
    (void)snprintf(length_text, sizeof(length_text), "%zu", size);
    nghttp3_nv fields[4] = {field(":status", status_text), field("content-length", length_text)};
    if (content_type != NULL) {
        fields[fields_count++] = field("content-type", content_type);
    }
    if (status == METHOD_NOT_ALLOWED) {
        fields[fields_count++] = field("allow", "GET, HEAD"); /* what pages are there for */
    }
    with_body = size > 0 && strcmp(s->request.method, "HEAD") != 0;
    s->out_ends = true;
    if (with_body && outq_put(&s->out, body, size, NULL, 0) != ERR_OK) {
        h3_end_later(h3, LINK_REASON_LIMIT, H3_INTERNAL_ERROR, "memory");
        return;
    }
    (void)submit_response(h3, s, fields, fields_count, with_body);
}

/* A CONNECT came: let it carry the session, if there is none yet. */
static void accept_session(struct h3 *h3, struct h3_stream *s)
{
    const nghttp3_nv fields[] = {field(":status", "200"), field(CAPSULE_PROTOCOL, "?1")};

    if (strcmp(s->request.path, H3_SESSION_PATH) != 0) {
        h3_request_respond(h3, s->id, 404, "text/plain", NULL, 0);
        return;
    }
    if (strcmp(s->protocol, H3_SESSION_PROTOCOL) != 0) {
        h3_request_respond(h3, s->id, 501, "text/plain", NULL, 0);
        return;
    }
    if (h3->session != NULL) {
        h3_request_respond(h3, s->id, 409, "text/plain", NULL, 0);
        return;
    }
    s->is_session = true;
    if (submit_response(h3, s, fields, 2, true)) {
        h3->session = s;
    }
}

/* A request for a page came: the layer above will hear of it (conn_settle), if we can read it. */
static void accept_request(struct h3 *h3, struct h3_stream *s)
{
    if (s->path_long) {
        h3_request_respond(h3, s->id, 414, "text/plain", NULL, 0);
    } else if (s->request.method[0] == 0) {
        h3_request_respond(h3, s->id, METHOD_NOT_ALLOWED, "text/plain", NULL, 0); /* too long */
    } else if (s->request.path[0] == 0) {
        h3_request_respond(h3, s->id, 400, "text/plain", NULL, 0);
    } else {
        s->asked = true;
    }
    h3->requests++;
}

int h3_request_on_end(nghttp3_conn *http, int64_t id, int fin, void *user, void *stream)
{
    struct h3 *h3 = user;
    struct h3_stream *s = stream;

    (void)http;
    (void)id;
    (void)fin;
    if (s == NULL || s->answered) {
        return 0;
    }
    if (!h3->dialled) {
        if (strcmp(s->request.method, "CONNECT") == 0) {
            accept_session(h3, s);
        } else {
            accept_request(h3, s);
        }
        return 0;
    }
    if (s->status >= 100 && s->status < 200) {
        return 0; /* an interim response */
    }
    s->answered = true;
    if (s->status != 200) {
        h3_end_later(h3, LINK_REASON_PROTOCOL, H3_NO_ERROR, "session refused");
    }
    return 0;
}

int h3_request_authority(struct h3 *h3, const char *server_name, const struct endpoint *remote)
{
    char text[AUTHORITY_SIZE], address[ENDPOINT_TEXT_SIZE];

    if (server_name != NULL && strlen(server_name) >= HOST_TEXT_SIZE) {
        return ERR_LIMIT;
    }
    if (server_name != NULL) {
        (void)snprintf(text, sizeof(text), strchr(server_name, ':') != NULL ? "[%s]:%u" : "%s:%u",
                       server_name, (unsigned)remote->port);
    } else {
        (void)snprintf(text, sizeof(text), "%s", endpoint_text(remote, address));
    }
    h3->authority = strdup(text);
    return h3->authority == NULL ? ERR_NOMEM : ERR_OK;
}

int h3_request_connect(struct h3 *h3)
{
    const nghttp3_data_reader reader = {.read_data = h3_stream_read};
    const nghttp3_nv fields[] = {
        field(":method", "CONNECT"),     field(":protocol", H3_SESSION_PROTOCOL),
        field(":scheme", "https"),       field(":authority", h3->authority),
        field(":path", H3_SESSION_PATH), field(CAPSULE_PROTOCOL, "?1"),
    };
    struct h3_stream *s;
    int64_t id;

    if (ngtcp2_conn_open_bidi_stream(h3->quic, &id, NULL) != 0) {
        return ERR_SESSION;
    }
    s = h3_stream_new(h3, id);
    if (s == NULL) {
        return ERR_NOMEM;
    }
    if (nghttp3_conn_submit_request(h3->http, id, fields, sizeof(fields) / sizeof(fields[0]),
                                    &reader, s) != 0) {
        h3_stream_free(h3, s);
        return ERR_SESSION;
    }
    s->is_session = true;
    h3->session = s;
    h3->connect_sent = true;
    free(h3->authority);
    h3->authority = NULL;
    return ERR_OK;
}
