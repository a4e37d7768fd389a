/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Letting sessions in, their admission, and their end. */
#include "relayd/service/session.h"

#include "proto/crypto/identity.h"
#include "relayd/service/attaching.h"
#include "relayd/service/member.h"
#include "relayd/service/session_refusal.h"

enum { STOPPING_RETRY_MS = 1000 };

/* ---- the end ---- */

/* The session of a key ends. If a newer one took its place, the key is still here and nothing
 * changes. */
static void key_gone(struct session_service *service, const struct relay_client *client,
                     struct mono now)
{
    if (!session_table_deactivate(&service->base->sessions, client)) {
        return;
    }
    punch_service_gone(service->punches, client->key, now);
    attaching_on_gone(service->presence, client->key);
    forward_relay_gone(service->forwards, client->key);
    block_table_gone(service->base->blocks, client->key);
    pool_service_gone(service->pools, client->key);
    if (client->state == RELAY_CLIENT_STATE_MEMBER) {
        watch_online_changed(service->watches, client->key, now);
    }
}

static void goaway_count(struct relay_counters *counters, enum goaway reason)
{
    switch (reason) {
    case GOAWAY_SHUTDOWN:
        counters->closed_shutdown++;
        break;
    case GOAWAY_REPLACED:
        counters->closed_replaced++;
        break;
    case GOAWAY_REVOKED:
        counters->closed_revoked++;
        break;
    case GOAWAY_BUSY:
        counters->closed_busy++;
        break;
    case GOAWAY_NOT_ADMITTED:
        counters->closed_not_admitted++;
        break;
    case GOAWAY_FORGOTTEN:
        counters->closed_forgotten++;
        break;
    }
}

/* Say in the log who is sent away and why. That the relay stops is a line of its own. */
static void tell_sent_away(struct session_service *service, const struct relay_client *client,
                           enum goaway reason, struct mono now)
{
    const struct relay_base *base = service->base;
    uint32_t left_out;

    if (reason == GOAWAY_SHUTDOWN ||
        !log_gate_take(&service->log, (unsigned)reason, &left_out, now)) {
        return;
    }
    struct member_label who = member_label(base, client->key);

    env_trace(&base->env, TRACE_LEVEL_INFO, "session.ended",
              "peer=%s name=%s reason=%s left_out=%u", who.peer, who.name, goaway_name(reason),
              (unsigned)left_out);
}

static void send_away(struct session_service *service, struct relay_client *client,
                      enum goaway reason, uint32_t reconnect_in_ms, const char *text,
                      struct mono now)
{
    struct relay_base *base = service->base;
    const struct go_away why = {.reason = reason,
                                .reconnect_in_ms = reconnect_in_ms,
                                .lanes_ms = reason == GOAWAY_SHUTDOWN ? service->lanes_ms : 0,
                                .text = text};

    reply_go_away(&base->reply, client, &why);
    neighbour_on_away(&base->neighbours, client, reconnect_in_ms, now);
    watch_stop(service->watches, client);
    lane_service_leave(service->lanes, client);
    key_gone(service, client, now);
    relay_client_enter(&base->sessions.lists, client, RELAY_CLIENT_STATE_CLOSING, now);
    goaway_count(&base->counters, reason);
    tell_sent_away(service, client, reason, now);
}

void session_send_away(struct session_service *service, struct relay_client *client,
                       enum goaway reason, uint32_t reconnect_in_ms, struct mono now)
{
    send_away(service, client, reason, reconnect_in_ms, NULL, now);
}

/* There is no room for this session. */
static void refuse(struct session_service *service, struct relay_client *client,
                   enum session_refusal refusal, struct mono now)
{
    const struct session_refusal_words *words =
        session_refusal_note(&service->base->counters, refusal);

    send_away(service, client, GOAWAY_BUSY, words->again_in_ms, words->text, now);
}

void session_on_closed(struct session_service *service, const struct link_event *event,
                       struct mono now)
{
    struct relay_base *base = service->base;
    struct relay_client *client = session_table_at(&base->sessions, event->handle);
    char text[KEY_SHORT_SIZE];

