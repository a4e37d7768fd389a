/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which connection a UDP payload is for, which session a handle names, and whose turn it is to
 * send.
 */
#include "proto/link/quic/hub.h"

#include "proto/base/bytes.h"
#include "proto/link/quic/accept.h"
#include "proto/link/quic/conn.h"
#include "proto/link/quic/conn_write.h"
#include "proto/link/quic/h3_request.h"
#include "proto/link/tls/library.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static_assert((int)HUB_CID_SIZE == (int)LINK_RESET_CID_SIZE,
              "the ledger keeps connection ids that we give out");

/* ---- the library ---- */

int link_library_init(const struct env *env)
{
    return library_init(env);
}

void link_library_fini(void)
{
    library_fini();
}

const char *link_aead_list(void)
{
    return library_ciphers();
}

/* ---- the hub ---- */

int link_hub_new(struct link_hub **out, const struct link_config *cfg, const struct env *env,
                 struct mono now)
{
    struct link_hub *hub = calloc(1, sizeof(*hub));
    struct conn_shared *shared;
    int rc;

    *out = NULL;
    if (hub == NULL) {
        return ERR_NOMEM;
    }
    shared = &hub->shared;
    hub->server = cfg->server;
    hub->connection_max = cfg->connection_max;
    shared->env = env;
    shared->now = now;
    session_shared_init(&shared->sessions, cfg, env);
    rc = hub_tables_init(&shared->tables, sizeof(struct link_conn), cfg->connection_max,
                         &shared->sessions.stats.half_open, env);
    if (rc != ERR_OK) {
        goto out;
    }
    accept_init(shared, now);
    answers_init(&shared->answers, cfg->reset_secret, &shared->sessions.stats, env, now);
    rc = tls_init(&shared->tls, cfg->server ? cfg->tls_seed : NULL, env);
    if (rc == ERR_OK && cfg->ledger != NULL) {
        rc = reset_ledger_open(&shared->ledger, cfg->ledger, cfg->ledger_capacity, now);
    }
out:
    if (rc != ERR_OK) {
        link_hub_free(hub);
        return rc;
    }
    *out = hub;
    return ERR_OK;
}

void link_hub_free(struct link_hub *hub)
{
    struct handle cursor = HANDLE_NONE;
    struct conn_shared *shared;
    struct link_conn *c;

    if (hub == NULL) {
        return;
    }
    shared = &hub->shared;
    while (shared->tables.conns != NULL) {
        c = slab_next(shared->tables.conns, &cursor);
        if (c == NULL) {
            break;
        }
        conn_fini(c);
    }
    session_shared_fini(&shared->sessions);
    inbox_fini(&shared->inbox);
    reset_ledger_close(&shared->ledger);
    hub_tables_fini(&shared->tables);
    tls_fini(&shared->tls);
    sodium_memzero(hub, sizeof(*hub));
    free(hub);
}

void link_hub_set_hello(struct link_hub *hub, const struct link_hello *hello)
{
    hub->shared.sessions.self.told = *hello;
}

/* ---- packets and time ---- */

/* The start of a call that may append events. */
static void begin(struct link_hub *hub, struct mono now)
{
    hub->shared.now = now;
    event_queue_recycle(&hub->shared.sessions.events);
}

/* A short-header packet whose connection id we do not know. It may be a stateless reset: that looks
 * the same, and ends with the token of the connection that it is for (RFC 9000, section 10.3.1). */
static void receive_unknown(struct link_hub *hub, const struct dgram *in,
                            const ngtcp2_version_cid *vc, struct mono now)
{
    struct link_conn *c = NULL;

    if (in->size >= RESET_SIZE_MIN) {
        c = map_find_pointer(hub->shared.tables.resets,
                             in->data + in->size - NGTCP2_STATELESS_RESET_TOKENLEN);
    }
    if (c != NULL) {
        conn_read(c, in, now);
    } else if (hub->server) {
        answer_reset(&hub->shared.answers, in, vc, now);
    }
}

/* A packet of this connection, whose id stands in vc. An open session is kept in the ledger as it
 * is reached now. */
