/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/peer/conversation.h"

#include "proto/base/bytes.h"

#include <stdlib.h>
#include <string.h>

/* ---- sessions ---- */

static void session_free(struct noise_session *session)
{
    if (session == NULL) {
        return;
    }
    conversation_index_drop(session->conversation, session->local_index);
    if (session->widened) {
        (void)budget_move(&session->conversation->core->windows, SESSION_WINDOW_BYTES, 0);
    }
    transport_sender_free(session->control);
    transport_sender_free(session->data);
    transport_receiver_free(session->receiver);
    free(session);
}

static void session_replace(struct noise_session **slot, struct noise_session *session)
{
    session_free(*slot);
    *slot = session;
}

static int session_new(struct noise_session **out, struct conversation *a,
                       const struct session_keys *keys, bool initiator, struct mono now)
{
    struct noise_session *session = calloc(1, sizeof(*session));
    int rc = ERR_NOMEM;

    if (session == NULL) {
        return ERR_NOMEM;
    }
    session->conversation = a;
    session->local_index = keys->local_index;
    session->remote_index = keys->remote_index;
    session->initiator = initiator;
    session->aead = keys->aead;
    session->made_at = now;
    rc = transport_sender_new(&session->control, keys, FRAME_CHANNEL_CONTROL);
    if (rc == ERR_OK) {
        rc = transport_sender_new(&session->data, keys, FRAME_CHANNEL_DATA);
    }
    if (rc == ERR_OK) {
        rc = transport_receiver_new(&session->receiver, keys);
    }
    if (rc != ERR_OK) {
        session_free(session);
        return rc;
    }
    *out = session;
    return ERR_OK;
}

struct noise_session *conversation_session(struct conversation *a, uint32_t local_index)
{
    struct noise_session *const all[] = {a->current, a->next, a->previous};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i] != NULL && all[i]->local_index == local_index) {
            return all[i];
        }
    }
    return NULL;
}

uint32_t conversation_index_new(struct conversation *a)
{
    struct host_core *core = a->core;

    for (int i = 0; i < 16; i++) {
        uint32_t index;

        env_random(core->env, &index, sizeof(index));
        index &= ~UINT32_C(0xf); /* the low bits name the worker that owns the session: 0 */
        if (index == 0 || map_find_pointer(core->sessions_by_index, &index) != NULL) {
            continue;
        }
        return map_put_pointer(core->sessions_by_index, &index, a) == ERR_OK ? index : 0;
    }
    return 0;
}

void conversation_index_drop(struct conversation *a, uint32_t index)
{
    (void)map_remove(a->core->sessions_by_index, &index, NULL);
    if (a->core->index_last == index) {
        a->core->index_last = 0;
    }
}

/* ---- life ---- */

static void queue_forget(struct conversation *a)
{
    size_t charge = budget_charge(a->queue.bytes_capacity, CONVERSATION_QUEUE_BYTES_OWN);

    (void)budget_move(&a->core->queues, charge, 0);
    free(a->queue.bytes);
    a->queue = (struct plain_queue){0};
}

/* Where a ziglan counts in an array of counts; the last place is for those without any. */
static size_t ziglan_place(const struct host_core *core, const struct conversation *a)
{
    size_t i = 0;

    while (i < core->ziglans_count && core->ziglans[i] != a->peer->ziglan) {
        i++;
    }
    return i;
}

static uint64_t unused_ms(const struct conversation *a, struct mono now)
{
    return a->used_at.ns == MONO_NEVER.ns ? UINT64_MAX : mono_ms_between(a->used_at, now);
}

/* Whoever admits members can send as many as it likes to greet us. They displace each other, not
 * the peers of another ziglan, and nobody with whom this host talks. Rare, so it may search. */
