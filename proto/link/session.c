/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of a session: what may be said in which state, and how much of it. */
#include "proto/link/session.h"

#include "proto/base/bytes.h"
#include "proto/wire/control.h"

#include <string.h>

#define BIT(state) (1u << (state))

static const unsigned edges[] = {
    [SESSION_STATE_NEW] = BIT(SESSION_STATE_HELLO) | BIT(SESSION_STATE_ENDED),
    [SESSION_STATE_HELLO] = BIT(SESSION_STATE_OPEN) | BIT(SESSION_STATE_ENDED),
    [SESSION_STATE_OPEN] = BIT(SESSION_STATE_ENDED),
    [SESSION_STATE_ENDED] = 0,
};

static void enter(struct link_session *s, enum session_state next)
{
    CHECK((edges[s->state] & BIT(next)) != 0);
    s->state = next;
}

void session_shared_init(struct session_shared *shared, const struct link_config *cfg,
                         const struct env *env)
{
    shared->self.env = env;
    shared->self.identity = cfg->identity;
    shared->self.told = cfg->hello;
    shared->attachments = cfg->attachments;
    shared->queue_bytes_max =
        cfg->queue_bytes_max == 0 ? LINK_HUB_QUEUE_BYTES : cfg->queue_bytes_max;
    dgram_space_init(&shared->space);
    event_queue_init(&shared->events);
}

void session_shared_fini(struct session_shared *shared)
{
    event_queue_fini(&shared->events);
    dgram_space_fini(&shared->space);
}

void link_session_init(struct link_session *s, struct session_shared *shared,
                       struct carrier *carrier, struct handle handle)
{
    s->shared = shared;
    s->carrier = carrier;
    s->handle = handle;
    dgram_queue_init(&s->datagrams);
}

void link_session_fini(struct link_session *s)
{
    capsule_parser_fini(&s->capsules);
    dgram_queue_clear(&s->datagrams, &s->shared->space);
}

static void close(struct link_session *s, enum link_reason reason, enum carrier_fault fault,
                  const char *text)
{
    s->carrier->ops->close(s->carrier, reason, fault, text);
}

static void event(struct link_session *s, enum link_event_type type, const void *data, size_t size)
{
    if (event_queue_push(&s->shared->events, type, s, data, size) != ERR_OK) {
        close(s, LINK_REASON_LIMIT, CARRIER_FAULT_LOAD, "events");
    }
}

void link_session_end(struct link_session *s, enum link_reason reason, const char *text)
{
    struct session_shared *shared = s->shared;

    enter(s, SESSION_STATE_ENDED);
    s->reason = reason;
    shared->stats.closed++;
    if (reason == LINK_REASON_PROTOCOL) {
        shared->stats.protocol_errors++;
    }
    env_trace(shared->self.env, TRACE_LEVEL_DEBUG, "link.close", "side=%s reason=%s text=%s",
              s->carrier->dialled ? "dialler" : "server", link_reason_name(reason), text);
    if (s->announced) {
        event_queue_push_end(&shared->events, &s->end, s);
    }
}

static int put_capsule(struct link_session *s, uint64_t type, const uint8_t *data, size_t size)
{
    uint8_t head[CAPSULE_HEADER_SIZE_MAX];
    size_t head_size = capsule_header(head, type, size);

    return s->carrier->ops->put(s->carrier, head, head_size, data, size);
}

/* relay_key: dialled: whom we talk to. Not read otherwise. */
static void say_hello(struct link_session *s, const uint8_t *relay_key)
{
    struct session_shared *shared = s->shared;
    const struct link_attachments *port = &shared->attachments;
    uint8_t attachment[RECORD_OTHER_SIGNED_SIZE_MAX];
    struct hello_dialler dialler = {.roles = s->roles, .attachment = attachment};
    size_t size;

    if (s->carrier->dialled && port->make != NULL) {
        dialler.attachment_size = port->make(port->context, s->handle, relay_key, attachment);
    }
    s->hello_said = true;
    if (hello_write(&shared->self, s->carrier, &dialler, shared->scratch, sizeof(shared->scratch),
                    &size) != ERR_OK ||
        put_capsule(s, CONTROL_CAPSULE_TYPE, shared->scratch, size) != ERR_OK) {
        close(s, LINK_REASON_LIMIT, CARRIER_FAULT_INTERNAL, "hello");
    }
}