static void receive_known(struct link_hub *hub, struct link_conn *c, const struct dgram *in,
                          const ngtcp2_version_cid *vc, struct mono now)
{
    struct conn_shared *shared = &hub->shared;
    struct handle handle = c->session.handle;

    conn_read(c, in, now);
    c = conn_find(&shared->tables, handle); /* it may be gone */
    if (c != NULL && c->phase == CONN_PHASE_OPEN && vc->dcidlen == LINK_RESET_CID_SIZE) {
        reset_ledger_keep(&shared->ledger, handle.index, &c->path.local, &c->carrier.remote,
                          vc->dcid);
    }
}

void link_hub_receive(struct link_hub *hub, const struct dgram *in, struct mono now)
{
    struct conn_shared *shared = &hub->shared;
    ngtcp2_version_cid vc;
    struct link_conn *c;
    int rv;

    begin(hub, now);
    if (in->size == 0 || (in->data[0] & FRAME_QUIC_BIT) == 0) {
        return;
    }
    rv = ngtcp2_pkt_decode_version_cid(&vc, in->data, in->size, HUB_CID_SIZE);
    if (rv == NGTCP2_ERR_VERSION_NEGOTIATION) {
        if (hub->server) {
            answer_version(&shared->answers, in, &vc, now);
        }
        return;
    }
    if (rv != 0 || vc.dcidlen > NGTCP2_MAX_CIDLEN) {
        return;
    }
    c = hub_cid_find(&shared->tables, vc.dcid, vc.dcidlen);
    if (c != NULL) {
        receive_known(hub, c, in, &vc, now);
    } else if ((in->data[0] & 0x80) == 0) {
        receive_unknown(hub, in, &vc, now);
    } else if (hub->server && !hub->shut) {
        accept_initial(shared, hub->connection_max, in, now);
    }
}

void link_hub_expire(struct link_hub *hub, struct mono now)
{
    struct heap_entry *entry;

    begin(hub, now);
    for (;;) {
        entry = heap_pop_due(&hub->shared.tables.timers, now);
        if (entry == NULL) {
            break;
        }
        conn_expire(CONN_OF(entry, timer.entry), now);
    }
}

void link_hub_transmit(struct link_hub *hub, struct outbox *out, struct mono now)
{
    struct conn_shared *shared = &hub->shared;
    struct hub_tables *tables = &shared->tables;
    struct conn_turn *last = TAILQ_LAST(&tables->ready, hub_line), *turn;
    bool more = last != NULL;

    shared->now = now;
    answers_transmit(&shared->answers, out);
    answer_ledger(&shared->answers, &shared->ledger, out, now);
    /* In a round each connection that waits gets one burst, so that none starves another. One that
     * has more to send, or found no room, enters the line again at its end. */
    while (more) {
        turn = TAILQ_FIRST(&tables->ready);
        more = turn != last;
        hub_ready_leave(tables, turn);
        conn_write(CONN_OF(turn, turn), out, now);
        if (!more && !TAILQ_EMPTY(&tables->ready) && outbox_has_room(out, LINK_PACKET_SIZE_MAX)) {
            last = TAILQ_LAST(&tables->ready, hub_line);
            more = true;
        }
    }
}

struct mono link_hub_deadline(const struct link_hub *hub)
{
    const struct conn_shared *shared = &hub->shared;

    if (!TAILQ_EMPTY(&shared->tables.ready) || shared->answers.count > 0) {
        return shared->now;
    }
    return mono_min(heap_deadline(&shared->tables.timers), reset_ledger_deadline(&shared->ledger));
}

/* ---- sessions ---- */

void link_hub_spki(const struct link_hub *hub, uint8_t out[LINK_SPKI_SIZE])
{
    memcpy(out, hub->shared.tls.spki, LINK_SPKI_SIZE);
}

enum link_certificate_problem link_hub_certificate(struct link_hub *hub,
                                                   const struct link_certificate *certificate)
{
    CHECK(hub->server);
    return tls_name(&hub->shared.tls, certificate);
}

