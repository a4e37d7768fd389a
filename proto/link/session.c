/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/link/session.h"

#include "proto/base/wbuf.h"
#include "proto/link/hello.h"
#include "proto/link/quic/conn.h"
#include "proto/link/quic/hub.h"

#include <stdlib.h>
#include <string.h>

static int put_capsule(struct link_conn *c, uint64_t type, const uint8_t *data, size_t size)
{
    uint8_t head[CAPSULE_HEADER_SIZE_MAX];
    size_t head_size = capsule_header(head, type, size);
    int rc = h3_session_put(&c->h3, head, head_size, data, size);

    conn_ready(c);
    return rc;
}

static void say_hello(struct link_conn *c)
{
    size_t size;

    if (hello_write(c, c->hub->scratch, sizeof(c->hub->scratch), &size) != ERR_OK ||
        put_capsule(c, CONTROL_CAPSULE_TYPE, c->hub->scratch, size) != ERR_OK) {
        conn_close(c, LINK_REASON_LIMIT, H3_INTERNAL_ERROR, "hello");
    }
}

void link_session_start(struct link_conn *c)
{
    struct wbuf w = wbuf_over(c->session.prefix, sizeof(c->session.prefix));

    /* RFC 9297, section 2.1: datagrams of a request begin with its stream id divided by four. */
    wbuf_varint(&w, (uint64_t)h3_session_stream(&c->h3) / 4);
    c->session.prefix_size = wbuf_size(&w);
    if (!c->dialled) {
        say_hello(c);
    }
}

static void read_hello(struct link_conn *c, const uint8_t *data, size_t size)
{
    const uint8_t *delegation;
    size_t delegation_size;
    enum link_reason reason = hello_read(c, data, size, &delegation, &delegation_size);

    if (reason != LINK_REASON_NONE) {
        c->hub->stats.auth_failures++;
        conn_close(c, reason, H3_REQUEST_REJECTED, "hello refused");
        return;
    }
    c->session.hello_received = true;
    if (c->dialled) {
        say_hello(c);
    }
    if (c->reason == LINK_REASON_NONE) {
        conn_opened(c);
        hub_event(c->hub, LINK_EVENT_OPEN, c, delegation, delegation_size, NULL, 0);
    }
}

static void read_control(struct link_conn *c, const uint8_t *data, size_t size)
{
    Ziglan__Control *control;

    if (!c->session.hello_received) {
        read_hello(c, data, size);
        return;
    }
    if (control_unpack(&control, &c->hub->arena, data, size) != ERR_OK ||
        control->body_case == ZIGLAN__CONTROL__BODY_HELLO) {
        conn_close(c, LINK_REASON_PROTOCOL, H3_GENERAL_PROTOCOL_ERROR, "control");
        return;
    }
    c->hub->stats.control_received++;
    hub_event(c->hub, LINK_EVENT_CONTROL, c, data, size, NULL, 0);
}

static void read_payload(struct link_conn *c, const uint8_t *data, size_t size)
{
    if (c->phase != CONN_PHASE_OPEN || size == 0) {
        return;
    }
    c->hub->stats.dgram_received++;
    hub_event(c->hub, LINK_EVENT_DATAGRAM, c, data, size, NULL, 0);
}

void link_session_read(struct link_conn *c, const uint8_t *data, size_t size)
{
    struct capsule capsule;

    while (c->reason == LINK_REASON_NONE) {
        if (capsule_next(&c->session.capsules, &data, &size, &capsule) != ERR_OK) {
            conn_close(c, LINK_REASON_PROTOCOL, H3_GENERAL_PROTOCOL_ERROR, "capsule");
            return;
        }
        if (!capsule.complete) {
            return;
        }
        if (capsule.type == CONTROL_CAPSULE_TYPE) {
            read_control(c, capsule.value, capsule.size);
        } else {
            read_payload(c, capsule.value, capsule.size);
        }
    }
}

void link_session_dgram_read(struct link_conn *c, const uint8_t *data, size_t size)
{
    const struct link_session *session = &c->session;

    /* Datagrams of other requests, or for a session that is not open yet: dropped, as RFC 9297,
     * section 2.1, allows. Our own peers only send the shortest form of the prefix. */
    if (c->phase == CONN_PHASE_OPEN && c->h3.session != NULL && size > session->prefix_size &&
        memcmp(data, session->prefix, session->prefix_size) == 0) {
        read_payload(c, data + session->prefix_size, size - session->prefix_size);
    }
}