/* True if the dialler knows the certificate of whom it wants. Whom that is, the server's Hello must
 * prove all the same; but nobody else learns who dials. */
static bool is_pinned(const struct link_session *s)
{
    uint8_t spki[LINK_SPKI_SIZE];

    return s->want.pinned && s->want.want == LINK_WANT_RELAY &&
           s->carrier->ops->peer_spki(s->carrier, spki) == ERR_OK &&
           memcmp(spki, s->want.spki, sizeof(spki)) == 0;
}

void link_session_start(struct link_session *s)
{
    enter(s, SESSION_STATE_HELLO);
    if (!s->carrier->dialled || is_pinned(s)) {
        say_hello(s, s->want.key);
    }
}

static void read_hello(struct link_session *s, const uint8_t *data, size_t size)
{
    enum link_reason reason =
        hello_read(&s->shared->self, s->carrier, &s->want, data, size, &s->peer);

    if (reason != LINK_REASON_NONE) {
        s->shared->stats.auth_failures++;
        close(s, reason, CARRIER_FAULT_REJECTED, "hello refused");
        return;
    }
    if (!s->hello_said) {
        say_hello(s, s->peer.key);
    }
    if (s->state != SESSION_STATE_HELLO) {
        return; /* our Hello could not be said, which ended the session */
    }
    enter(s, SESSION_STATE_OPEN);
    s->announced = true;
    s->shared->stats.opened++;
    s->carrier->ops->opened(s->carrier);
    event(s, LINK_EVENT_OPEN, data, size);
}

static void read_control(struct link_session *s, const uint8_t *data, size_t size)
{
    Ziglan__Control *control;

    if (s->state == SESSION_STATE_HELLO) {
        read_hello(s, data, size);
        return;
    }
    if (control_unpack(&control, &s->shared->self.arena, data, size) != ERR_OK ||
        control->body_case == ZIGLAN__CONTROL__BODY_HELLO) {
        close(s, LINK_REASON_PROTOCOL, CARRIER_FAULT_PROTOCOL, "control");
        return;
    }
    s->shared->stats.control_received++;
    event(s, LINK_EVENT_CONTROL, data, size);
}

void link_session_on_bytes(struct link_session *s, const uint8_t *data, size_t size)
{
    struct capsule capsule;

    while (s->state == SESSION_STATE_HELLO || s->state == SESSION_STATE_OPEN) {
        if (capsule_next(&s->capsules, &data, &size, &capsule) != ERR_OK) {
            close(s, LINK_REASON_PROTOCOL, CARRIER_FAULT_PROTOCOL, "capsule");
            return;
        }
        if (!capsule.complete) {
            return;
        }
        if (capsule.type == CONTROL_CAPSULE_TYPE) {
            read_control(s, capsule.value, capsule.size);
        } else {
            link_session_on_datagram(s, capsule.value, capsule.size);
        }
    }
}

void link_session_on_datagram(struct link_session *s, const uint8_t *data, size_t size)
{
    if (s->state != SESSION_STATE_OPEN || size == 0) {
        return;
    }
    s->shared->stats.dgram_received++;
    event(s, LINK_EVENT_DATAGRAM, data, size);
}

void link_session_on_moved(struct link_session *s)
{
    if (s->announced && s->state != SESSION_STATE_ENDED) {
        event(s, LINK_EVENT_MOVED, NULL, 0);
    }
}

void link_session_on_stalled(struct link_session *s)
{
    if (s->state == SESSION_STATE_OPEN) {
        event(s, LINK_EVENT_STALLED, NULL, 0);
    }
}

void link_session_on_revived(struct link_session *s)
{
    if (s->state == SESSION_STATE_OPEN) {
        event(s, LINK_EVENT_REVIVED, NULL, 0);
    }
}

