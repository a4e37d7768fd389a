/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A frame is asked cheap questions first, because anybody can send it. */
#include "client/peer/handshake.h"

#include "client/peer/initiation.h"
#include "client/peer/life.h"
#include "client/peer/pathfinder.h"
#include "client/peer/send.h"
#include "proto/base/bytes.h"

#include <string.h>

enum { SOURCE_SIZE = KEY_SIZE };

static const struct bucket_rate load_rate = {HANDSHAKE_UNDER_LOAD_PER_S,
                                             HANDSHAKE_UNDER_LOAD_PER_S};

int handshake_desk_init(struct handshake_desk *desk, struct conversations *shared,
                        const struct peer_table *peers, struct mono now)
{
    static const struct bucket_rate source_rate = {HANDSHAKE_PER_SOURCE_PER_S,
                                                   2 * HANDSHAKE_PER_SOURCE_PER_S};

    *desk = (struct handshake_desk){.shared = shared, .peers = peers};
    bucket_init(&desk->load, &load_rate, now);
    cookie_baker_init(&desk->baker, shared->env, now);
    return bucket_table_new(&desk->sources, SOURCE_SIZE, HANDSHAKE_SOURCES_MAX, &source_rate,
                            shared->env);
}

void handshake_desk_fini(struct handshake_desk *desk)
{
    bucket_table_free(desk->sources);
    cookie_baker_wipe(&desk->baker);
    desk->sources = NULL;
}

static struct host_counters *counters_of(const struct handshake_desk *desk)
{
    return &desk->shared->dataplane->counters;
}

/* A source for buckets and cookies: ip:port when direct, the key that the relay vouches for when
 * relayed; one size, zero-padded. */
