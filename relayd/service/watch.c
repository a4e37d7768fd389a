/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose turn it is to be told, and what one message tells. */
#include "relayd/service/watch.h"

#include "relayd/service/member.h"

#include <stdlib.h>
#include <string.h>

void watch_service_init(struct watch_service *service, struct relay_base *base)
{
    service->base = base;
    service->changes_at = MONO_NEVER;
    TAILQ_INIT(&service->watches);
}

void watch_service_fini(struct watch_service *service)
{
    struct watch *watch = TAILQ_FIRST(&service->watches);

    while (watch != NULL) {
        struct watch *next = TAILQ_NEXT(watch, in_watches);
        free(watch);
        watch = next;
    }
}

/* One Changes message under construction. */
struct batch {
    Ziglan__Member members[DIRECTORY_CHUNK_COUNT_MAX];
    Ziglan__Member *pointers[DIRECTORY_CHUNK_COUNT_MAX];
    size_t count;
};

static Ziglan__Member *batch_add(struct batch *batch)
{
    Ziglan__Member *member = &batch->members[batch->count];

    ziglan__member__init(member);
    batch->pointers[batch->count++] = member;
    return member;
}

static struct mono settle_end(const struct watch_service *service)
{
    return mono_add_ms(service->base->started_at, WATCH_SETTLE_MS);
}

/* Whoever is back first would take the others for offline, who come a moment later. */
static bool is_settling(const struct watch_service *service, struct mono now)
{
    const struct relay_base *base = service->base;

    return session_table_key_count(&base->sessions) < base->missed_count &&
           !mono_due(settle_end(service), now);
}

static void batch_send(struct watch_service *service, struct watch *watch, struct batch *batch,
                       bool more)
{
    Ziglan__Changes body = ZIGLAN__CHANGES__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.n_members = batch->count;
    body.members = batch->pointers;
    body.sequence = watch->sequence;
    body.more = more || service->settling;
    message.request_id = watch->request_id;
    message.body_case = ZIGLAN__CONTROL__BODY_CHANGES;
    message.changes = &body;
    watch->request_id = 0; /* only the first message is the answer to the Watch */
    watch->more_told = body.more;
    service->base->counters.changes_sent++;
    reply_send(&service->base->reply, watch->client, &message);
}

static bool directory_waits(const struct watch_service *service, const struct watch *watch)
{
    return !watch->directory_done || watch->sequence < directory_sequence(service->base->directory);
}

static bool online_waits(const struct watch_service *service, const struct watch *watch)
{
    return watch->enumerate || watch->online_at < service->online_next;
}

/* Send the next part of the directory. False if the store fails. */
static bool directory_send(struct watch_service *service, struct watch *watch)
{
    struct relay_base *base = service->base;
    struct batch batch = {.count = 0};
    struct directory_chunk *chunk = &service->chunk;
    enum verdict verdict = directory_changes(base->directory, watch->sequence, chunk);

    if (verdict != VERDICT_OK) {
        /* Only the failure is noted: a read that succeeds proves nothing about writing. */
        store_health_note(&base->health, verdict);
        return false;
    }
    for (size_t i = 0; i < chunk->count; i++) {
        struct directory_change *change = &chunk->changes[i];
        Ziglan__Member *member = batch_add(&batch);

        member->member_part = control_bytes(change->member_part, change->member_part_size);
        member->admission = control_bytes(change->admission, change->admission_size);
        member->revocation = control_bytes(change->revocation, change->revocation_size);
        member->sequence = change->sequence;
        member_fill_online(base, member, change->key);
    }
    watch->sequence = chunk->sequence;
    watch->directory_done = !chunk->more;
    if (batch.count > 0 || watch->request_id != 0) {
        batch_send(service, watch, &batch, chunk->more || online_waits(service, watch));
    }
    return true;
}

static void online_add(struct watch_service *service, struct batch *batch,
                       const uint8_t key[KEY_SIZE])
{
    struct directory_entry *row = &service->rows[batch->count];

    /* The stream of the directory tells of those who were revoked in the meantime. */
    if (directory_find_key(service->base->directory, key, row) == VERDICT_OK &&
        row->admission_size > 0) {
        member_fill(service->base, batch_add(batch), row);
    }
}

/* Send the next members who are online, to a watcher that did not ask for the whole directory. */
static void enumerate_send(struct watch_service *service, struct watch *watch)
{
    const struct session_table *sessions = &service->base->sessions;
    struct batch batch = {.count = 0};

    while (batch.count < WATCH_ONLINE_PER_MESSAGE) {
        const struct relay_client *other = session_table_next(sessions, &watch->enumerate_at);
        if (other == NULL) {
            break;
        }
        if (other->state == RELAY_CLIENT_STATE_MEMBER) {
            online_add(service, &batch, other->key);
        }
    }
    watch->enumerate = watch->enumerate_at < sessions->capacity;
    if (batch.count > 0) {
        batch_send(service, watch, &batch, online_waits(service, watch));
    }
}

/* Send who came or went since this watcher was told last. */
static void online_send(struct watch_service *service, struct watch *watch)
{
    struct batch batch = {.count = 0};

    while (batch.count < WATCH_ONLINE_PER_MESSAGE && watch->online_at < service->online_next) {
        const uint8_t *key = service->online_ring[watch->online_at++ % ONLINE_RING_SIZE];
        online_add(service, &batch, key);
    }
    if (batch.count > 0) {
        batch_send(service, watch, &batch, online_waits(service, watch));
    }
}