static bool make_room(struct host_core *core, struct mono now)
{
    size_t counts[CORE_ZIGLANS_MAX + 1] = {0};
    struct conversation *victim = NULL;
    size_t crowd = 0;

    for (size_t i = 0; i < core->timers.count; i++) {
        size_t place =
            ziglan_place(core, HEAP_OWNER(core->timers.entries[i], struct conversation, timer));

        counts[place]++;
        crowd = counts[place] > counts[crowd] ? place : crowd;
    }
    for (size_t i = 0; i < core->timers.count; i++) {
        struct conversation *a = HEAP_OWNER(core->timers.entries[i], struct conversation, timer);

        if (ziglan_place(core, a) == crowd && unused_ms(a, now) > CONVERSATION_ACTIVE_MS &&
            (victim == NULL || unused_ms(a, now) > unused_ms(victim, now))) {
            victim = a;
        }
    }
    if (victim == NULL) {
        return false;
    }
    core->stats.conversations_displaced++;
    conversation_free(victim);
    return true;
}

struct conversation *conversation_of(struct peer *peer, struct host_core *core, struct mono now)
{
    struct conversation *a = peer->conversation;

    if (a != NULL) {
        return a;
    }
    if (core->conversations_count >= CORE_CONVERSATIONS_MAX && !make_room(core, now)) {
        return NULL;
    }
    a = calloc(1, sizeof(*a));
    if (a == NULL || heap_reserve(&core->timers, core->conversations_count + 1) != ERR_OK) {
        free(a);
        return NULL;
    }
    a->core = core;
    a->peer = peer;
    a->best = -1;
    a->handshake_at = MONO_NEVER;
    a->asked_at = MONO_NEVER;
    a->punch_wait_at = MONO_NEVER;
    a->retry.at = MONO_NEVER;
    a->active_until = now;
    a->used_at = MONO_NEVER;
    pathfinder_allow(a, now);
    peer->conversation = a;
    core->conversations_count++;
    conversation_wake(a, now);
    return a;
}

void conversation_free(struct conversation *a)
{
    if (a == NULL) {
        return;
    }
    if (a->initiating) {
        conversation_index_drop(a, a->handshake.local_index);
    }
    session_replace(&a->previous, NULL);
    session_replace(&a->current, NULL);
    session_replace(&a->next, NULL);
    handshake_wipe(&a->handshake);
    fragment_box_free(a->fragments);
    queue_forget(a);
    heap_remove(&a->core->timers, &a->timer);
    a->peer->conversation = NULL;
    a->core->conversations_count--;
    free(a);
}

void conversation_touch(struct conversation *a, struct mono now)
{
    struct mono until = mono_add_ms(now, CONVERSATION_ACTIVE_MS);

    /* Coarse on purpose: this runs once per batch, the timer is moved once per second. */
    if (mono_ms_between(a->active_until, until) >= 1000) {
        a->active_until = until;
    }
}

void conversation_wake(struct conversation *a, struct mono at)
{
    if (a->timer.position == 0 || mono_before(at, a->timer.deadline)) {
        CHECK(heap_set(&a->core->timers, &a->timer, at) == ERR_OK); /* room was reserved */
    }
}

/* ---- queue ---- */

static void queue_drop_first(struct conversation *a)
{
    struct plain_queue *queue = &a->queue;
    size_t size = queue->sizes[0];

    queue->count--;
    queue->bytes_used -= size;
    memmove(queue->bytes, queue->bytes + size, queue->bytes_used);
    memmove(queue->sizes, queue->sizes + 1, queue->count * sizeof(queue->sizes[0]));
    a->core->stats.queue_dropped++;
}

