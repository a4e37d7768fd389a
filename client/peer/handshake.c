/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/peer/conversation.h"

#include "proto/base/bytes.h"

#include <string.h>

enum {
    TIMESTAMP_RESERVE_MS = 600 * 1000, /* one write to the store covers this much */
    SOURCE_SIZE = KEY_SIZE,
};

/* ---- what both directions need ---- */

/* A source for buckets and cookies: ip:port when direct, the key that the relay vouches for when
 * relayed; one size, zero-padded. */
static void origin_source(const struct origin *origin, uint8_t source[SOURCE_SIZE])
{
    memset(source, 0, SOURCE_SIZE);
    if (origin->relayed != NULL) {
        memcpy(source, origin->source_key, KEY_SIZE);
        return;
    }
    memcpy(source, origin->remote.ip, sizeof(origin->remote.ip));
    be16_write(source + sizeof(origin->remote.ip), origin->remote.port);
}

/* Buckets count per IPv4 address or IPv6 /64: ports and the rest cost an attacker nothing. */
static void origin_bucket_key(const struct origin *origin, uint8_t key[SOURCE_SIZE])
{
    origin_source(origin, key);
    if (origin->relayed == NULL) {
        be16_write(key + sizeof(origin->remote.ip), 0);
        if (!endpoint_is_v4(&origin->remote)) {
            memset(key + 8, 0, 8);
        }
    }
}

/* Timestamps only grow, over restarts too: a mark is stored ahead of use, so that one write
 * covers many handshakes and a clock that jumped back does not shut us out. */
static uint64_t next_timestamp(struct host_core *core)
{
    uint64_t wall_ms = env_wall_ms(core->env);
    uint64_t next = wall_ms > core->timestamp_ms ? wall_ms : core->timestamp_ms + 1;

    if (next > core->timestamp_reserved_ms) {
        uint8_t mark[8];

        be64_write(mark, next + TIMESTAMP_RESERVE_MS);
        if (store_write(core->store, STORE_TABLE_META, "timestamp", 9, mark, sizeof(mark)) ==
            ERR_OK) {
            core->timestamp_reserved_ms = next + TIMESTAMP_RESERVE_MS;
        } else {
            env_trace(core->env, TRACE_LEVEL_ERROR, "handshake.store",
                      "the handshake time mark could not be stored; free some disk space");
        }
    }
    core->timestamp_ms = next;
    return next;
}

/* ---- initiator ---- */

static uint64_t repeat_after_ms(const struct conversation *a)
{
    uint64_t ms = CONVERSATION_HANDSHAKE_MS_FIRST;

    for (unsigned i = 1; i < a->handshake_tries && ms < CONVERSATION_HANDSHAKE_MS_MAX; i++) {
        ms *= 2;
    }
    if (ms > CONVERSATION_HANDSHAKE_MS_MAX) {
        ms = CONVERSATION_HANDSHAKE_MS_MAX;
    }
    return ms + env_random_below(a->core->env, (uint32_t)(ms / 5));
}

void handshake_io_initiate(struct conversation *a, struct host_io *io, struct mono now)
{
    struct host_core *core = a->core;
    uint8_t frame[HANDSHAKE_INITIATION_SIZE];
    bool reachable = a->best >= 0 || pathfinder_relay(a) != NULL;

    if (a->initiating) {
        conversation_index_drop(a, a->handshake.local_index);
        handshake_wipe(&a->handshake);
    }
    a->initiating = true;
    a->handshake_tries++;
    a->handshake_at = mono_add_ms(now, repeat_after_ms(a));
    a->handshake.local_index = 0;
    conversation_wake(a, a->handshake_at);
    if (!reachable) {
        /* No way to the peer yet. Its queue waits; a relay that opens wakes us (core.c). */
        return;
    }
    uint32_t index = conversation_index_new(a);
    if (index == 0 || handshake_initiate(&a->handshake, &core->local, a->peer->key, index,
                                         next_timestamp(core), frame) != ERR_OK) {
        conversation_index_drop(a, index);
        a->handshake.local_index = 0;
        return;
    }
    cookie_jar_stamp(&a->jar, frame, sizeof(frame), now);
    /* A repeated one goes by the relay, should the direct path be what swallowed the first. */
    if (a->handshake_tries > 1 && pathfinder_relay(a) != NULL) {
        struct origin origin = {.relayed = pathfinder_relay(a), .source_key = a->peer->key};

        pathfinder_send_to(core, &origin, frame, sizeof(frame), io);
        return;
    }
    pathfinder_send_best(a, frame, sizeof(frame), io, now);
}

