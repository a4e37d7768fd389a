/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the layer above does with connections: dial, poll, send, close. */
#include "proto/link/quic/hub.h"

#include <stdio.h>
#include <string.h>

/* :authority as RFC 3986 writes it. */
static void write_authority(char out[H3_AUTHORITY_SIZE], const char *server_name,
                            const struct endpoint *remote)
{
    char text[ENDPOINT_TEXT_SIZE];

    if (server_name != NULL) {
        (void)snprintf(out, H3_AUTHORITY_SIZE,
                       strchr(server_name, ':') != NULL ? "[%s]:%u" : "%s:%u", server_name,
                       (unsigned)remote->port);
    } else {
        (void)snprintf(out, H3_AUTHORITY_SIZE, "%s", endpoint_text(remote, text));
    }
}

int link_hub_dial(struct link_hub *hub, struct handle *out, const struct endpoint *local,
                  const struct endpoint *remote, const char *server_name, enum link_want want,
                  const uint8_t key[KEY_SIZE], struct mono now)
{
    struct link_conn *c;

    hub->now = now;
    if (server_name != NULL && strlen(server_name) + 8 > H3_AUTHORITY_SIZE) {
        return ERR_LIMIT;
    }
    c = hub->stats.connections < hub->cfg.connection_max ? hub_conn_take(hub, true) : NULL;
    if (c == NULL) {
        hub->stats.refused_connections++;
        return ERR_LIMIT;
    }
    c->local = *local;
    c->remote = *remote;
    c->session.want = want;
    memcpy(c->session.want_key, key, KEY_SIZE);
    write_authority(c->h3.authority, server_name, remote);
    if (conn_dial(c, server_name, now) != ERR_OK) {
        conn_fini(c);
        hub_conn_release(hub, c);
        return ERR_NOMEM;
    }
    c->announced = true;
    hub->stats.dialled++;
    conn_ready(c);
    *out = c->handle;
    return ERR_OK;
}

bool link_hub_event(struct link_hub *hub, struct link_event *out)
{
    struct event_item item;
    struct link_conn *c;
    const uint8_t *bytes;

    if (!event_queue_pop(&hub->events, &item, &bytes)) {
        return false;
    }
    c = item.conn;
    *out = (struct link_event){
        .type = item.type,
        .handle = c->handle,
        .dialled = c->dialled,
        .remote = c->remote,
        .data = item.size > 0 ? bytes : NULL,
        .size = item.size,
        .peer = &c->session.peer,
    };
    if (item.type == LINK_EVENT_REQUEST) {
        memcpy(&hub->request, bytes, sizeof(hub->request)); /* the bytes are not aligned */
        out->request = &hub->request;
        out->data = NULL;
        out->size = 0;
    } else if (item.type == LINK_EVENT_CLOSED) {
        out->reason = c->reason;
        c->closed_polled = true;
        if (c->phase == CONN_PHASE_DEAD) {
            hub_conn_release(hub, c);
        }
    }
    return true;
}

int link_hub_control(struct link_hub *hub, struct handle handle, const uint8_t *data, size_t size)
{
    struct link_conn *c = hub_conn(hub, handle);

    return c == NULL ? ERR_DROP : link_session_control(c, data, size);
}

bool link_hub_datagram(struct link_hub *hub, struct handle handle, const uint8_t *head,
                       size_t head_size, const uint8_t *body, size_t body_size)
{
    struct link_conn *c = hub_conn(hub, handle);

    if (c == NULL) {
        hub->stats.dgram_dropped_queue++;
        return false;
    }
    return link_session_dgram(c, head, head_size, body, body_size);
}

void link_hub_respond(struct link_hub *hub, struct handle handle, int64_t stream_id, int status,
                      const char *content_type, const void *body, size_t size)
{
    struct link_conn *c = hub_conn(hub, handle);

    if (c != NULL) {
        h3_respond(c, stream_id, status, content_type, body,
                   size > LINK_HTTP_BODY_SIZE_MAX ? LINK_HTTP_BODY_SIZE_MAX : size);
    }
}

void link_hub_close(struct link_hub *hub, struct handle handle, uint64_t code, const char *text,
                    struct mono now)
{
    struct link_conn *c = hub_conn(hub, handle);

    hub->now = now;
    if (c != NULL) {
        conn_close(c, LINK_REASON_LOCAL, code, text);
    }
}

void link_hub_migrate(struct link_hub *hub, struct handle handle, const struct endpoint *local,
                      struct mono now)
{
    struct link_conn *c = hub_conn(hub, handle);

    hub->now = now;
    if (c != NULL && c->dialled) {
        conn_migrate(c, local, now);
    }
}

size_t link_hub_datagram_size(const struct link_hub *hub, struct handle handle)
{
    const struct link_conn *c = hub_conn(hub, handle);
    size_t size = c == NULL ? 0 : conn_datagram_size(c);

    return size > sizeof(c->session.prefix) ? size - c->session.prefix_size : 0;
}

size_t link_hub_datagrams_waiting(const struct link_hub *hub, struct handle handle)
{
    const struct link_conn *c = hub_conn(hub, handle);

    return c == NULL ? 0 : c->session.dgram_bytes;
}

size_t link_hub_control_waiting(const struct link_hub *hub, struct handle handle)
{
    const struct link_conn *c = hub_conn(hub, handle);

    return c == NULL || c->phase != CONN_PHASE_OPEN ? 0 : h3_session_waiting(&c->h3);
}

uint64_t link_hub_rtt_ns(const struct link_hub *hub, struct handle handle)
{
    const struct link_conn *c = hub_conn(hub, handle);

    return c == NULL || c->phase != CONN_PHASE_OPEN ? 0 : conn_rtt_ns(c);
}

struct endpoint link_hub_remote(const struct link_hub *hub, struct handle handle)
{
    const struct link_conn *c = hub_conn(hub, handle);

    return c == NULL ? (struct endpoint){.port = 0} : c->remote;
}