int link_session_control(struct link_conn *c, const uint8_t *data, size_t size)
{
    if (c->phase != CONN_PHASE_OPEN || size == 0 || size > CONTROL_SIZE_MAX) {
        return ERR_DROP;
    }
    if (h3_session_waiting(&c->h3) + size > SESSION_BACKLOG_MAX ||
        put_capsule(c, CONTROL_CAPSULE_TYPE, data, size) != ERR_OK) {
        conn_close(c, LINK_REASON_LIMIT, H3_EXCESSIVE_LOAD, "backlog");
        return ERR_LIMIT;
    }
    c->hub->stats.control_sent++;
    return ERR_OK;
}

/* Every session has a little, whatever the others have waiting; beyond that all have a bound. */
static bool has_room(const struct link_conn *c, size_t size)
{
    size_t mine = c->session.dgram_bytes + size;

    return mine <= LINK_SESSION_QUEUE_MIN ||
           (mine <= LINK_SESSION_QUEUE_BYTES &&
            c->hub->dgram_bytes + size <= c->hub->cfg.queue_bytes_max);
}

bool link_session_dgram(struct link_conn *c, const uint8_t *head, size_t head_size,
                        const uint8_t *body, size_t body_size)
{
    struct link_session *session = &c->session;
    size_t size = session->prefix_size + head_size + body_size;
    struct session_dgram *dgram = NULL;

    if (c->phase == CONN_PHASE_OPEN && head_size + body_size <= CAPSULE_DATAGRAM_SIZE_MAX &&
        has_room(c, size)) {
        dgram = malloc(sizeof(*dgram) + size);
    }
    if (dgram == NULL) {
        c->hub->stats.dgram_dropped_queue++;
        return false;
    }
    dgram->next = NULL;
    dgram->size = size;
    memcpy(dgram->bytes, session->prefix, session->prefix_size);
    if (head_size > 0) {
        memcpy(dgram->bytes + session->prefix_size, head, head_size);
    }
    if (body_size > 0) {
        memcpy(dgram->bytes + session->prefix_size + head_size, body, body_size);
    }
    if (session->dgram_last != NULL) {
        session->dgram_last->next = dgram;
    } else {
        session->dgram_first = dgram;
    }
    session->dgram_last = dgram;
    session->dgram_bytes += size;
    c->hub->dgram_bytes += size;
    conn_ready(c);
    return true;
}

static void drop_first(struct link_conn *c)
{
    struct link_session *session = &c->session;
    struct session_dgram *dgram = session->dgram_first;

    session->dgram_first = dgram->next;
    if (session->dgram_first == NULL) {
        session->dgram_last = NULL;
    }
    session->dgram_bytes -= dgram->size;
    c->hub->dgram_bytes -= dgram->size;
    free(dgram);
}

/* The first datagram does not fit a packet: it goes as a capsule, unless too many do. */
static void first_to_capsule(struct link_conn *c)
{
    struct link_session *session = &c->session;
    const struct session_dgram *dgram = session->dgram_first;

    if (h3_session_waiting(&c->h3) <= SESSION_CAPSULES_MAX &&
        put_capsule(c, DATAGRAM_CAPSULE_TYPE, dgram->bytes + session->prefix_size,
                    dgram->size - session->prefix_size) == ERR_OK) {
        c->hub->stats.dgram_sent++;
        c->hub->stats.dgram_capsule_sent++;
    } else {
        c->hub->stats.dgram_dropped_queue++;
    }
    drop_first(c);
}

const struct session_dgram *link_session_dgram_next(struct link_conn *c, size_t size_max)
{
    struct link_session *session = &c->session;

    while (session->dgram_first != NULL && session->dgram_first->size > size_max) {
        path_size_want(&c->path_size, ngtcp2_conn_get_path_max_tx_udp_payload_size2(c->quic),
                       c->hub->now);
        first_to_capsule(c);
    }
    return session->dgram_first;
}

void link_session_dgram_sent(struct link_conn *c)
{
    c->hub->stats.dgram_sent++;
    drop_first(c);
}

void link_session_fini(struct link_conn *c)
{
    capsule_parser_fini(&c->session.capsules);
    while (c->session.dgram_first != NULL) {
        drop_first(c);
    }
}