    neighbour_on_closed(&base->neighbours, client, event, now);
    if (client == NULL) {
        return; /* an anonymous connection, or one that never got to its Hello */
    }
    env_trace(&base->env, TRACE_LEVEL_DEBUG, "session.closed", "peer=%s reason=%s",
              key_short(client->key, text), link_reason_name(event->reason));
    if (relay_client_is_active(client)) {
        base->counters.closed_ended++;
    }
    lane_service_leave(service->lanes, client);
    key_gone(service, client, now);
    watch_stop(service->watches, client);
    node_watch_gone(service->node_watches, client);
    use_on_closed(service->uses, client);
    session_table_remove(&base->sessions, client, now);
}

/* ---- admission ---- */

/* When an admission ends, by the monotonic clock: setting the wall clock later ends no session. */
static struct mono admission_deadline(const struct env *env, const struct directory_until *until,
                                      struct mono now)
{
    uint64_t wall_ms = env_wall_ms(env);
    uint64_t left_ms = until->ms > wall_ms ? until->ms - wall_ms : 0;

    left_ms = left_ms < DIRECTORY_ADMISSION_MS ? left_ms : DIRECTORY_ADMISSION_MS;
    return mono_add_ms(now, left_ms + (until->ends ? 0 : RECORD_CLOCK_SKEW_MS));
}

void session_admit(struct session_service *service, struct relay_client *client,
                   const struct directory_until *until, struct mono now)
{
    struct relay_base *base = service->base;

    if (client->state == RELAY_CLIENT_STATE_STRANGER) {
        relay_client_enter(&base->sessions.lists, client, RELAY_CLIENT_STATE_MEMBER, now);
        lane_kept_take_over(&service->lanes->kept, client);
        watch_online_changed(service->watches, client->key, now);
        attaching_on_admitted(service->presence, client->key, now);
    }
    if (client->state == RELAY_CLIENT_STATE_MEMBER) {
        client->use.member = true;
        client->deadline = admission_deadline(&base->env, until, now);
        service->ends_at =
            until->ends ? mono_min(service->ends_at, client->deadline) : service->ends_at;
    }
}

void session_dismiss(struct session_service *service, struct relay_client *client, struct mono now)
{
    watch_stop(service->watches, client);
    lane_service_leave(service->lanes, client);
    relay_client_enter(&service->base->sessions.lists, client, RELAY_CLIENT_STATE_STRANGER, now);
    punch_service_gone(service->punches, client->key, now);
    if (!pool_service_may(service->pools, client)) {
        pool_service_gone(service->pools, client->key);
    }
}

/* When the admission of this key ends; 0 if it has none or it is over. *revoked is true if the key
 * is revoked. */
static struct directory_until admitted_until(const struct relay_base *base,
                                             const uint8_t key[KEY_SIZE], bool *revoked)
{
    struct directory_until until = {0};

    *revoked = base->directory != NULL &&
               directory_status(base->directory, key) == DIRECTORY_STATUS_REVOKED;
    if (base->directory == NULL || *revoked) {
        return until;
    }
    until = directory_admitted_until(base->directory, key);
    if (!record_unexpired(until.ms, env_wall_ms(&base->env))) {
        until.ms = 0;
    }
    return until;
}

/* ---- the beginning ---- */

/* Members come first: on a full relay, whoever has been a stranger for longest makes room for one.
 * False if there is no room. */
static bool room_make(struct session_service *service, const struct relay_client *client,
                      bool member, struct mono now)
{
    struct session_table *sessions = &service->base->sessions;
    struct relay_client *stranger = TAILQ_FIRST(&sessions->lists.strangers);

    if (session_table_key_count(sessions) < service->base->cfg.session_max) {
        return true;
    }
    if (!member || stranger == NULL || stranger == client) {
        return false;
    }
    refuse(service, stranger, SESSION_REFUSAL_DISPLACED, now);
    return session_table_key_count(sessions) < service->base->cfg.session_max;
}

/* Make a new session the active one of its key; the older one of the key ends. False if there is no
 * room for it. */
static bool activate(struct session_service *service, struct relay_client *client, bool member,
                     struct mono now)
{
    struct session_table *sessions = &service->base->sessions;
    struct relay_client *older = session_table_of_key(sessions, client->key);
    bool was_member = older != NULL && older->state == RELAY_CLIENT_STATE_MEMBER;