/* Room for more, as far as the queue's bound, the budget of all queues and the memory allow. */
static void queue_grow(struct conversation *a, size_t wanted)
{
    struct plain_queue *queue = &a->queue;
    size_t capacity = CONVERSATION_QUEUE_BYTES_OWN;

    while (capacity < wanted && capacity < CONVERSATION_QUEUE_BYTES_MAX) {
        capacity *= 2;
    }
    size_t before = budget_charge(queue->bytes_capacity, CONVERSATION_QUEUE_BYTES_OWN);
    size_t after = budget_charge(capacity, CONVERSATION_QUEUE_BYTES_OWN);

    if (capacity <= queue->bytes_capacity || !budget_move(&a->core->queues, before, after)) {
        return;
    }
    uint8_t *bytes = realloc(queue->bytes, capacity);
    if (bytes == NULL) {
        (void)budget_move(&a->core->queues, after, before);
        return;
    }
    queue->bytes = bytes;
    queue->bytes_capacity = capacity;
}

void conversation_queue(struct conversation *a, const uint8_t *plain, size_t size)
{
    struct plain_queue *queue = &a->queue;

    queue_grow(a, queue->bytes_used + size);
    if (size > queue->bytes_capacity || size > UINT16_MAX) {
        a->core->stats.queue_dropped++;
        return;
    }
    while (queue->count == CONVERSATION_QUEUE_MAX ||
           queue->bytes_used + size > queue->bytes_capacity) {
        queue_drop_first(a);
    }
    memcpy(queue->bytes + queue->bytes_used, plain, size);
    queue->sizes[queue->count++] = (uint16_t)size;
    queue->bytes_used += size;
}

static void queue_send(struct conversation *a, struct host_io *io, struct mono now)
{
    size_t at = 0;

    for (size_t i = 0; i < a->queue.count; i++) {
        dataplane_send_plain(a, a->queue.bytes + at, a->queue.sizes[i], io, now);
        at += a->queue.sizes[i];
    }
    queue_forget(a);
}

/* ---- sessions come and go ---- */

int conversation_adopt(struct conversation *a, struct session_keys *keys, bool initiator,
                       struct host_io *io, struct mono now)
{
    struct noise_session *session = NULL;
    int rc = session_new(&session, a, keys, initiator, now);

    session_keys_wipe(keys);
    if (rc != ERR_OK) {
        return rc;
    }
    a->core->stats.handshakes++;
    if (!initiator) {
        session_replace(&a->next, session);
        conversation_wake(a, now);
        return ERR_OK;
    }
    /* A `next` stays what it is. If both had begun at once, the peer may already use the session
     * that it began; if somebody replayed an initiation, nobody ever will, and what is on its way
     * on the session in use until now must still open. */
    session_replace(&a->previous, a->current);
    a->current = session;
    pathfinder_on_session(a, true, io, now);
    queue_send(a, io, now);
    conversation_wake(a, now);
    return ERR_OK;
}

void conversation_confirm(struct conversation *a, struct noise_session *session, struct host_io *io,
                          struct mono now)
{
    if (session != a->next) {
        return;
    }
    session_replace(&a->previous, a->current);
    a->current = session;
    a->next = NULL;
    if (a->initiating) { /* both had begun; this session serves both */
        conversation_index_drop(a, a->handshake.local_index);
        handshake_wipe(&a->handshake);
        a->initiating = false;
        a->handshake_at = MONO_NEVER;
    }
    pathfinder_on_session(a, false, io, now);
    queue_send(a, io, now);
    conversation_wake(a, now);
}

static bool session_over(const struct noise_session *session, struct mono now)
{
    return mono_ms_between(session->made_at, now) >= CONVERSATION_REJECT_MS ||
           transport_receiver_exhausted(session->receiver) ||
           transport_sender_exhausted(session->data) ||
           transport_sender_exhausted(session->control);
}

static bool session_wants_rekey(const struct noise_session *session, struct mono now)
{
    uint64_t limit_ms =
        session->initiator ? CONVERSATION_REKEY_MS : CONVERSATION_REKEY_RESPONDER_MS;

    return mono_ms_between(session->made_at, now) >= limit_ms ||
           transport_sender_wants_rekey(session->data) ||
           transport_sender_wants_rekey(session->control) ||
           transport_receiver_wants_rekey(session->receiver);
}

