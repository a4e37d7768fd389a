/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions of authenticated nodes, from the Hellos to the end. */
#include "proto/base/bytes.h"
#include "relayd/core/core_internal.h"

#include <stdlib.h>
#include <string.h>

enum { BUSY_RETRY_MS = 60000 };

#define BIT(n) (1U << (n))

static const unsigned state_edges[] = {
    [RELAY_CLIENT_STATE_STRANGER] =
        BIT(RELAY_CLIENT_STATE_MEMBER) | BIT(RELAY_CLIENT_STATE_CLOSING),
    [RELAY_CLIENT_STATE_MEMBER] =
        BIT(RELAY_CLIENT_STATE_STRANGER) | BIT(RELAY_CLIENT_STATE_CLOSING),
    [RELAY_CLIENT_STATE_CLOSING] = 0,
};

static uint64_t handle_pack(struct handle handle)
{
    return (uint64_t)handle.generation << 32 | handle.index;
}

static struct handle handle_unpack(uint64_t packed)
{
    return (struct handle){.index = (uint32_t)packed, .generation = (uint32_t)(packed >> 32)};
}

struct relay_client *relay_client_at(const struct relay_core *core, struct handle handle)
{
    struct relay_client *client =
        handle.index < core->by_index_capacity ? core->by_index[handle.index] : NULL;

    return client != NULL && client->handle.generation == handle.generation ? client : NULL;
}

struct relay_client *relay_client_of_key(const struct relay_core *core, const uint8_t key[KEY_SIZE])
{
    uint64_t packed;

    return session_index_find(core->index, key, &packed)
               ? relay_client_at(core, handle_unpack(packed))
               : NULL;
}

/* Only this writes `state`, and keeps the lists and counts that follow from it. */
static void relay_client_enter(struct relay_core *core, struct relay_client *client,
                               enum relay_client_state next, struct mono now)
{
    CHECK((state_edges[client->state] & BIT(next)) != 0);
    if (client->state == RELAY_CLIENT_STATE_STRANGER) {
        TAILQ_REMOVE(&core->strangers, client, in_waiting);
        core->stranger_count--;
        limits_stranger_leave(core, client);
    }
    client->state = next;
    if (next == RELAY_CLIENT_STATE_STRANGER) {
        client->deadline = mono_add_ms(now, ADMISSION_MS);
        TAILQ_INSERT_TAIL(&core->strangers, client, in_waiting);
        core->stranger_count++;
    } else if (next == RELAY_CLIENT_STATE_CLOSING) {
        client->deadline = mono_add_ms(now, CLOSING_MS);
        TAILQ_INSERT_TAIL(&core->closing, client, in_waiting);
    } else {
        client->deadline = MONO_NEVER;
    }
}

static void relay_client_unlist(struct relay_core *core, struct relay_client *client)
{
    watch_stop(core, client);
    if (client->state == RELAY_CLIENT_STATE_STRANGER) {
        TAILQ_REMOVE(&core->strangers, client, in_waiting);
        core->stranger_count--;
        limits_stranger_leave(core, client);
    } else if (client->state == RELAY_CLIENT_STATE_CLOSING && !client->closed) {
        TAILQ_REMOVE(&core->closing, client, in_waiting);
    }
}