static void receive_response(struct host_core *core, const struct origin *origin,
                             const uint8_t *frame, size_t size, struct host_io *io, struct mono now)
{
    uint32_t index;
    struct session_keys keys;

    if (!handshake_receiver_index(frame, size, &index)) {
        core->stats.frames_dropped++;
        return;
    }
    struct conversation *a = map_find_pointer(core->sessions_by_index, &index);
    if (a == NULL || !a->initiating || a->handshake.local_index != index ||
        (origin->relayed != NULL && memcmp(origin->source_key, a->peer->key, KEY_SIZE) != 0)) {
        core->stats.unknown_index++;
        return;
    }
    int rc = handshake_read_response(&a->handshake, &core->local, frame, size, &keys);
    if (rc == ERR_DROP) {
        core->stats.frames_dropped++;
        return;
    }
    a->initiating = false;
    a->handshake_at = MONO_NEVER;
    if (rc != ERR_OK) { /* it chose what we did not offer: no session with this one */
        conversation_index_drop(a, index);
        env_trace(core->env, TRACE_LEVEL_WARN, "handshake.refused", "no common cipher");
        return;
    }
    a->peer->last_seen_at = now;
    if (conversation_adopt(a, &keys, true, io, now) != ERR_OK) {
        conversation_index_drop(a, index);
        return;
    }
    pathfinder_on_frame(a, origin, now);
}

static void receive_cookie_reply(struct host_core *core, const uint8_t *frame, size_t size,
                                 struct host_io *io, struct mono now)
{
    uint32_t index;
    uint8_t peer_x25519[KEY_SIZE];

    if (!handshake_receiver_index(frame, size, &index)) {
        core->stats.frames_dropped++;
        return;
    }
    struct conversation *a = map_find_pointer(core->sessions_by_index, &index);
    if (a == NULL || !a->initiating || a->handshake.local_index != index ||
        key_x25519(peer_x25519, a->peer->key) != ERR_OK ||
        cookie_jar_receive(&a->jar, peer_x25519, frame, size, now) != ERR_OK) {
        core->stats.frames_dropped++;
        return;
    }
    /* Whoever sees our frames can make cookie replies: they must not set the pace. */
    if (!a->handshake_hurried) {
        a->handshake_hurried = true;
        handshake_io_initiate(a, io, now);
    }
}

/* ---- responder ---- */

/* Cheap questions first: mac1, then a bucket per source, then a cookie under load. */
static bool worth_reading(struct host_core *core, const struct origin *origin, const uint8_t *frame,
                          size_t size, struct host_io *io, struct mono now)
{
    uint8_t source[SOURCE_SIZE];
    uint8_t bucket_key[SOURCE_SIZE];
    uint8_t reply[COOKIE_REPLY_SIZE];

    if (!handshake_mac1_ok(core->local.identity, frame, size)) {
        core->stats.frames_dropped++;
        return false;
    }
    origin_source(origin, source);
    if (!bucket_take(&core->load, &core_load_rate, 1, now) &&
        !cookie_mac2_ok(&core->baker, frame, size, source, sizeof(source), now)) {
        cookie_reply_write(&core->baker, core->local.identity, frame, size, source, sizeof(source),
                           now, reply);
        pathfinder_send_to(core, origin, reply, sizeof(reply), io);
        core->stats.cookies_sent++;
        return false;
    }
    origin_bucket_key(origin, bucket_key);
    if (!bucket_table_take(core->sources, bucket_key, 1, now)) {
        core->stats.initiations_refused++;
        return false;
    }
    return true;
}

