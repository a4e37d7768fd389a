/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions of authenticated nodes, from the Hellos to the end. */
#include "proto/base/bytes.h"
#include "relayd/core/core_internal.h"

#include <stdlib.h>
#include <string.h>

enum { BUSY_RETRY_MS = 60000 };

#define BIT(n) (1U << (n))

static const unsigned state_edges[] = {
    [SESSION_STATE_STRANGER] = BIT(SESSION_STATE_MEMBER) | BIT(SESSION_STATE_CLOSING),
    [SESSION_STATE_MEMBER] = BIT(SESSION_STATE_STRANGER) | BIT(SESSION_STATE_CLOSING),
    [SESSION_STATE_CLOSING] = 0,
};

static uint64_t handle_pack(struct link_handle handle)
{
    return (uint64_t)handle.generation << 32 | handle.index;
}

static struct link_handle handle_unpack(uint64_t packed)
{
    return (struct link_handle){.index = (uint32_t)packed, .generation = (uint32_t)(packed >> 32)};
}

struct session *session_at(const struct relay_core *core, struct link_handle handle)
{
    struct session *session =
        handle.index < core->by_index_capacity ? core->by_index[handle.index] : NULL;

    return session != NULL && session->handle.generation == handle.generation ? session : NULL;
}

struct session *session_of_key(const struct relay_core *core, const uint8_t key[KEY_SIZE])
{
    uint64_t packed;

    return pool_find(core->pool, key, &packed) ? session_at(core, handle_unpack(packed)) : NULL;
}

/* Only this writes `state`, and keeps the lists and counts that follow from it. */
static void session_enter(struct relay_core *core, struct session *session, enum session_state next,
                          struct mono now)
{
    CHECK((state_edges[session->state] & BIT(next)) != 0);
    if (session->state == SESSION_STATE_STRANGER) {
        TAILQ_REMOVE(&core->strangers, session, in_waiting);
        core->stranger_count--;
        limits_stranger_leave(core, session);
    }
    session->state = next;
    if (next == SESSION_STATE_STRANGER) {
        session->deadline = mono_add_ms(now, ADMISSION_MS);
        TAILQ_INSERT_TAIL(&core->strangers, session, in_waiting);
        core->stranger_count++;
    } else if (next == SESSION_STATE_CLOSING) {
        session->deadline = mono_add_ms(now, CLOSING_MS);
        TAILQ_INSERT_TAIL(&core->closing, session, in_waiting);
    } else {
        session->deadline = MONO_NEVER;
    }
}

static void session_unlist(struct relay_core *core, struct session *session)
{
    watch_stop(core, session);
    if (session->state == SESSION_STATE_STRANGER) {
        TAILQ_REMOVE(&core->strangers, session, in_waiting);
        core->stranger_count--;
        limits_stranger_leave(core, session);
    } else if (session->state == SESSION_STATE_CLOSING && !session->closed) {
        TAILQ_REMOVE(&core->closing, session, in_waiting);
    }
}

/* The key is no longer here, unless a newer session of it is. */
static void session_key_gone(struct relay_core *core, struct session *session, struct mono now)
{
    if (!pool_remove(core->pool, session->key, handle_pack(session->handle))) {
        return;
    }
    punch_on_gone(core->punch, session->key);
    punch_flush(core);
    if (session->state == SESSION_STATE_MEMBER) {
        watch_online_changed(core, session->key, now);
    }
}

static void goaway_count(struct relay_core *core, enum goaway reason)
{
    switch (reason) {
    case GOAWAY_SHUTDOWN:
        core->counters.closed_shutdown++;
        break;
    case GOAWAY_REPLACED:
        core->counters.closed_replaced++;
        break;
    case GOAWAY_REVOKED:
        core->counters.closed_revoked++;
        break;
    case GOAWAY_BUSY:
        core->counters.closed_busy++;
        break;
    case GOAWAY_NOT_ADMITTED:
        core->counters.closed_not_admitted++;
        break;
    }
}

void session_send_away(struct relay_core *core, struct session *session, enum goaway reason,
                       uint32_t reconnect_in_ms, struct mono now)
{
    Ziglan__GoAway body = ZIGLAN__GO_AWAY__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.reason = (uint32_t)reason;
    body.reconnect_in_ms = reconnect_in_ms;
    message.body_case = ZIGLAN__CONTROL__BODY_GO_AWAY;
    message.go_away = &body;
    control_send(core, session, &message);
    watch_stop(core, session);
    session_key_gone(core, session, now);
    session_enter(core, session, SESSION_STATE_CLOSING, now);
    goaway_count(core, reason);
}

