/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Changes of the directory, and who comes and goes, streamed to members who watch. Each watcher has
 * its own place in both streams, so a slow one delays nobody, and one that was away long enough to
 * lose its place gets everything again. A member of whom nothing was said is offline.
 */
#include "relayd/core/core_internal.h"

#include <string.h>

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

static void batch_send(struct relay_core *core, struct relay_client *client, struct batch *batch,
                       bool more)
{
    Ziglan__Changes body = ZIGLAN__CHANGES__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.n_members = batch->count;
    body.members = batch->pointers;
    body.sequence = client->watch.sequence;
    body.more = more;
    message.request_id = client->watch.request_id;
    message.body_case = ZIGLAN__CONTROL__BODY_CHANGES;
    message.changes = &body;
    client->watch.request_id = 0; /* only the first one is the answer */
    core->counters.changes_sent++;
    control_send(core, client, &message);
}

static bool is_online(const struct relay_core *core, const uint8_t key[KEY_SIZE])
{
    const struct relay_client *client = relay_client_of_key(core, key);

    return client != NULL && client->state == RELAY_CLIENT_STATE_MEMBER;
}

static bool directory_waits(const struct relay_core *core, const struct relay_client *client)
{
    return !client->watch.directory_done ||
           client->watch.sequence < directory_sequence(core->directory);
}

static bool online_waits(const struct relay_core *core, const struct relay_client *client)
{
    return client->watch.enumerate || client->watch.online_at < core->online_next;
}

/* The next piece of the directory. False if the store fails. */
static bool directory_send(struct relay_core *core, struct relay_client *client)
{
    struct batch batch = {.count = 0};
    struct directory_chunk *chunk = &core->chunk;
    enum verdict verdict = directory_changes(core->directory, client->watch.sequence, chunk);

    if (verdict != VERDICT_OK) {
        ziglan_note_store(core, verdict); /* but a successful read proves nothing about writing */
        return false;
    }
    for (size_t i = 0; i < chunk->count; i++) {
        struct directory_change *change = &chunk->changes[i];
        Ziglan__Member *member = batch_add(&batch);

        member->member_part = control_bytes(change->member_part, change->member_part_size);
        member->admission = control_bytes(change->admission, change->admission_size);
        member->revocation = control_bytes(change->revocation, change->revocation_size);
        member->online = is_online(core, change->key);
        member->sequence = change->sequence;
    }
    client->watch.sequence = chunk->sequence;
    client->watch.directory_done = !chunk->more;
    if (batch.count > 0 || client->watch.request_id != 0) {
        batch_send(core, client, &batch, chunk->more || online_waits(core, client));
    }
    return true;
}

static void online_add(struct relay_core *core, struct batch *batch, const uint8_t key[KEY_SIZE])
{
    struct directory_entry *entry = &core->entries[batch->count];

    /* Somebody who was thrown out meanwhile is told of by the directory's own stream. */
    if (directory_find_key(core->directory, key, entry) == VERDICT_OK &&
        entry->admission_size > 0) {
        ziglan_member_fill(core, batch_add(batch), entry);
    }
}

/* Who is online now, for a watcher whose backlog did not begin at the start. */
static void enumerate_send(struct relay_core *core, struct relay_client *client)
{
    struct watch *watch = &client->watch;
    struct batch batch = {.count = 0};

    while (batch.count < WATCH_ONLINE_PER_MESSAGE &&
           watch->enumerate_at < core->by_index_capacity) {
        const struct relay_client *other = core->by_index[watch->enumerate_at++];
        if (other != NULL && other->state == RELAY_CLIENT_STATE_MEMBER) {
            online_add(core, &batch, other->key);
        }
    }
    watch->enumerate = watch->enumerate_at < core->by_index_capacity;
    if (batch.count > 0) {
        batch_send(core, client, &batch, online_waits(core, client));
    }
}

/* Who came or went since this watcher was told last. */
static void online_send(struct relay_core *core, struct relay_client *client)
{
    struct watch *watch = &client->watch;
    struct batch batch = {.count = 0};

    while (batch.count < WATCH_ONLINE_PER_MESSAGE && watch->online_at < core->online_next) {
        const uint8_t *key = core->online_ring[watch->online_at++ % ONLINE_RING_SIZE];
        online_add(core, &batch, key);
    }
    if (batch.count > 0) {
        batch_send(core, client, &batch, online_waits(core, client));
    }
}