uint64_t link_hub_certificate_end(const struct link_hub *hub)
{
    return hub->shared.tls.named.expires_s * 1000;
}

int link_hub_dial(struct link_hub *hub, struct handle *out, const struct link_dial *dial,
                  struct mono now)
{
    struct link_stats *stats = &hub->shared.sessions.stats;
    struct link_conn *c = NULL;
    int rc;

    hub->shared.now = now;
    if (stats->connections < hub->connection_max) {
        c = conn_new(&hub->shared, true, &dial->local, &dial->remote);
    }
    if (c == NULL) {
        stats->refused_connections++;
        return ERR_LIMIT;
    }
    rc = conn_dial(c, dial->server_name, now);
    if (rc != ERR_OK) {
        conn_die(c);
        return rc;
    }
    c->session.want.want = dial->want;
    memcpy(c->session.want.key, dial->key, KEY_SIZE);
    if (dial->spki != NULL) {
        c->session.want.pinned = true;
        memcpy(c->session.want.spki, dial->spki, LINK_SPKI_SIZE);
    }
    c->session.roles = dial->roles;
    c->session.announced = true;
    stats->dialled++;
    conn_ready(c);
    *out = c->session.handle;
    return ERR_OK;
}

/* The Hello of an OPEN event, which was unpacked once already, to verify it. */
static const Ziglan__Hello *hello_again(struct link_hub *hub, const uint8_t *bytes, size_t size)
{
    Ziglan__Control *control;
    int rc = control_unpack(&control, &hub->shared.sessions.self.arena, bytes, size);

    CHECK(rc == ERR_OK && control->body_case == ZIGLAN__CONTROL__BODY_HELLO);
    return control->hello;
}

bool link_hub_event(struct link_hub *hub, struct link_event *out)
{
    struct event_item item;
    struct link_session *s;
    struct link_conn *c;
    const uint8_t *bytes;

    if (!event_queue_pop(&hub->shared.sessions.events, &item, &bytes)) {
        return false;
    }
    s = item.session;
    *out = (struct link_event){
        .type = item.type,
        .handle = s->handle,
        .dialled = s->carrier->dialled,
        .remote = s->carrier->remote,
        .data = item.size > 0 ? bytes : NULL,
        .size = item.size,
        .peer = &s->peer,
    };
    if (item.type == LINK_EVENT_OPEN) {
        out->hello = hello_again(hub, bytes, item.size);
        out->data = NULL;
        out->size = 0;
    } else if (item.type == LINK_EVENT_REQUEST) {
        memcpy(&hub->request, bytes, sizeof(hub->request)); /* the bytes are not aligned */
        out->request = &hub->request;
        out->data = NULL;
        out->size = 0;
    } else if (item.type == LINK_EVENT_CLOSED) {
        out->reason = s->reason;
        s->closed_polled = true;
        c = CONN_OF(s, session);
        if (c->phase == CONN_PHASE_DEAD) {
            conn_release(c);
        }
    }
    return true;
}

static struct link_conn *find(const struct link_hub *hub, struct handle handle)
{
    return conn_find(&hub->shared.tables, handle);
}

int link_hub_control(struct link_hub *hub, struct handle handle, const uint8_t *data, size_t size)
{
    struct link_conn *c = find(hub, handle);

    return c == NULL ? ERR_DROP : link_session_control(&c->session, data, size);
}

bool link_hub_datagram(struct link_hub *hub, struct handle handle, const uint8_t *head,
                       size_t head_size, const uint8_t *body, size_t body_size)
{
    struct link_conn *c = find(hub, handle);

    if (c == NULL) {
        hub->shared.sessions.stats.dgram_dropped_queue++;
        return false;
    }
    return link_session_datagram(&c->session, head, head_size, body, body_size);
}

void link_hub_respond(struct link_hub *hub, struct handle handle, int64_t stream_id, int status,
                      const char *content_type, const void *body, size_t size)
{
    struct link_conn *c = find(hub, handle);

    if (c != NULL) {
        h3_request_respond(&c->h3, stream_id, status, content_type, body,
                           size > LINK_HTTP_BODY_SIZE_MAX ? LINK_HTTP_BODY_SIZE_MAX : size);
        conn_ready(c);
    }
}