/* What was announced turned out to be nothing: say that this is all. */
static void end_send(struct watch_service *service, struct watch *watch)
{
    struct batch batch = {.count = 0};

    if (watch->more_told && !service->settling) {
        batch_send(service, watch, &batch, false);
    }
}

/* Tell one watcher the next WATCH_MESSAGES_PER_TURN messages. True if there is more to tell. */
static bool watcher_turn(struct watch_service *service, struct watch *watch)
{
    if (service->online_next - watch->online_at > ONLINE_RING_SIZE) {
        watch->online_at = service->online_next; /* its place is overwritten: all again */
        watch->sequence = 0;
        watch->directory_done = false;
    }
    /* A slow reader gets the next messages when it has taken the former ones. */
    if (link_hub_control_waiting(service->base->hub, watch->client->handle) > WATCH_WAITING_MAX) {
        return true;
    }
    for (int sent = 0; sent < WATCH_MESSAGES_PER_TURN; sent++) {
        if (directory_waits(service, watch)) {
            if (!directory_send(service, watch)) {
                return false; /* tried again with the next change */
            }
        } else if (watch->enumerate) {
            enumerate_send(service, watch);
        } else if (watch->online_at < service->online_next) {
            online_send(service, watch);
        } else {
            end_send(service, watch);
            return false;
        }
    }
    return true;
}

static void changes_due(struct watch_service *service, struct mono now)
{
    service->changes_at = mono_min(service->changes_at, mono_add_ms(now, WATCH_BATCH_MS));
}

/* The watch of a session, a new one if it has none, now the last of all to have a turn. NULL
 * without memory. */
static struct watch *watch_of(struct watch_service *service, struct relay_client *client)
{
    struct watch *watch = client->watch;

    if (watch != NULL) {
        TAILQ_REMOVE(&service->watches, watch, in_watches);
    } else {
        watch = calloc(1, sizeof(*watch));
        if (watch == NULL) {
            return NULL;
        }
        watch->client = client;
        client->watch = watch;
        service->count++;
    }
    TAILQ_INSERT_TAIL(&service->watches, watch, in_watches);
    return watch;
}

void watch_on_watch(struct watch_service *service, struct relay_client *client,
                    const Ziglan__Control *message, struct mono now)
{
    struct relay_base *base = service->base;
    const Ziglan__Watch *body = message->watch;
    struct watch *watch;

    if (!body->all) {
        reply_refuse(&base->reply, client, message->request_id, VERDICT_UNSUPPORTED,
                     "watching single members is not offered; watch all");
        return;
    }
    if (directory_member_count(base->directory) > base->cfg.watch_max) {
        reply_refuse(&base->reply, client, message->request_id, VERDICT_LIMIT,
                     "the ziglan is too large to be watched as a whole; look members up");
        return;
    }
    if (!limits_broadcast_take(&base->limits, client->key, now)) {
        base->counters.control_broadcast++;
        reply_refuse(&base->reply, client, message->request_id, VERDICT_LIMIT,
                     "this host opened or changed too much at once; try again in a minute");
        return;
    }
    watch = watch_of(service, client);
    if (watch == NULL) {
        reply_refuse(&base->reply, client, message->request_id, VERDICT_UNAVAILABLE, NULL);
        return;
    }
    service->settling = is_settling(service, now);
    watch->request_id = message->request_id;
    watch->sequence = body->since;
    watch->directory_done = false;
    watch->enumerate = body->since > 0;
    watch->enumerate_at = 0;
    watch->online_at = service->online_next;
    if (watcher_turn(service, watch)) {
        changes_due(service, now);
    }
}

void watch_changed(struct watch_service *service, struct mono now)
{
    if (!TAILQ_EMPTY(&service->watches)) {
        changes_due(service, now);
    }
}

void watch_online_changed(struct watch_service *service, const uint8_t key[KEY_SIZE],
                          struct mono now)
{
    memcpy(service->online_ring[service->online_next++ % ONLINE_RING_SIZE], key, KEY_SIZE);
    watch_changed(service, now);
}

void watch_stop(struct watch_service *service, struct relay_client *client)
{
    if (client->watch != NULL) {
        TAILQ_REMOVE(&service->watches, client->watch, in_watches);
        service->count--;
        free(client->watch);
        client->watch = NULL;
    }
}

void watch_expire(struct watch_service *service, struct mono now)
{
    uint64_t sent_max = service->base->counters.changes_sent + WATCH_MESSAGES_PER_EXPIRE;
    uint32_t waiting = service->count;
    bool more = false;

    if (service->settling && !is_settling(service, now)) {
        service->settling = false;
        service->changes_at = now;
    }
    if (!mono_due(service->changes_at, now)) {
        return;
    }
    service->changes_at = MONO_NEVER;
    for (; waiting > 0 && service->base->counters.changes_sent < sent_max; waiting--) {
        struct watch *watch = TAILQ_FIRST(&service->watches);
        /* Who has a turn goes to the end, so that all get theirs. */
        TAILQ_REMOVE(&service->watches, watch, in_watches);
        TAILQ_INSERT_TAIL(&service->watches, watch, in_watches);
        more = watcher_turn(service, watch) || more;
    }
    if (waiting > 0) {
        service->changes_at = now; /* the others come after the sockets had their turn */
    } else if (more) {
        changes_due(service, now);
    }
}

struct mono watch_deadline(const struct watch_service *service)
{
    return service->settling ? mono_min(service->changes_at, settle_end(service))
                             : service->changes_at;
}