static void origin_source(const struct origin *origin, uint8_t source[SOURCE_SIZE])
{
    memset(source, 0, SOURCE_SIZE);
    if (origin->relay != NULL) {
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
    if (origin->relay == NULL) {
        be16_write(key + sizeof(origin->remote.ip), 0);
        if (!endpoint_is_v4(&origin->remote)) {
            memset(key + 8, 0, 8);
        }
    }
}

/* False if a relay brought the frame and says that another key sent it. */
static bool is_from(const struct origin *origin, const uint8_t key[KEY_SIZE])
{
    return origin->relay == NULL || memcmp(origin->source_key, key, KEY_SIZE) == 0;
}

/* ---- initiator ---- */

/* The conversation whose handshake on its way has this index, NULL if none. */
static struct conversation *initiator_of(const struct handshake_desk *desk, uint32_t index)
{
    struct conversation *a = receiver_index_find(&desk->shared->noise.indexes, index);

    return a != NULL && a->initiating.active && a->initiating.handshake.local_index == index ? a
                                                                                             : NULL;
}

static void receive_response(struct handshake_desk *desk, const struct origin *origin,
                             const uint8_t *frame, size_t size, struct host_io *io, struct mono now)
{
    struct receiver_indexes *indexes = &desk->shared->noise.indexes;
    uint32_t index;
    struct session_keys keys;

    if (!handshake_mac1_ok(desk->shared->local->identity, frame, size) ||
        !handshake_receiver_index(frame, size, &index)) {
        counters_of(desk)->frames_dropped++;
        return;
    }
    struct conversation *a = initiator_of(desk, index);
    if (a == NULL || !is_from(origin, a->peer->key)) {
        counters_of(desk)->unknown_index++;
        return;
    }
    int rc =
        handshake_read_response(&a->initiating.handshake, desk->shared->local, frame, size, &keys);
    if (rc == ERR_DROP) {
        counters_of(desk)->frames_dropped++;
        return;
    }
    initiation_end(a, true);
    if (rc != ERR_OK) { /* it chose what we did not offer: no session with this one */
        receiver_index_drop(indexes, index);
        env_trace(desk->shared->env, TRACE_LEVEL_WARN, "handshake.refused", "no common cipher");
        return;
    }
    a->peer->traffic.last_seen_at = now;
    if (life_adopt(a, &keys, true, io, now) != ERR_OK) {
        receiver_index_drop(indexes, index);
        return;
    }
    pathfinder_on_frame(a, origin, true, now);
}

static void receive_cookie_reply(struct handshake_desk *desk, const uint8_t *frame, size_t size,
                                 struct host_io *io, struct mono now)
{
    uint32_t index;
    uint8_t peer_x25519[KEY_SIZE];
    struct conversation *a =
        handshake_receiver_index(frame, size, &index) ? initiator_of(desk, index) : NULL;

    if (a == NULL || key_x25519(peer_x25519, a->peer->key) != ERR_OK ||
        cookie_jar_receive(&a->initiating.jar, peer_x25519, frame, size, now) != ERR_OK) {
        counters_of(desk)->frames_dropped++;
        return;
    }
    /* Whoever sees our frames can make cookie replies: they must not set the pace. */
    if (!a->initiating.hurried) {
        a->initiating.hurried = true;
        initiation_send(a, io, now);
    }
}

/* ---- responder ---- */

/* mac1; under load a cookie; then a bucket for each source. */
static bool worth_reading(struct handshake_desk *desk, const struct origin *origin,
                          const uint8_t *frame, size_t size, struct host_io *io, struct mono now)
{
    const struct identity *identity = desk->shared->local->identity;
    uint8_t source[SOURCE_SIZE];
    uint8_t bucket_key[SOURCE_SIZE];
    uint8_t reply[COOKIE_REPLY_SIZE];

    if (!handshake_mac1_ok(identity, frame, size)) {
        counters_of(desk)->frames_dropped++;
        return false;
    }
    origin_source(origin, source);
    if (!bucket_take(&desk->load, &load_rate, 1, now) &&
        !cookie_mac2_ok(&desk->baker, frame, size, source, sizeof(source), now)) {
        cookie_reply_write(&desk->baker, identity, frame, size, source, sizeof(source), now, reply);
        send_frame_to(desk->shared->dataplane, origin, reply, sizeof(reply), io);
        counters_of(desk)->cookies_sent++;
        return false;
    }
    origin_bucket_key(origin, bucket_key);
    if (!bucket_table_take(desk->sources, bucket_key, 1, now)) {
        counters_of(desk)->initiations_refused++;
        return false;
    }
    return true;
}

/* The peer with this key. Who is unknown may be a new member: then we ask the entry points, and the
 * next initiation finds it known. */
static struct peer *admitted_peer(struct handshake_desk *desk, const uint8_t key[KEY_SIZE],
                                  struct mono now)
{
    struct peer *peer = peer_find(desk->peers, key);
    struct ziglan *ziglan;

    if (peer != NULL && !peer->blocked) {
        return peer;
    }
    if (peer != NULL || blocks_have(desk->peers->blocks, key)) {
        counters_of(desk)->blocked++;
        return NULL;
    }
    counters_of(desk)->not_member++;
    TAILQ_FOREACH(ziglan, &desk->shared->ziglans->head, in_list)
    {
        ziglan_lookup_key(ziglan, key, now);
    }
    return NULL;
}

/* Both sides initiated at once: the initiation of the smaller key counts. Ours does not count if it
 * was repeated often, because then it does not seem to arrive. */
static bool ours_counts(const struct conversation *a)
{
    return a->initiating.active && a->initiating.handshake.local_index != 0 &&
           a->initiating.tries < 4 &&
           memcmp(a->shared->local->identity->public_key, a->peer->key, KEY_SIZE) < 0;
}

static void respond(struct conversation *a, struct handshake_initiation *initiation,
                    const struct origin *origin, struct host_io *io, struct mono now)
{
    struct conversations *shared = a->shared;
    uint8_t frame[HANDSHAKE_RESPONSE_SIZE];
    struct session_keys keys;
    uint32_t index = receiver_index_new(&shared->noise.indexes, a);

    if (index == 0) {
        handshake_initiation_wipe(initiation);
        return;
    }
    if (handshake_respond(initiation, shared->local, index, frame, &keys) != ERR_OK) {
        receiver_index_drop(&shared->noise.indexes, index);
        env_trace(shared->env, TRACE_LEVEL_WARN, "handshake.refused", "no common cipher");
        return;
    }
    if (life_adopt(a, &keys, false, io, now) != ERR_OK) {
        receiver_index_drop(&shared->noise.indexes, index);
        return;
    }
    send_frame_to(shared->dataplane, origin, frame, sizeof(frame), io);
}

static void receive_initiation(struct handshake_desk *desk, const struct origin *origin,
                               const uint8_t *frame, size_t size, struct host_io *io,
                               struct mono now)
{
    struct handshake_initiation initiation;

    if (!worth_reading(desk, origin, frame, size, io, now)) {
        return;
    }
    if (origin->relay != NULL && admitted_peer(desk, origin->source_key, now) == NULL) {
        return;
    }
    if (handshake_read_initiation(&initiation, desk->shared->local, frame, size) != ERR_OK) {
        counters_of(desk)->frames_dropped++;
        return;
    }
    struct peer *peer = admitted_peer(desk, initiation.peer_key, now);
    bool same_source = is_from(origin, initiation.peer_key);
    if (peer == NULL || !same_source || initiation.timestamp_ms <= peer->timestamp_ms) {
        counters_of(desk)->stale_timestamp += peer != NULL && same_source ? 1 : 0;
        handshake_initiation_wipe(&initiation);
        return;
    }
    struct conversation *a = life_of(peer, desk->shared, now);
    if (a == NULL || ours_counts(a)) {
        handshake_initiation_wipe(&initiation);
        return;
    }
    peer->timestamp_ms = initiation.timestamp_ms;
    respond(a, &initiation, origin, io, now);
}

void handshake_receive(struct handshake_desk *desk, const struct origin *origin,
                       const uint8_t *frame, size_t size, struct host_io *io, struct mono now)
{
    switch (frame[0]) {
    case FRAME_TYPE_INITIATION:
        receive_initiation(desk, origin, frame, size, io, now);
        break;
    case FRAME_TYPE_RESPONSE:
        receive_response(desk, origin, frame, size, io, now);
        break;
    case FRAME_TYPE_COOKIE_REPLY:
        receive_cookie_reply(desk, frame, size, io, now);
        break;
    default:
        counters_of(desk)->frames_dropped++;
        break;
    }
}
