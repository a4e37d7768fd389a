/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes, sends and repeats the initiations of this host. */
#include "client/peer/initiation.h"

#include "client/peer/locating.h"
#include "client/peer/send.h"

/* Peers drop an initiation whose timestamp is not larger than the last one. */
static uint64_t next_timestamp(struct conversations *shared)
{
    uint64_t next;

    if (growing_next(&shared->timestamps, shared->store, INITIATION_MARK, env_wall_ms(shared->env),
                     &next) != ERR_OK) {
        env_trace(shared->env, TRACE_LEVEL_ERROR, "handshake.store",
                  "the handshake time mark could not be stored; free some disk space");
    }
    return next;
}

/* When an answer is overdue: whoever repeats an initiation has forgotten the first one, so that its
 * answer comes in vain. Of the way to the peer only the part to the own relay is known. */
static uint64_t first_ms(const struct conversation *a)
{
    const struct path *relayed = path_table_relayed(&a->paths);
    uint64_t rtt_ns =
        relayed != NULL ? link_hub_rtt_ns(relayed->relay->hub, relayed->relay->active) : 0;

    return INITIATION_MS_FIRST + INITIATION_ROUND_TRIPS * rtt_ns / NS_PER_MS;
}

static uint64_t repeat_after_ms(const struct conversation *a)
{
    unsigned count = a->initiating.tries + a->initiating.waits;
    uint64_t ms = first_ms(a);

    for (unsigned i = 1; i < count && ms < INITIATION_MS_MAX; i++) {
        ms *= 2;
    }
    if (ms > INITIATION_MS_MAX) {
        ms = INITIATION_MS_MAX;
    }
    return ms + env_random_below(a->shared->env, (uint32_t)(ms / 5));
}

/* False if no index is free, if memory is short, or if the peer's key is not a valid one. */
static bool make(struct conversation *a, uint8_t frame[HANDSHAKE_INITIATION_SIZE])
{
    struct receiver_indexes *indexes = &a->shared->noise.indexes;
    uint32_t index = receiver_index_new(indexes, a);

    if (index == 0 || handshake_initiate(&a->initiating.handshake, a->shared->local, a->peer->key,
                                         index, next_timestamp(a->shared), frame) != ERR_OK) {
        receiver_index_drop(indexes, index);
        a->initiating.handshake.local_index = 0;
        return false;
    }
    return true;
}

/* A peer that was heard on our LAN is asked there as well: perhaps no relay is in reach, and if one
 * is, the LAN is faster. The first copy counts, the other one is old then. */
static void send_near(struct conversation *a, const struct lan_place *near, const uint8_t *frame,
                      size_t size, struct host_io *io, struct mono now)
{
    for (size_t i = 0; near != NULL && i < near->count; i++) {
        const struct origin to = {.remote = near->at[i]};

        if (own_addresses_on_lan(a->shared->underlay, &near->at[i]) &&
            allowance_take(&a->allowance, NULL, now)) {
            send_frame_to(a->shared->dataplane, &to, frame, size, io);
        }
    }
}

/* Where it was heard on our LAN, if that is worth anything; if nothing is known, the LAN is asked
 * (core/lan.h). */
static const struct lan_place *near_place(struct conversation *a, const struct path *path,
                                          struct mono now)
{
    struct lan_places *places = &a->shared->lan;
    const struct lan_place *near =
        path_is_direct(path) ? NULL : lan_places_find(places, a->peer->key, now);

    places->wanted = places->wanted || (path == NULL && near == NULL);
    return near;
}

void initiation_send(struct conversation *a, struct host_io *io, struct mono now)
{
    struct initiating *i = &a->initiating;
    uint8_t frame[HANDSHAKE_INITIATION_SIZE];
    struct path *path = path_table_present(&a->paths);
    struct path *relayed = path_table_relayed(&a->paths);
    const struct lan_place *near = near_place(a, path, now);
    bool way = path != NULL || near != NULL;

    if (i->active) {
        receiver_index_drop(&a->shared->noise.indexes, i->handshake.local_index);
        handshake_wipe(&i->handshake);
    }
    i->active = true;
    i->tries += way ? 1 : 0;
    i->waits = way ? 0 : i->waits + 1;
    i->at = mono_add_ms(now, repeat_after_ms(a));
    i->handshake.local_index = 0;
    conversation_wake(a, i->at);
    /* Without a way to the peer its queue waits for the next try, or for initiation_wake. */
    if (!way || !make(a, frame)) {
        return;
    }
    i->sent_at = now;
    if (i->tries > 1 || a->peer->ziglan == NULL) { /* a member is where its ziglan is, first */
        locating_ask(a, now);
    }
    cookie_jar_stamp(&i->jar, frame, sizeof(frame), now);
    /* The direct path may have lost the first initiation, so a repeated one goes by a relay; and so
     * does the first one if the peer is silent already. */
    bool silent = i->tries > 1 || a->relayed.asked_at.ns != MONO_NEVER.ns;
    send_near(a, near, frame, sizeof(frame), io, now);
    if (path != NULL) {
        send_frame(a, silent && relayed != NULL ? relayed : path, frame, sizeof(frame), io, now);
    }
}

void initiation_begin(struct conversation *a, struct host_io *io, struct mono now)
{
    a->initiating.tries = 0;
    a->initiating.waits = 0;
    a->initiating.hurried = false;
    initiation_send(a, io, now);
}

void initiation_wake(struct conversation *a, struct mono now)
{
    if (a->initiating.active && a->initiating.handshake.local_index == 0) {
        a->initiating.at = now;
    }
}

void initiation_again(struct conversation *a, struct mono now)
{
    receiver_index_drop(&a->shared->noise.indexes, a->initiating.handshake.local_index);
    handshake_wipe(&a->initiating.handshake);
    a->initiating.handshake.local_index = 0;
    a->initiating.tries = 0;
    a->initiating.at = now;
}

void initiation_end(struct conversation *a, bool keep_index)
{
    struct initiating *i = &a->initiating;

    if (i->active && !keep_index) {
        receiver_index_drop(&a->shared->noise.indexes, i->handshake.local_index);
        handshake_wipe(&i->handshake);
    }
    i->active = false;
    i->at = MONO_NEVER;
}

void initiation_give_up(struct conversation *a)
{
    initiation_end(a, false);
    a->shared->dataplane->counters.queue_dropped += a->queue.count;
    queue_clear(&a->queue, &a->shared->queues);
}

/* The last initiation had no answer. If it went through a relay, the peer may not be at that relay
 * (any more), so the next initiation goes through another, if there is one. */
static void doubt_relay(struct conversation *a, struct mono now)
{
    const struct initiating *i = &a->initiating;
    struct path *relayed = path_table_relayed(&a->paths);
    bool by_relay = i->tries > 1 || path_table_direct(&a->paths) == NULL;

    if (relayed != NULL && by_relay && i->handshake.local_index != 0) {
        path_relay_doubt(relayed, i->sent_at, now);
    }
}

void initiation_expire(struct conversation *a, struct host_io *io, struct mono now)
{
    if (!mono_due(a->initiating.at, now)) {
        return;
    }
    if (a->initiating.tries + a->initiating.waits >= INITIATION_TRIES_MAX) {
        initiation_give_up(a);
        return;
    }
    a->initiating.hurried = false;
    if (a->initiating.tries > 1 && a->sessions.current == NULL) {
        locating_on_silence(a->peer);
    }
    doubt_relay(a, now);
    initiation_send(a, io, now);
}