/* Tell one watcher what it does not know yet, a bounded amount. True if there is more. */
static bool watcher_turn(struct relay_core *core, struct relay_client *client)
{
    struct watch *watch = &client->watch;

    if (core->online_next - watch->online_at > ONLINE_RING_SIZE) {
        watch->online_at = core->online_next; /* it lost its place: everything again */
        watch->sequence = 0;
        watch->directory_done = false;
    }
    /* A slow reader gets its next piece when it took the last ones. */
    if (link_hub_control_waiting(core->hub, client->handle) > WATCH_WAITING_MAX) {
        return true;
    }
    for (int sent = 0; sent < WATCH_MESSAGES_PER_TURN; sent++) {
        if (directory_waits(core, client)) {
            if (!directory_send(core, client)) {
                return false; /* tried again with the next change */
            }
        } else if (watch->enumerate) {
            enumerate_send(core, client);
        } else if (watch->online_at < core->online_next) {
            online_send(core, client);
        } else {
            return false;
        }
    }
    return true;
}

static void changes_due(struct relay_core *core, struct mono now)
{
    core->changes_at = mono_min(core->changes_at, mono_add_ms(now, WATCH_BATCH_MS));
}

void watch_on_watch(struct relay_core *core, struct relay_client *client,
                    const Ziglan__Control *message, struct mono now)
{
    const Ziglan__Watch *body = message->watch;

    if (!body->all) {
        control_refuse(core, client, message->request_id, VERDICT_UNSUPPORTED,
                       "watching single members is not offered; watch all");
        return;
    }
    if (directory_member_count(core->directory) > core->cfg.watch_max) {
        control_refuse(core, client, message->request_id, VERDICT_LIMIT,
                       "the ziglan is too large to be watched as a whole; look members up");
        return;
    }
    if (!limits_broadcast_take(core, client->key, now)) {
        core->counters.control_news++;
        control_refuse(core, client, message->request_id, VERDICT_LIMIT, NULL);
        return;
    }
    watch_stop(core, client);
    client->watch = (struct watch){
        .on = true,
        .request_id = message->request_id,
        .sequence = body->since,
        .enumerate = body->since > 0,
        .online_at = core->online_next,
    };
    TAILQ_INSERT_TAIL(&core->watchers, client, in_watchers);
    core->watcher_count++;
    if (watcher_turn(core, client)) {
        changes_due(core, now);
    }
}

void watch_changed(struct relay_core *core, struct mono now)
{
    if (!TAILQ_EMPTY(&core->watchers)) {
        changes_due(core, now);
    }
}

void watch_online_changed(struct relay_core *core, const uint8_t key[KEY_SIZE], struct mono now)
{
    memcpy(core->online_ring[core->online_next++ % ONLINE_RING_SIZE], key, KEY_SIZE);
    watch_changed(core, now);
}

void watch_expire(struct relay_core *core, struct mono now)
{
    uint64_t sent_max = core->counters.changes_sent + WATCH_MESSAGES_PER_EXPIRE;
    uint32_t waiting = core->watcher_count;
    bool more = false;

    if (!mono_due(core->changes_at, now)) {
        return;
    }
    core->changes_at = MONO_NEVER;
    for (; waiting > 0 && core->counters.changes_sent < sent_max; waiting--) {
        struct relay_client *client = TAILQ_FIRST(&core->watchers);
        /* Whoever had a turn goes to the end, so that all get theirs. */
        TAILQ_REMOVE(&core->watchers, client, in_watchers);
        TAILQ_INSERT_TAIL(&core->watchers, client, in_watchers);
        more = watcher_turn(core, client) || more;
    }
    if (waiting > 0) {
        core->changes_at = now; /* the sockets first, then those who are left */
    } else if (more) {
        changes_due(core, now);
    }
}

void watch_stop(struct relay_core *core, struct relay_client *client)
{
    if (client->watch.on) {
        TAILQ_REMOVE(&core->watchers, client, in_watchers);
        core->watcher_count--;
        client->watch.on = false;
    }
}
