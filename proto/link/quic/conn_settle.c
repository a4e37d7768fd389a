/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order is the one that the session must see: its stream exists before bytes come, and what
 * came is read before the end. */
#include "proto/link/quic/conn_settle.h"

#include "proto/base/wbuf.h"
#include "proto/link/quic/h3_request.h"

/* Ask for the session's stream once the server's SETTINGS allow it, and start the session once its
 * stream exists and the handshake is complete. */
static void start_session(struct link_conn *c)
{
    struct wbuf w = wbuf_over(c->prefix, sizeof(c->prefix));

    if (c->h3.connect_allowed && !c->h3.connect_sent && h3_request_connect(&c->h3) != ERR_OK) {
        conn_close(c, LINK_REASON_LIMIT, H3_INTERNAL_ERROR, "request");
        return;
    }
    if (c->h3.session == NULL || c->phase != CONN_PHASE_HELLO) {
        return;
    }
    /* RFC 9297, section 2.1: datagrams of a request begin with its stream id divided by four. */
    wbuf_varint(&w, (uint64_t)c->h3.session->id / 4);
    c->prefix_size = wbuf_size(&w);
    link_session_start(&c->session);
}

static void read_inbox(struct link_conn *c)
{
    struct inbox *inbox = &c->shared->inbox;
    struct inbox_piece piece;

    while (inbox_next(inbox, &piece)) {
        if (piece.is_datagram) {
            link_session_on_datagram(&c->session, piece.bytes, piece.size);
        } else {
            link_session_on_bytes(&c->session, piece.bytes, piece.size);
        }
    }
    inbox_clear(inbox);
}

/* A client that reads pages may take longer than a handshake, if the hub has not too many of them
 * already. Otherwise it stays half-open with its deadline. */
static void tell_requests(struct link_conn *c)
{
    struct h3_stream *s;

    c->shared->sessions.stats.http_requests += c->h3.requests;
    c->h3.requests = 0;
    TAILQ_FOREACH(s, &c->h3.streams, entry)
    {
        if (s->asked) {
            s->asked = false;
            if (hub_anonymous_enter(&c->shared->tables, &c->door)) {
                c->timer.hello_deadline = mono_add_ms(c->timer.created_at, CONN_ANONYMOUS_MS_MAX);
            }
            link_session_on_request(&c->session, &s->request);
        }
    }
}

void conn_settle(struct link_conn *c)
{
    if (c->session.state == SESSION_STATE_NEW) {
        start_session(c);
    }
    if (!inbox_empty(&c->shared->inbox)) {
        read_inbox(c);
    }
    if (c->h3.requests > 0) {
        tell_requests(c);
    }
    if (c->path.moved) {
        c->path.moved = false;
        link_session_on_moved(&c->session);
    }
    if (c->h3.end.reason != LINK_REASON_NONE) {
        conn_close(c, c->h3.end.reason, c->h3.end.code, c->h3.end.text);
    }
}