static void begin_handshake(struct conversation *a, struct host_io *io, struct mono now)
{
    a->handshake_tries = 0;
    a->handshake_hurried = false;
    handshake_io_initiate(a, io, now);
}

bool conversation_ready(struct conversation *a, struct host_io *io, struct mono now)
{
    if (a->current != NULL && session_over(a->current, now)) {
        session_replace(&a->current, NULL);
    }
    bool ready = a->current != NULL;

    if (!a->initiating && (!ready || session_wants_rekey(a->current, now))) {
        begin_handshake(a, io, now);
    }
    return ready;
}

static struct mono silence_deadline(const struct conversation *a)
{
    return a->best >= 0 || a->initiating ? MONO_NEVER
                                         : mono_add_ms(a->asked_at, CONVERSATION_SILENCE_MS);
}

/* A peer that was restarted drops what is sealed for its former life, and cannot say so. */
static void replace_silent_session(struct conversation *a, struct host_io *io, struct mono now)
{
    if (mono_due(silence_deadline(a), now)) {
        begin_handshake(a, io, now);
    }
}

static void expire_sessions(struct conversation *a, struct mono now)
{
    struct noise_session **const all[] = {&a->previous, &a->current, &a->next};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (*all[i] != NULL && session_over(*all[i], now)) {
            session_replace(all[i], NULL);
        }
    }
}

static struct mono sessions_deadline(const struct conversation *a)
{
    const struct noise_session *const all[] = {a->previous, a->current, a->next};
    struct mono at = MONO_NEVER;

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i] != NULL) {
            at = mono_min(at, mono_add_ms(all[i]->made_at, CONVERSATION_REJECT_MS));
        }
    }
    return at;
}

static void give_up_handshake(struct conversation *a)
{
    conversation_index_drop(a, a->handshake.local_index);
    handshake_wipe(&a->handshake);
    a->initiating = false;
    a->handshake_at = MONO_NEVER;
    a->core->stats.queue_dropped += a->queue.count;
    queue_forget(a);
}

static void expire_handshake(struct conversation *a, struct host_io *io, struct mono now)
{
    if (!mono_due(a->handshake_at, now)) {
        return;
    }
    if (a->handshake_tries >= CONVERSATION_HANDSHAKE_TRIES_MAX) {
        give_up_handshake(a);
        return;
    }
    a->handshake_hurried = false;
    handshake_io_initiate(a, io, now);
}

void conversation_expire(struct conversation *a, struct host_io *io, struct mono now)
{
    struct mono again;

    expire_sessions(a, now);
    expire_handshake(a, io, now);
    if (a->fragments != NULL) {
        fragment_box_expire(a->fragments, now);
    }
    /* With traffic going on, the next session is made before this one is refused. */
    if (a->current != NULL && mono_before(now, a->active_until)) {
        (void)conversation_ready(a, io, now);
        replace_silent_session(a, io, now);
    }
    again = pathfinder_expire(a, io, now);
    if (a->previous == NULL && a->current == NULL && a->next == NULL && !a->initiating) {
        conversation_free(a);
        return;
    }
    again = mono_min(again, mono_min(a->handshake_at, sessions_deadline(a)));
    if (a->fragments != NULL) {
        again = mono_min(again, fragment_box_deadline(a->fragments));
    }
    if (a->current != NULL && mono_before(now, a->active_until) && !a->initiating) {
        uint64_t rekey_ms =
            a->current->initiator ? CONVERSATION_REKEY_MS : CONVERSATION_REKEY_RESPONDER_MS;
        struct mono rekey_at = mono_add_ms(a->current->made_at, rekey_ms);

        again = mono_min(again, mono_before(now, rekey_at) ? rekey_at : mono_add_ms(now, 1000));
        again = mono_min(again, silence_deadline(a));
    }
    CHECK(heap_set(&a->core->timers, &a->timer, again) == ERR_OK);
}