    if (older == NULL && !room_make(service, client, member, now)) {
        return false;
    }
    if (session_table_activate(sessions, client, &older) != ERR_OK) {
        return false;
    }
    if (older != NULL) {
        session_send_away(service, older, GOAWAY_REPLACED, 0, now);
        pool_service_gone(service->pools, client->key); /* it may have been started anew */
    }
    if (was_member && !member) { /* the admission ended in between: it must join again */
        punch_service_gone(service->punches, client->key, now);
        watch_online_changed(service->watches, client->key, now);
    } else if (older != NULL) {
        punch_service_replaced(service->punches, client, now);
    }
    return true;
}

/* A host that is not revoked is let in, unless there is no room for it. */
static void let_in(struct session_service *service, struct relay_client *client,
                   const struct directory_until *until, const struct link_event *event,
                   struct mono now)
{
    struct limits *limits = &service->base->limits;
    bool member = until->ms > 0;
    enum limits_verdict share =
        member ? LIMITS_OK : limits_stranger_enter(limits, &client->limits, &client->remote);

    if (member && !limits_broadcast_take(limits, client->key, now)) {
        refuse(service, client, SESSION_REFUSAL_OFTEN, now);
    } else if (share != LIMITS_OK) {
        refuse(service, client, share == LIMITS_NET ? SESSION_REFUSAL_NET : SESSION_REFUSAL_ADDRESS,
               now);
    } else if (!activate(service, client, member, now)) {
        refuse(service, client, SESSION_REFUSAL_FULL, now);
    } else {
        attaching_on_open(service->presence, client, &event->hello->attachment, now);
        if (member) {
            session_admit(service, client, until, now);
        }
    }
}

void session_on_open(struct session_service *service, const struct link_event *event,
                     struct mono now)
{
    struct relay_base *base = service->base;
    struct relay_client *client = session_table_add(&base->sessions, event, now);
    char text[KEY_SHORT_SIZE];
    bool revoked = false;
    struct directory_until until;

    if (client == NULL) {
        base->counters.closed_busy++;
        link_hub_close(base->hub, event->handle, GOAWAY_BUSY, "out of memory", now);
        return;
    }
    base->counters.sessions_opened++;
    env_random(&base->env, &client->told_session, sizeof(client->told_session));
    client->told_session |= 1; /* never 0 */
    if (neighbour_is_meant(event)) {
        if (service->stopping) {
            session_send_away(service, client, GOAWAY_SHUTDOWN, STOPPING_RETRY_MS, now);
        } else {
            neighbour_on_open(&base->neighbours, client, event, now);
        }
        return;
    }
    until = admitted_until(base, client->key, &revoked);
    env_trace(&base->env, TRACE_LEVEL_DEBUG, "session.open", "peer=%s as=%s",
              key_short(client->key, text), until.ms > 0 ? "member" : "stranger");
    if (service->stopping) {
        session_send_away(service, client, GOAWAY_SHUTDOWN, STOPPING_RETRY_MS, now);
    } else if (revoked) {
        session_send_away(service, client, GOAWAY_REVOKED, 0, now);
    } else {
        let_in(service, client, &until, event, now);
    }
}

/* ---- between ---- */

/* Tell a session where it is seen from. */
static void observed_send(struct reply *reply, const struct relay_client *client)
{
    Ziglan__Address address = ZIGLAN__ADDRESS__INIT;
    Ziglan__ObservedAddress body = ZIGLAN__OBSERVED_ADDRESS__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    address.ip = control_ip(&client->remote);
    address.port = client->remote.port;
    body.address = &address;
    message.body_case = ZIGLAN__CONTROL__BODY_OBSERVED_ADDRESS;
    message.observed_address = &body;
    reply_send(reply, client, &message);
}

void session_on_moved(struct session_service *service, const struct link_event *event,
                      struct mono now)
{
    struct relay_base *base = service->base;
    struct relay_client *client = session_table_at(&base->sessions, event->handle);

    if (client == NULL || !relay_client_is_active(client)) {
        return;
    }
    base->counters.moved++;
    client->remote = event->remote;
    observed_send(&base->reply, client);
    lane_service_on_moved(service->lanes, client, now);
    /* All partners of its punches hear of a move, so moves are limited, too. */
    if (client->neighbour == NULL && limits_move_take(&base->limits, client->key, now)) {
        punch_service_moved(service->punches, client, now);
    }
}