/* Make room for the index of a new connection. The link numbers connections from 0 up to its
 * cap, so this table is bounded by that. */
static bool by_index_reserve(struct relay_core *core, uint32_t index)
{
    uint32_t capacity = core->by_index_capacity != 0 ? core->by_index_capacity : 64;
    struct session **grown;

    if (index < core->by_index_capacity) {
        return true;
    }
    while (capacity <= index) {
        capacity *= 2;
    }
    grown = realloc(core->by_index, capacity * sizeof(struct session *));
    if (grown == NULL) {
        return false;
    }
    memset(grown + core->by_index_capacity, 0,
           (capacity - core->by_index_capacity) * sizeof(struct session *));
    core->by_index = grown;
    core->by_index_capacity = capacity;
    return true;
}

static struct session *session_new(struct relay_core *core, const struct link_event *event,
                                   struct mono now)
{
    struct session *session;

    if (!by_index_reserve(core, event->handle.index) ||
        core->by_index[event->handle.index] != NULL) {
        return NULL;
    }
    session = calloc(1, sizeof(*session));
    if (session == NULL) {
        return NULL;
    }
    session->handle = event->handle;
    memcpy(session->key, event->peer_key, KEY_SIZE);
    session->remote = event->remote;
    session->opened_at = now;
    session->state = SESSION_STATE_STRANGER;
    session->deadline = mono_add_ms(now, ADMISSION_MS);
    limits_session_init(session, now);
    core->by_index[event->handle.index] = session;
    core->session_count++;
    core->stranger_count++;
    TAILQ_INSERT_TAIL(&core->strangers, session, in_waiting);
    return session;
}

/* Members come first: where strangers hold the last places, the one here for longest makes room. */
static bool pool_make_room(struct relay_core *core, const struct session *session, bool member,
                           struct mono now)
{
    struct session *stranger = TAILQ_FIRST(&core->strangers);

    if (pool_count(core->pool) < core->cfg.session_max) {
        return true;
    }
    if (!member || stranger == NULL || stranger == session) {
        return false;
    }
    session_send_away(core, stranger, GOAWAY_BUSY, BUSY_RETRY_MS, now);
    return pool_count(core->pool) < core->cfg.session_max;
}

/* Put a new session into the pool; the older one of the same key ends. */
static bool session_activate(struct relay_core *core, struct session *session, bool member,
                             struct mono now)
{
    bool replaced = false;
    uint64_t previous = 0;
    struct session *older = session_of_key(core, session->key);
    bool was_member = older != NULL && older->state == SESSION_STATE_MEMBER;

    if (older == NULL && !pool_make_room(core, session, member, now)) {
        return false;
    }
    if (pool_put(core->pool, session->key, handle_pack(session->handle), &replaced, &previous) !=
        ERR_OK) {
        return false;
    }
    older = replaced ? session_at(core, handle_unpack(previous)) : NULL;
    if (older != NULL) {
        session_send_away(core, older, GOAWAY_REPLACED, 0, now);
    }
    if (was_member && !member) { /* its admission ended in between: it must join first */
        punch_on_gone(core->punch, session->key);
        punch_flush(core);
        watch_online_changed(core, session->key, now);
    }
    return true;
}

void session_on_open(struct relay_core *core, const struct link_event *event, struct mono now)
{
    struct session *session = session_new(core, event, now);
    char text[11];
    bool revoked = false;
    uint64_t until_ms;
    bool member;

    if (session == NULL) {
        core->counters.closed_busy++;
        link_hub_close(core->hub, event->handle, GOAWAY_BUSY, "out of memory", now);
        return;
    }
    core->counters.sessions_opened++;
    until_ms = ziglan_admitted_until(core, session->key, &revoked);
    member = until_ms > 0;
    env_trace(&core->env, TRACE_LEVEL_DEBUG, "session.open", "peer=%s member=%d",
              key_short(session->key, text), (int)member);
    if (core->stopping) {
        session_send_away(core, session, GOAWAY_SHUTDOWN, 1000, now);
    } else if (revoked) {
        session_send_away(core, session, GOAWAY_REVOKED, 0, now);
    } else if (member ? !limits_news_take(core, session->key, now)
                      : !limits_stranger_enter(core, session)) {
        session_send_away(core, session, GOAWAY_BUSY, BUSY_RETRY_MS, now);
    } else if (!session_activate(core, session, member, now)) {
        session_send_away(core, session, GOAWAY_BUSY, BUSY_RETRY_MS, now);
    } else if (member) {
        session_admit(core, session, until_ms, now);
    }
}