void link_hub_close(struct link_hub *hub, struct handle handle, uint64_t code, const char *text,
                    struct mono now)
{
    struct link_conn *c = find(hub, handle);

    hub->shared.now = now;
    if (c != NULL) {
        conn_close(c, LINK_REASON_LOCAL, code, text);
    }
}

void link_hub_shut(struct link_hub *hub, uint64_t code, const char *text, struct mono now)
{
    struct handle cursor = HANDLE_NONE;
    struct link_conn *c;

    hub->shared.now = now;
    hub->shut = true;
    while ((c = slab_next(hub->shared.tables.conns, &cursor)) != NULL) {
        if (c->phase < CONN_PHASE_CLOSING) {
            conn_close(c, LINK_REASON_LOCAL, code, text);
        }
    }
}

void link_hub_forget(struct link_hub *hub, struct mono now)
{
    struct handle cursor = HANDLE_NONE;
    struct link_conn *c;

    begin(hub, now);
    while ((c = slab_next(hub->shared.tables.conns, &cursor)) != NULL) {
        if (c->phase != CONN_PHASE_DEAD) {
            conn_close(c, LINK_REASON_RESET, H3_NO_ERROR, "");
            conn_die(c);
        }
    }
}

void link_hub_migrate(struct link_hub *hub, struct handle handle, const struct endpoint *local,
                      struct mono now)
{
    struct link_conn *c = find(hub, handle);

    hub->shared.now = now;
    if (c != NULL && c->carrier.dialled) {
        conn_migrate(c, local, now);
    }
}

void link_hub_ping(struct link_hub *hub, struct handle handle, struct mono now)
{
    struct link_conn *c = find(hub, handle);

    hub->shared.now = now;
    if (c != NULL && c->carrier.dialled) {
        conn_ping(c);
    }
}

void link_hub_keepalive(struct link_hub *hub, struct handle handle, uint32_t ms, struct mono now)
{
    struct link_conn *c = find(hub, handle);

    hub->shared.now = now;
    if (c != NULL && c->carrier.dialled) {
        conn_keepalive(c, ms);
    }
}

size_t link_hub_datagram_size(const struct link_hub *hub, struct handle handle)
{
    const struct link_conn *c = find(hub, handle);

    return c == NULL ? 0 : c->carrier.ops->datagram_room(&c->carrier);
}

size_t link_hub_datagrams_waiting(const struct link_hub *hub, struct handle handle)
{
    const struct link_conn *c = find(hub, handle);

    return c == NULL ? 0 : c->session.datagrams.bytes;
}

size_t link_hub_control_waiting(const struct link_hub *hub, struct handle handle)
{
    const struct link_conn *c = find(hub, handle);

    return c == NULL || c->phase != CONN_PHASE_OPEN ? 0 : c->carrier.ops->waiting(&c->carrier);
}

uint64_t link_hub_rtt_ns(const struct link_hub *hub, struct handle handle)
{
    const struct link_conn *c = find(hub, handle);

    return c == NULL || c->phase != CONN_PHASE_OPEN ? 0 : c->carrier.ops->rtt_ns(&c->carrier);
}

struct mono link_hub_heard_at(const struct link_hub *hub, struct handle handle)
{
    const struct link_conn *c = find(hub, handle);

    return c == NULL ? (struct mono){0} : c->watch.heard_at;
}

uint64_t link_hub_silence_ms(const struct link_hub *hub, struct handle handle)
{
    const struct link_conn *c = find(hub, handle);

    return c == NULL ? 0 : c->watch.silence_ms;
}

struct mono link_hub_unanswered_since(const struct link_hub *hub, struct handle handle)
{
    const struct link_conn *c = find(hub, handle);

    return c == NULL ? MONO_NEVER : c->watch.unanswered_since;
}

const struct link_stats *link_hub_stats(const struct link_hub *hub)
{
    return &hub->shared.sessions.stats;
}