/* The key is no longer here, unless a newer session of it is. */
static void relay_client_key_gone(struct relay_core *core, struct relay_client *client,
                                  struct mono now)
{
    if (!session_index_remove(core->index, client->key, handle_pack(client->handle))) {
        return;
    }
    punch_on_gone(core->punch, client->key);
    punch_flush(core);
    if (client->state == RELAY_CLIENT_STATE_MEMBER) {
        watch_online_changed(core, client->key, now);
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

void relay_client_send_away(struct relay_core *core, struct relay_client *client,
                            enum goaway reason, uint32_t reconnect_in_ms, struct mono now)
{
    Ziglan__GoAway body = ZIGLAN__GO_AWAY__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.reason = (uint32_t)reason;
    body.reconnect_in_ms = reconnect_in_ms;
    message.body_case = ZIGLAN__CONTROL__BODY_GO_AWAY;
    message.go_away = &body;
    control_send(core, client, &message);
    watch_stop(core, client);
    relay_client_key_gone(core, client, now);
    relay_client_enter(core, client, RELAY_CLIENT_STATE_CLOSING, now);
    goaway_count(core, reason);
}

/* Make room for the index of a new connection. The link numbers connections from 0 up to its
 * cap, so this table is bounded by that. */
static bool by_index_reserve(struct relay_core *core, uint32_t index)
{
    uint32_t capacity = core->by_index_capacity != 0 ? core->by_index_capacity : 64;
    struct relay_client **grown;

    if (index < core->by_index_capacity) {
        return true;
    }
    while (capacity <= index) {
        capacity *= 2;
    }
    grown = realloc(core->by_index, capacity * sizeof(struct relay_client *));
    if (grown == NULL) {
        return false;
    }
    memset(grown + core->by_index_capacity, 0,
           (capacity - core->by_index_capacity) * sizeof(struct relay_client *));
    core->by_index = grown;
    core->by_index_capacity = capacity;
    return true;
}

static struct relay_client *relay_client_new(struct relay_core *core,
                                             const struct link_event *event, struct mono now)
{
    struct relay_client *client;

    if (!by_index_reserve(core, event->handle.index) ||
        core->by_index[event->handle.index] != NULL) {
        return NULL;
    }
    client = calloc(1, sizeof(*client));
    if (client == NULL) {
        return NULL;
    }
    client->handle = event->handle;
    memcpy(client->key, event->peer->key, KEY_SIZE);
    client->remote = event->remote;
    client->opened_at = now;
    client->state = RELAY_CLIENT_STATE_STRANGER;
    client->deadline = mono_add_ms(now, ADMISSION_MS);
    limits_session_init(client, now);
    core->by_index[event->handle.index] = client;
    core->session_count++;
    core->stranger_count++;
    TAILQ_INSERT_TAIL(&core->strangers, client, in_waiting);
    return client;
}

/* Members come first: where strangers hold the last places, the one here for longest makes room. */
static bool pool_make_room(struct relay_core *core, const struct relay_client *client, bool member,
                           struct mono now)
{
    struct relay_client *stranger = TAILQ_FIRST(&core->strangers);

    if (session_index_count(core->index) < core->cfg.session_max) {
        return true;
    }
    if (!member || stranger == NULL || stranger == client) {
        return false;
    }
    relay_client_send_away(core, stranger, GOAWAY_BUSY, BUSY_RETRY_MS, now);
    return session_index_count(core->index) < core->cfg.session_max;
}

/* Put a new session into the pool; the older one of the same key ends. */
static bool relay_client_activate(struct relay_core *core, struct relay_client *client, bool member,
                                  struct mono now)
{
    bool replaced = false;
    uint64_t previous = 0;
    struct relay_client *older = relay_client_of_key(core, client->key);
    bool was_member = older != NULL && older->state == RELAY_CLIENT_STATE_MEMBER;

    if (older == NULL && !pool_make_room(core, client, member, now)) {
        return false;
    }
    if (session_index_put(core->index, client->key, handle_pack(client->handle), &replaced,
                          &previous) != ERR_OK) {
        return false;
    }
    older = replaced ? relay_client_at(core, handle_unpack(previous)) : NULL;
    if (older != NULL) {
        relay_client_send_away(core, older, GOAWAY_REPLACED, 0, now);
    }
    if (was_member && !member) { /* its admission ended in between: it must join first */
        punch_on_gone(core->punch, client->key);
        punch_flush(core);
        watch_online_changed(core, client->key, now);
    }
    return true;
}

void relay_client_on_open(struct relay_core *core, const struct link_event *event, struct mono now)
{
    struct relay_client *client = relay_client_new(core, event, now);
    char text[11];
    bool revoked = false;
    uint64_t until_ms;
    bool member;

    if (client == NULL) {
        core->counters.closed_busy++;
        link_hub_close(core->hub, event->handle, GOAWAY_BUSY, "out of memory", now);
        return;
    }
    core->counters.sessions_opened++;
    until_ms = ziglan_admitted_until(core, client->key, &revoked);
    member = until_ms > 0;
    env_trace(&core->env, TRACE_LEVEL_DEBUG, "session.open", "peer=%s member=%d",
              key_short(client->key, text), (int)member);
    if (core->stopping) {
        relay_client_send_away(core, client, GOAWAY_SHUTDOWN, 1000, now);
    } else if (revoked) {
        relay_client_send_away(core, client, GOAWAY_REVOKED, 0, now);
    } else if (member ? !limits_broadcast_take(core, client->key, now)
                      : !limits_stranger_enter(core, client)) {
        relay_client_send_away(core, client, GOAWAY_BUSY, BUSY_RETRY_MS, now);
    } else if (!relay_client_activate(core, client, member, now)) {
        relay_client_send_away(core, client, GOAWAY_BUSY, BUSY_RETRY_MS, now);
    } else if (member) {
        relay_client_admit(core, client, until_ms, now);
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

void relay_client_admit(struct relay_core *core, struct relay_client *client, uint64_t until_ms,
                        struct mono now)
{
    if (client->state == RELAY_CLIENT_STATE_STRANGER) {
        relay_client_enter(core, client, RELAY_CLIENT_STATE_MEMBER, now);
        watch_online_changed(core, client->key, now);
    }
    if (client->state == RELAY_CLIENT_STATE_MEMBER) {
        client->deadline = admission_deadline(core, until_ms, now);
    }
}

void relay_client_dismiss(struct relay_core *core, struct relay_client *client, struct mono now)
{
    if (client->state == RELAY_CLIENT_STATE_MEMBER) {
        watch_stop(core, client);
        relay_client_enter(core, client, RELAY_CLIENT_STATE_STRANGER, now);
    }
}

void relay_client_on_moved(struct relay_core *core, const struct link_event *event, struct mono now)
{
    struct relay_client *client = relay_client_at(core, event->handle);

    if (client == NULL || client->state == RELAY_CLIENT_STATE_CLOSING) {
        return;
    }
    core->counters.moved++;
    client->remote = event->remote;
    control_observed_send(core, client);
    /* Each partner of a punch is told, so whoever jumps to and fro is soon told of no more. */
    if (limits_broadcast_take(core, client->key, now)) {
        punch_on_moved(core->punch, client->key, &client->remote, now);
        punch_flush(core);
    }
}

void relay_client_on_closed(struct relay_core *core, const struct link_event *event,
                            struct mono now)
{
    struct relay_client *client = relay_client_at(core, event->handle);
    char text[11];

    if (client == NULL) {
        return; /* an anonymous connection, or one that never got to its Hello */
    }
    env_trace(&core->env, TRACE_LEVEL_DEBUG, "session.closed", "peer=%s reason=%d",
              key_short(client->key, text), (int)event->reason);
    if (client->state != RELAY_CLIENT_STATE_CLOSING) {
        core->counters.closed_ended++;
    }
    relay_client_key_gone(core, client, now);
    relay_client_unlist(core, client);
    core->by_index[client->handle.index] = NULL;
    core->session_count--;
    free(client);
}

void relay_client_expire(struct relay_core *core, struct mono now)
{
    struct relay_client *client = TAILQ_FIRST(&core->closing);

    while (client != NULL && mono_due(client->deadline, now)) {
        struct relay_client *next = TAILQ_NEXT(client, in_waiting);
        TAILQ_REMOVE(&core->closing, client, in_waiting);
        client->closed = true; /* the CLOSED event is what frees it */
        link_hub_close(core->hub, client->handle, 0, "goodbye", now);
        client = next;
    }
    client = TAILQ_FIRST(&core->strangers);
    while (client != NULL && !core->cfg.open_relay && mono_due(client->deadline, now)) {
        struct relay_client *next = TAILQ_NEXT(client, in_waiting);
        relay_client_send_away(core, client, GOAWAY_NOT_ADMITTED, 0, now);
        client = next;
    }
}

void relay_client_expire_admissions(struct relay_core *core, struct mono now)
{
    for (uint32_t i = 0; i < core->by_index_capacity; i++) {
        struct relay_client *client = core->by_index[i];
        if (client != NULL && client->state == RELAY_CLIENT_STATE_MEMBER &&
            mono_due(client->deadline, now)) {
            relay_client_send_away(core, client, GOAWAY_NOT_ADMITTED, 0, now);
        }
    }
}

struct mono relay_client_deadline(const struct relay_core *core)
{
    const struct relay_client *stranger = TAILQ_FIRST(&core->strangers);
    const struct relay_client *closing = TAILQ_FIRST(&core->closing);
    struct mono at = MONO_NEVER;

    if (stranger != NULL && !core->cfg.open_relay) {
        at = stranger->deadline;
    }
    return closing != NULL ? mono_min(at, closing->deadline) : at;
}