/* Counted from now on by the clock that nobody sets: a wall clock that jumps ends no session. */
static struct mono admission_deadline(const struct relay_core *core, uint64_t until_ms,
                                      struct mono now)
{
    uint64_t wall_ms = env_wall_ms(&core->env);
    uint64_t left_ms = until_ms > wall_ms ? until_ms - wall_ms : 0;

    left_ms = left_ms < DIRECTORY_ADMISSION_MS ? left_ms : DIRECTORY_ADMISSION_MS;
    return mono_add_ms(now, left_ms + RECORD_CLOCK_SKEW_MS);
}

void session_admit(struct relay_core *core, struct session *session, uint64_t until_ms,
                   struct mono now)
{
    if (session->state == SESSION_STATE_STRANGER) {
        session_enter(core, session, SESSION_STATE_MEMBER, now);
        watch_online_changed(core, session->key, now);
    }
    if (session->state == SESSION_STATE_MEMBER) {
        session->deadline = admission_deadline(core, until_ms, now);
    }
}

void session_dismiss(struct relay_core *core, struct session *session, struct mono now)
{
    if (session->state == SESSION_STATE_MEMBER) {
        watch_stop(core, session);
        session_enter(core, session, SESSION_STATE_STRANGER, now);
    }
}

void session_on_moved(struct relay_core *core, const struct link_event *event, struct mono now)
{
    struct session *session = session_at(core, event->handle);

    if (session == NULL || session->state == SESSION_STATE_CLOSING) {
        return;
    }
    core->counters.moved++;
    session->remote = event->remote;
    control_observed_send(core, session);
    /* Each partner of a punch is told, so whoever jumps to and fro is soon told of no more. */
    if (limits_news_take(core, session->key, now)) {
        punch_on_moved(core->punch, session->key, &session->remote, now);
        punch_flush(core);
    }
}

void session_on_closed(struct relay_core *core, const struct link_event *event, struct mono now)
{
    struct session *session = session_at(core, event->handle);
    char text[11];

    if (session == NULL) {
        return; /* an anonymous connection, or one that never got to its Hello */
    }
    env_trace(&core->env, TRACE_LEVEL_DEBUG, "session.closed", "peer=%s reason=%d",
              key_short(session->key, text), (int)event->reason);
    if (session->state != SESSION_STATE_CLOSING) {
        core->counters.closed_ended++;
    }
    session_key_gone(core, session, now);
    session_unlist(core, session);
    core->by_index[session->handle.index] = NULL;
    core->session_count--;
    free(session);
}

void session_expire(struct relay_core *core, struct mono now)
{
    struct session *session = TAILQ_FIRST(&core->closing);

    while (session != NULL && mono_due(session->deadline, now)) {
        struct session *next = TAILQ_NEXT(session, in_waiting);
        TAILQ_REMOVE(&core->closing, session, in_waiting);
        session->closed = true; /* the CLOSED event is what frees it */
        link_hub_close(core->hub, session->handle, 0, "goodbye", now);
        session = next;
    }
    session = TAILQ_FIRST(&core->strangers);
    while (session != NULL && !core->cfg.open_relay && mono_due(session->deadline, now)) {
        struct session *next = TAILQ_NEXT(session, in_waiting);
        session_send_away(core, session, GOAWAY_NOT_ADMITTED, 0, now);
        session = next;
    }
}

void session_expire_admissions(struct relay_core *core, struct mono now)
{
    for (uint32_t i = 0; i < core->by_index_capacity; i++) {
        struct session *session = core->by_index[i];
        if (session != NULL && session->state == SESSION_STATE_MEMBER &&
            mono_due(session->deadline, now)) {
            session_send_away(core, session, GOAWAY_NOT_ADMITTED, 0, now);
        }
    }
}

struct mono session_deadline(const struct relay_core *core)
{
    const struct session *stranger = TAILQ_FIRST(&core->strangers);
    const struct session *closing = TAILQ_FIRST(&core->closing);
    struct mono at = MONO_NEVER;

    if (stranger != NULL && !core->cfg.open_relay) {
        at = stranger->deadline;
    }
    return closing != NULL ? mono_min(at, closing->deadline) : at;
}