void link_session_on_request(struct link_session *s, const struct link_request *request)
{
    if (s->state != SESSION_STATE_ENDED) {
        s->announced = true;
        event(s, LINK_EVENT_REQUEST, request, sizeof(*request));
    }
}

int link_session_control(struct link_session *s, const uint8_t *data, size_t size)
{
    if (s->state != SESSION_STATE_OPEN || size == 0 || size > CONTROL_SIZE_MAX) {
        return ERR_DROP;
    }
    if (s->carrier->ops->waiting(s->carrier) + size > SESSION_BACKLOG_MAX ||
        put_capsule(s, CONTROL_CAPSULE_TYPE, data, size) != ERR_OK) {
        close(s, LINK_REASON_LIMIT, CARRIER_FAULT_LOAD, "backlog");
        return ERR_LIMIT;
    }
    s->shared->stats.control_sent++;
    return ERR_OK;
}

/* Each session has a bound, and all have one together; but a little room is left to each, however
 * much waits in the others. */
static bool has_room(const struct link_session *s, size_t size)
{
    size_t mine = s->datagrams.bytes + size;

    return mine <= LINK_SESSION_QUEUE_MIN ||
           (mine <= LINK_SESSION_QUEUE_BYTES &&
            s->shared->space.bytes + size <= s->shared->queue_bytes_max);
}

/*
 * Drop this one although there is room? Loaded machines run their programs in turns, so bursts must
 * find room. But TCP flows fill any room until something is lost, and a queue that only drops when
 * it is full then drops much at once. So while it does not get short, single datagrams are dropped,
 * one for as many bytes as there is room left, which tells one flow each to slow down.
 */
static bool drop_early(struct link_session *s, size_t size)
{
    if (s->datagrams.bytes < LINK_SESSION_QUEUE_EARLY) {
        s->early_left = LINK_SESSION_QUEUE_BYTES - LINK_SESSION_QUEUE_EARLY;
        return false;
    }
    if (s->early_left > size) {
        s->early_left -= size;
        return false;
    }
    s->early_left = LINK_SESSION_QUEUE_BYTES - s->datagrams.bytes;
    return true;
}

bool link_session_datagram(struct link_session *s, const uint8_t *head, size_t head_size,
                           const uint8_t *body, size_t body_size)
{
    size_t size = head_size + body_size;

    if (s->state != SESSION_STATE_OPEN || size > CAPSULE_DATAGRAM_SIZE_MAX || !has_room(s, size) ||
        drop_early(s, size) ||
        dgram_queue_put(&s->datagrams, &s->shared->space, head, head_size, body, body_size) !=
            ERR_OK) {
        s->shared->stats.dgram_dropped_queue++;
        return false;
    }
    s->carrier->ops->wake(s->carrier);
    return true;
}

/* The first datagram is too large to travel as one: put it on the stream as a capsule, or drop it
 * if too much waits there. */
static void first_to_capsule(struct link_session *s, struct dgram_bytes first)
{
    if (s->carrier->ops->waiting(s->carrier) <= SESSION_CAPSULES_MAX &&
        put_capsule(s, DATAGRAM_CAPSULE_TYPE, first.bytes, first.size) == ERR_OK) {
        s->shared->stats.dgram_sent++;
        s->shared->stats.dgram_capsule_sent++;
    } else {
        s->shared->stats.dgram_dropped_queue++;
    }
    dgram_queue_drop(&s->datagrams, &s->shared->space);
}

struct dgram_bytes link_session_next_datagram(struct link_session *s, bool *too_large)
{
    struct dgram_bytes first = dgram_queue_first(&s->datagrams);
    size_t room = first.bytes == NULL ? 0 : s->carrier->ops->datagram_room(s->carrier);

    while (first.bytes != NULL && first.size > room) {
        *too_large = true;
        first_to_capsule(s, first);
        first = dgram_queue_first(&s->datagrams);
    }
    return first;
}

void link_session_datagram_sent(struct link_session *s)
{
    s->shared->stats.dgram_sent++;
    dgram_queue_drop(&s->datagrams, &s->shared->space);
}