/* Who is no member may be one of whom we have not heard yet: ask; its retry finds it known. */
static struct peer *admitted_peer(struct host_core *core, const uint8_t key[KEY_SIZE],
                                  struct mono now)
{
    struct peer *peer = peer_find(core, key);

    if (peer != NULL) {
        return peer;
    }
    core->stats.not_member++;
    for (size_t i = 0; i < core->ziglans_count; i++) {
        ziglan_lookup_key(core->ziglans[i], key, core->hub, now);
    }
    return NULL;
}

/* Both sides initiated at once: the initiation of the smaller key counts. Ours gives way also if
 * it has been repeated often, for then it does not seem to arrive. */
static bool ours_counts(const struct conversation *a)
{
    return a->initiating && a->handshake.local_index != 0 && a->handshake_tries < 4 &&
           memcmp(a->core->local.identity->public_key, a->peer->key, KEY_SIZE) < 0;
}

static void respond(struct conversation *a, struct handshake_initiation *initiation,
                    const struct origin *origin, struct host_io *io, struct mono now)
{
    struct host_core *core = a->core;
    uint8_t frame[HANDSHAKE_RESPONSE_SIZE];
    struct session_keys keys;
    uint32_t index = conversation_index_new(a);

    if (index == 0) {
        handshake_initiation_wipe(initiation);
        return;
    }
    if (handshake_respond(initiation, &core->local, index, frame, &keys) != ERR_OK) {
        conversation_index_drop(a, index);
        env_trace(core->env, TRACE_LEVEL_WARN, "handshake.refused", "no common cipher");
        return;
    }
    if (conversation_adopt(a, &keys, false, io, now) != ERR_OK) {
        conversation_index_drop(a, index);
        return;
    }
    pathfinder_send_to(core, origin, frame, sizeof(frame), io);
}

static void receive_initiation(struct host_core *core, const struct origin *origin,
                               const uint8_t *frame, size_t size, struct host_io *io,
                               struct mono now)
{
    struct handshake_initiation initiation;

    if (!worth_reading(core, origin, frame, size, io, now)) {
        return;
    }
    if (origin->relayed != NULL && admitted_peer(core, origin->source_key, now) == NULL) {
        return;
    }
    if (handshake_read_initiation(&initiation, &core->local, frame, size) != ERR_OK) {
        core->stats.frames_dropped++;
        return;
    }
    struct peer *peer = admitted_peer(core, initiation.peer_key, now);
    bool same_source =
        origin->relayed == NULL || memcmp(origin->source_key, initiation.peer_key, KEY_SIZE) == 0;
    if (peer == NULL || !same_source || initiation.timestamp_ms <= peer->timestamp_ms) {
        core->stats.stale_timestamp += peer != NULL && same_source ? 1 : 0;
        handshake_initiation_wipe(&initiation);
        return;
    }
    struct conversation *a = conversation_of(peer, core, now);
    if (a == NULL || ours_counts(a)) {
        handshake_initiation_wipe(&initiation);
        return;
    }
    peer->timestamp_ms = initiation.timestamp_ms;
    respond(a, &initiation, origin, io, now);
}

void handshake_io_receive(struct host_core *core, const struct origin *origin, const uint8_t *frame,
                          size_t size, struct host_io *io, struct mono now)
{
    switch (frame[0]) {
    case FRAME_TYPE_INITIATION:
        receive_initiation(core, origin, frame, size, io, now);
        break;
    case FRAME_TYPE_RESPONSE:
        if (handshake_mac1_ok(core->local.identity, frame, size)) {
            receive_response(core, origin, frame, size, io, now);
        } else {
            core->stats.frames_dropped++;
        }
        break;
    case FRAME_TYPE_COOKIE_REPLY:
        receive_cookie_reply(core, frame, size, io, now);
        break;
    default:
        core->stats.frames_dropped++;
        break;
    }
}