void session_send_hosts(struct session_service *service, const struct relay_client *client)
{
    struct relay_base *base = service->base;
    Ziglan__RelayHosts body = ZIGLAN__RELAY_HOSTS__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    if (base->public_hosts[0] == '\0') {
        return;
    }
    body.hosts = base->public_hosts;
    message.body_case = ZIGLAN__CONTROL__BODY_RELAY_HOSTS;
    message.relay_hosts = &body;
    reply_send(&base->reply, client, &message);
}

void session_hosts_changed(struct session_service *service)
{
    const struct session_table *sessions = &service->base->sessions;
    uint32_t at = 0;

    for (const struct relay_client *client = session_table_next(sessions, &at); client != NULL;
         client = session_table_next(sessions, &at)) {
        if (client->state == RELAY_CLIENT_STATE_MEMBER) {
            session_send_hosts(service, client);
        }
    }
}

/* ---- time ---- */

void session_expire(struct session_service *service, struct mono now)
{
    struct relay_base *base = service->base;
    struct relay_client *client = TAILQ_FIRST(&base->sessions.lists.closing);

    while (client != NULL && mono_due(client->deadline, now)) {
        struct relay_client *next = TAILQ_NEXT(client, in_waiting);
        relay_client_enter(&base->sessions.lists, client, RELAY_CLIENT_STATE_CLOSED, now);
        link_hub_close(base->hub, client->handle, 0, "goodbye", now);
        client = next;
    }
    client = TAILQ_FIRST(&base->sessions.lists.strangers);
    while (client != NULL && !base->cfg.open_relay && mono_due(client->deadline, now)) {
        struct relay_client *next = TAILQ_NEXT(client, in_waiting);
        session_send_away(service, client, GOAWAY_NOT_ADMITTED, 0, now);
        client = next;
    }
    if (mono_due(service->ends_at, now)) {
        session_expire_admissions(service, now);
    }
}

struct mono session_deadline(const struct session_service *service)
{
    const struct relay_client_lists *lists = &service->base->sessions.lists;
    const struct relay_client *stranger = TAILQ_FIRST(&lists->strangers);
    const struct relay_client *closing = TAILQ_FIRST(&lists->closing);
    struct mono at = service->ends_at;

    if (stranger != NULL && !service->base->cfg.open_relay) {
        at = mono_min(at, stranger->deadline);
    }
    return closing != NULL ? mono_min(at, closing->deadline) : at;
}

void session_expire_admissions(struct session_service *service, struct mono now)
{
    const struct session_table *sessions = &service->base->sessions;
    uint32_t at = 0;

    service->ends_at = MONO_NEVER;
    for (struct relay_client *client = session_table_next(sessions, &at); client != NULL;
         client = session_table_next(sessions, &at)) {
        if (client->state != RELAY_CLIENT_STATE_MEMBER) {
            continue;
        }
        if (mono_due(client->deadline, now)) {
            session_send_away(service, client, GOAWAY_NOT_ADMITTED, 0, now);
        } else {
            service->ends_at = mono_min(service->ends_at, client->deadline);
        }
    }
}

void session_shutdown(struct session_service *service, uint32_t reconnect_in_ms, bool keeps_lanes,
                      struct mono now)
{
    const struct session_table *sessions = &service->base->sessions;
    uint32_t at = 0;

    service->stopping = true;
    if (keeps_lanes && lane_kept_begin(&service->lanes->kept, now)) {
        service->lanes_ms = LANES_KEPT_MS;
    }
    neighbour_shutdown(&service->base->neighbours, now);
    for (struct relay_client *client = session_table_next(sessions, &at); client != NULL;
         client = session_table_next(sessions, &at)) {
        if (relay_client_is_active(client)) {
            session_send_away(service, client, GOAWAY_SHUTDOWN, reconnect_in_ms, now);
        }
    }
    env_trace(&service->base->env, TRACE_LEVEL_INFO, "relay.shutdown", "sessions=%u",
              (unsigned)sessions->count);
}

bool session_is_stopped(const struct session_service *service)
{
    return service->stopping && service->base->sessions.count == 0;
}
