/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bounds of docs/security.md inside a host: each is filled, and found to hold. */
#include "client/core/core.h"
#include "client/core/core_internal.h"
#include "client/core/dataplane.h"
#include "client/core/membership.h"
#include "client/peer/conversation.h"
#include "client/peer/life.h"
#include "client/peer/pathfinder.h"
#include "client/peer/pinging.h"
#include "client/stun2/punch_round.h"
#include "proto/base/bytes.h"
#include "proto/crypto/cookie.h"
#include "proto/crypto/handshake.h"
#include "tests/support/env.h"
#include "tests/support/fixture.h"
#include "tests/support/host_node.h"

/* A host without any ziglan. */
struct alone {
    struct test_env ports;
    struct mono now;
    struct host_node node;
};

/* A ziglan as far as peers see it, with an entry point that is never dialled. */
struct lone_ziglan {
    struct ziglan ziglan; /* first: freed with the whole */
    struct relay_session entry;
};

static struct ziglan *lone_ziglan(void)
{
    struct lone_ziglan *lone = calloc(1, sizeof(*lone));

    assert_non_null(lone);
    lone->ziglan.entry_point = &lone->entry;
    return &lone->ziglan;
}

/* What it sends goes nowhere. */
static void send_nowhere(void *context, const struct host_node *node)
{
    (void)context;
    (void)node;
}

static int alone_new(void **state)
{
    static const uint8_t ip[4] = {192, 0, 2, 30};
    static const uint8_t seed[IDENTITY_SEED_SIZE] = {1};
    struct alone *alone = calloc(1, sizeof(*alone));
    struct endpoint address = endpoint_v4(ip, 5000);
    struct identity identity;

    assert_non_null(alone);
    assert_int_equal(identity_library_init(), ERR_OK);
    test_env_init(&alone->ports, 0);
    alone->now.ns = NS_PER_S;
    assert_int_equal(link_library_init(&alone->ports.env), ERR_OK);
    identity_from_seed(&identity, seed);
    host_node_init(&alone->node, &alone->ports.env, &identity, &address);
    memcpy(alone->node.cfg.name, "alone", sizeof("alone"));
    alone->node.send = send_nowhere;
    host_node_start(&alone->node, alone->now);
    *state = alone;
    return 0;
}

static int alone_free(void **state)
{
    struct alone *alone = *state;

    host_node_fini(&alone->node);
    link_library_fini();
    free(alone);
    return 0;
}

/* Time passes, and the core runs as in the shell: at its deadlines. */
static void alone_run(struct alone *alone, uint64_t ms)
{
    for (uint64_t i = 0; i < ms; i++) {
        alone->now = mono_add_ms(alone->now, 1);
        if (mono_due(host_core_deadline(alone->node.core), alone->now)) {
            host_core_expire(alone->node.core, &alone->node.io, alone->now);
        }
    }
}

static struct endpoint somewhere(unsigned i, uint16_t port)
{
    const uint8_t ip[4] = {203, 0, (uint8_t)(i >> 8), (uint8_t)i};

    return endpoint_v4(ip, port);
}

/* A stranger's initiation to the host, right to the last byte, from an address. */
static void initiate(struct alone *alone, const struct endpoint *from)
{
    static const uint8_t seed[IDENTITY_SEED_SIZE] = {2};
    struct identity stranger;
    struct handshake_local local = {
        .identity = &stranger, .aeads = aead_list_local(), .env = &alone->ports.env};
    struct handshake handshake;
    uint8_t frame[HANDSHAKE_INITIATION_SIZE];
    struct dgram in = {.remote = *from, .data = frame, .size = sizeof(frame)};

    identity_from_seed(&stranger, seed);
    assert_int_equal(handshake_initiate(&handshake, &local, alone->node.identity.public_key, 16,
                                        TEST_WALL_MS, frame),
                     ERR_OK);
    host_core_receive(alone->node.core, &in, &alone->node.io, alone->now);
    handshake_wipe(&handshake);
}

static void under_load_strangers_get_cookies_smaller_than_what_they_sent(void **state)
{
    struct alone *alone = *state;
    struct endpoint last = somewhere(1000, 5000);

    for (unsigned i = 0; i < HANDSHAKE_UNDER_LOAD_PER_S; i++) {
        struct endpoint from = somewhere(i, 5000);

        initiate(alone, &from);
    }
    assert_int_equal(alone->node.core->dataplane.counters.not_member, HANDSHAKE_UNDER_LOAD_PER_S);
    assert_int_equal(alone->node.box.items_count, 0); /* strangers get no answer at all */
    initiate(alone, &last);
    assert_int_equal(alone->node.core->dataplane.counters.cookies_sent, 1);
    assert_int_equal(alone->node.box.items_count, 1);
    assert_int_equal(alone->node.box.items[0].size, COOKIE_REPLY_SIZE);
    assert_true(endpoint_equal(&alone->node.box.items[0].remote, &last));
    assert_int_equal(alone->node.core->conversations.count, 0);
}

static void one_address_gets_its_share_of_handshakes_only(void **state)
{
    enum { BURST = 2 * HANDSHAKE_PER_SOURCE_PER_S };
    struct alone *alone = *state;

    for (unsigned i = 0; i < BURST + 5; i++) { /* a port of its own each time does not help */
        struct endpoint from = somewhere(7, (uint16_t)(5000 + i));

        initiate(alone, &from);
    }
    assert_int_equal(alone->node.core->dataplane.counters.not_member, BURST);
    assert_int_equal(alone->node.core->dataplane.counters.initiations_refused, 5);
    assert_int_equal(alone->node.box.items_count, 0);
}

static void what_is_no_frame_of_a_member_is_not_answered(void **state)
{
    struct alone *alone = *state;
    static const size_t sizes[] = {1, 16, 40, COOKIE_REPLY_SIZE, HANDSHAKE_INITIATION_SIZE};
    struct endpoint from = somewhere(1, 5000);
    uint8_t data[HANDSHAKE_INITIATION_SIZE] = {0};

    for (unsigned first = 0; first < 256; first++) {
        data[0] = (uint8_t)first;
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct dgram in = {.remote = from, .data = data, .size = sizes[i]};

            host_core_receive(alone->node.core, &in, &alone->node.io, alone->now);
            host_core_transmit(alone->node.core, &alone->node.io, alone->now);
        }
    }
    assert_int_equal(alone->node.box.items_count, 0);
    assert_int_equal(alone->node.tun.items_count, 0);
    assert_int_equal(alone->node.core->conversations.count, 0);
    /* Neither QUIC nor a frame: all below 0x40 and from 0x90 to 0xbf. */
    assert_int_equal(alone->node.core->dataplane.counters.foreign_dropped,
                     (0x40 + 0x30) * sizeof(sizes) / sizeof(sizes[0]));
}

/* A frame that is right in itself, but which the relay says came from somebody else. */
static void a_relayed_frame_counts_only_from_its_session_s_peer(void **state)
{
    struct alone *alone = *state;
    struct relay_session *relay = calloc(1, sizeof(*relay));
    struct peer peer = {.key = {1, 2, 3}};
    const uint8_t other_key[KEY_SIZE] = {1, 2, 4};
    struct conversation *a = life_of(&peer, &alone->node.core->conversations, alone->now);
    struct session_keys keys = {
        .aead = AEAD_CHACHA20_POLY1305, .receive_key = {9}, .remote_index = 32};
    struct session_keys theirs = {.aead = AEAD_CHACHA20_POLY1305, .send_key = {9}};
    const uint8_t keepalive[PLAIN_HEADER_SIZE] = {PLAIN_PROTOCOL_KEEPALIVE};
    uint8_t frame[FRAME_OVERHEAD + sizeof(keepalive)];
    struct origin route = {.relay = relay, .source_key = other_key};
    struct transport_sender *sender;

    assert_true(a != NULL && relay != NULL);
    keys.local_index = receiver_index_new(&a->shared->noise.indexes, a);
    theirs.remote_index = keys.local_index;
    assert_int_equal(life_adopt(a, &keys, false, &alone->node.io, alone->now), ERR_OK);
    assert_int_equal(transport_sender_new(&sender, &theirs, FRAME_CHANNEL_CONTROL), ERR_OK);
    assert_int_equal(
        transport_seal_from(sender, FRAME_TYPE_DATA, keepalive, sizeof(keepalive), frame),
        sizeof(frame));
    transport_sender_free(sender);

    dataplane_receive(alone->node.core, &route, frame, sizeof(frame), &alone->node.io, alone->now);
    assert_int_equal(alone->node.core->dataplane.counters.unknown_index, 1);
    assert_null(a->sessions.current);
    route.source_key = peer.key;
    dataplane_receive(alone->node.core, &route, frame, sizeof(frame), &alone->node.io, alone->now);
    assert_int_equal(alone->node.core->dataplane.counters.unknown_index, 1);
    assert_non_null(a->sessions.current); /* it was the first valid frame of the session */
    life_end(a);
    free(relay);
}

static struct roster_member member_of(uint32_t number)
{
    struct roster_member member = {.key = {0x5a}};

    be32_write(member.key + 8, number);
    key_ip6(member.ip6, member.key);
    return member;
}

static size_t addresses_stored(struct store *store)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_ADDRESS_BOOK, NULL, 0);
    uint8_t v4[4];
    size_t count = 0;
    size_t size;

    for (;;) {
        assert_int_equal(store_next(store, &cursor, v4, sizeof(v4), &size), ERR_OK);
        if (size == STORE_NONE) {
            return count;
        }
        count++;
    }
}

/* An entry point that admits and revokes keys without end. */
static void a_directory_that_churns_keys_takes_no_more_and_more(void **state)
{
    enum { ROUNDS = 40000, AT_ONCE = 5 };
    struct alone *alone = *state;
    struct host_core *core = alone->node.core;
    struct ziglan *ours = lone_ziglan();
    struct ziglan *churning = lone_ziglan();
    struct roster_member friend = member_of(UINT32_MAX);
    struct peer *peer = peer_learn(&core->peers, ours, &friend);
    struct peer before;

    assert_true(peer != NULL && ours != NULL && churning != NULL);
    assert_non_null(life_of(peer, &core->conversations, alone->now));
    before = *peer;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct roster_member newcomer = member_of(i);
        struct roster_member leaver = member_of(i - AT_ONCE);

        assert_non_null(peer_learn(&core->peers, churning, &newcomer));
        membership_on_effect(core, churning, ROSTER_EFFECT_REMOVED, leaver.key, alone->now);
        assert_true(core->peers.count <= AT_ONCE + 2);
    }
    membership_on_effect(core, churning, ROSTER_EFFECT_REMOVED, friend.key,
                         alone->now); /* what it says of others' members */
    assert_ptr_equal(peer_find(&core->peers, friend.key), peer);
    assert_memory_equal(peer, &before, sizeof(before));
    assert_int_equal(address_book_assigned_count(core->book),
                     ADDRESS_BOOK_ABSENT_MAX + AT_ONCE + 2);
    assert_int_equal(addresses_stored(alone->node.store), ADDRESS_BOOK_ABSENT_MAX + AT_ONCE + 2);
    free(ours);
    free(churning);
}

/* What a shell that polls routes has after it: for each peer one. */
static void routes_follow_the_peers_however_they_change_places(void **state)
{
    enum { KEYS = 12, STEPS = 4000 };
    struct alone *alone = *state;
    struct host_core *core = alone->node.core;
    struct ziglan *ziglan = lone_ziglan();
    bool present[KEYS] = {false};
    bool routed[KEYS] = {false};
    struct host_prefix route;

    assert_non_null(ziglan);
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t i = env_random_below(&alone->ports.env, KEYS);
        struct roster_member member = member_of(i);

        if (present[i]) {
            membership_on_effect(core, ziglan, ROSTER_EFFECT_REMOVED, member.key, alone->now);
        } else {
            assert_non_null(peer_learn(&core->peers, ziglan, &member));
        }
        present[i] = !present[i];
        if (env_random_below(&alone->ports.env, 4) != 0) {
            continue; /* the shell is busy */
        }
        if (env_random_below(&alone->ports.env, 8) == 0) { /* somebody took all routes away */
            memset(routed, 0, sizeof(routed));
            host_core_prefixes_again(core);
        }
        while (host_core_prefix(core, &route)) {
            uint32_t k = 0;

            while (memcmp(member_of(k).ip6, route.v6, sizeof(route.v6)) != 0) {
                k++;
                assert_true(k < KEYS);
            }
            routed[k] = route.wanted;
        }
        assert_memory_equal(routed, present, sizeof(routed));
    }
    assert_true(core->peers.count <= KEYS);
    free(ziglan);
}

/* A fixed address is everywhere the same, so who claims it first keeps it: that of this host is its
 * own from the start, and what a member's record claims no more is free for others. */
static void fixed_addresses_are_claimed_once(void **state)
{
    static const uint8_t own[EUI64_SIZE] = {2, 0, 0, 0xff, 0xfe, 0, 0, 9};
    static const uint8_t other[EUI64_SIZE] = {2, 0, 0, 0xff, 0xfe, 0, 0, 8};
    static const uint8_t none[EUI64_SIZE];
    struct alone *alone = *state;
    struct ziglan *ziglan = lone_ziglan();
    struct roster_member greedy = member_of(1);
    struct roster_member honest = member_of(2);

    assert_non_null(ziglan);
    memcpy(alone->node.cfg.fixed[0], own, EUI64_SIZE);
    alone->node.cfg.fixed_count = 1;
    host_node_start(&alone->node, alone->now);
    greedy.eui64_count = 2;
    memcpy(greedy.eui64s[0], own, EUI64_SIZE);
    memcpy(greedy.eui64s[1], other, EUI64_SIZE);
    const struct peer *peer = peer_learn(&alone->node.core->peers, ziglan, &greedy);
    assert_non_null(peer);
    assert_memory_equal(peer->pair.peer.fixed[0], none, EUI64_SIZE);
    assert_memory_equal(peer->pair.peer.fixed[1], other, EUI64_SIZE);

    greedy.eui64_count = 0;
    assert_non_null(peer_learn(&alone->node.core->peers, ziglan, &greedy));
    honest.eui64_count = 1;
    memcpy(honest.eui64s[0], other, EUI64_SIZE);
    peer = peer_learn(&alone->node.core->peers, ziglan, &honest);
    assert_memory_equal(peer->pair.peer.fixed[0], other, EUI64_SIZE);
    free(ziglan);
}

static void conversations_are_capped(void **state)
{
    struct alone *alone = *state;
    struct peer *peers = calloc(CONVERSATIONS_MAX + 1, sizeof(*peers));

    assert_non_null(peers);
    for (size_t i = 0; i < CONVERSATIONS_MAX; i++) {
        struct conversation *a = life_of(&peers[i], &alone->node.core->conversations, alone->now);

        assert_non_null(a);
        a->used_at = alone->now;
    }
    assert_null(life_of(&peers[CONVERSATIONS_MAX], &alone->node.core->conversations, alone->now));
    life_end(peers[5].conversation);
    assert_non_null(
        life_of(&peers[CONVERSATIONS_MAX], &alone->node.core->conversations, alone->now));
    for (size_t i = 0; i <= CONVERSATIONS_MAX; i++) {
        life_end(peers[i].conversation);
    }
    assert_int_equal(alone->node.core->conversations.count, 0);
    free(peers);
}

/* A ziglan full of keys that all greet us takes no place from another's peers, nor from its own
 * members to whom this host talks. */
static void a_crowd_of_one_ziglan_displaces_only_itself(void **state)
{
    enum { FRIENDS = 40, TALKING = 50, NEW = 3000 };
    struct alone *alone = *state;
    struct host_core *core = alone->node.core;
    struct ziglan *ziglans[2] = {lone_ziglan(), lone_ziglan()};
    struct peer *peers = calloc(CONVERSATIONS_MAX + NEW, sizeof(*peers));

    assert_true(peers != NULL && ziglans[0] != NULL && ziglans[1] != NULL);
    for (size_t i = 0; i < CONVERSATIONS_MAX + NEW; i++) {
        peers[i].ziglan = ziglans[i < FRIENDS ? 0 : 1];
        struct conversation *a = life_of(&peers[i], &core->conversations, alone->now);

        assert_non_null(a);
        a->used_at = i >= FRIENDS && i < FRIENDS + TALKING ? alone->now : a->used_at;
        assert_true(core->conversations.count <= CONVERSATIONS_MAX);
    }
    for (size_t i = 0; i < FRIENDS + TALKING; i++) {
        assert_non_null(peers[i].conversation);
    }
    assert_int_equal(core->dataplane.counters.conversations_displaced, NEW);
    for (size_t i = 0; i < CONVERSATIONS_MAX + NEW; i++) {
        life_end(peers[i].conversation);
    }
    free(ziglans[0]);
    free(ziglans[1]);
    free(peers);
}

static void packets_that_wait_for_a_session_are_capped(void **state)
{
    static uint8_t plain[INNER_MTU_MAX];
    struct alone *alone = *state;
    struct peer peer = {0};
    struct conversation *a = life_of(&peer, &alone->node.core->conversations, alone->now);

    assert_non_null(a);
    for (size_t i = 0; i < QUEUE_COUNT_MAX + 3; i++) {
        conversation_queue(a, plain, 100);
    }
    assert_int_equal(a->queue.count, QUEUE_COUNT_MAX);
    assert_int_equal(alone->node.core->dataplane.counters.queue_dropped, 3);
    for (size_t i = 0; i < QUEUE_COUNT_MAX; i++) {
        conversation_queue(a, plain, sizeof(plain));
        assert_true(a->queue.bytes_used <= QUEUE_BYTES_MAX);
    }
    assert_int_equal(a->queue.count, QUEUE_BYTES_MAX / sizeof(plain));
    life_end(a);
}

static void packets_that_wait_for_all_peers_share_a_bound(void **state)
{
    enum { PEERS = CONVERSATIONS_QUEUE_BYTES_MAX / (QUEUE_BYTES_MAX - QUEUE_BYTES_OWN) + 9 };
    static uint8_t plain[2000];
    static struct peer peers[PEERS];
    struct alone *alone = *state;
    struct host_core *core = alone->node.core;
    uint64_t dropped = 0;
    size_t held = 0;

    for (size_t i = 0; i < PEERS; i++) {
        struct conversation *a = life_of(&peers[i], &core->conversations, alone->now);

        assert_non_null(a);
        for (size_t k = 0; k < QUEUE_COUNT_MAX; k++) {
            conversation_queue(a, plain, sizeof(plain));
        }
        held += a->queue.bytes_capacity;
        dropped += QUEUE_COUNT_MAX - a->queue.count;
        assert_true(a->queue.count >= QUEUE_BYTES_OWN / sizeof(plain));
    }
    /* The last ones had only what each has of its own, and the newest packets are kept. */
    assert_true(held <= CONVERSATIONS_QUEUE_BYTES_MAX + PEERS * QUEUE_BYTES_OWN);
    assert_true(held > CONVERSATIONS_QUEUE_BYTES_MAX);
    assert_int_equal(peers[PEERS - 1].conversation->queue.bytes_capacity, QUEUE_BYTES_OWN);
    assert_int_equal(core->dataplane.counters.queue_dropped, dropped);
    size_t count = peers[PEERS - 1].conversation->queue.count;
    conversation_queue(peers[PEERS - 1].conversation, plain, QUEUE_BYTES_OWN + 1);
    assert_int_equal(core->dataplane.counters.queue_dropped,
                     dropped + 1); /* too large: the others stay */
    assert_int_equal(peers[PEERS - 1].conversation->queue.count, count);
    for (size_t i = 0; i < PEERS; i++) {
        life_end(peers[i].conversation);
    }
    assert_int_equal(core->conversations.queues.used, 0);
}

/* A direct path 100 ms faster than the relay, at 1 Gbit/s: each frame that was on its way over the
 * relay comes when those behind it are 9,600 ahead. None is lost, and each counts once. */
static void frames_overtaken_by_those_of_a_faster_path_arrive(void **state)
{
    enum { AHEAD = 9600, FRAMES = 4 * AHEAD };
    static const uint8_t keepalive[PLAIN_HEADER_SIZE] = {PLAIN_PROTOCOL_KEEPALIVE};
    static uint8_t frames[FRAMES][FRAME_OVERHEAD + sizeof(keepalive)];
    struct alone *alone = *state;
    struct host_core *core = alone->node.core;
    struct relay_session *relay = calloc(1, sizeof(*relay));
    struct peer peer = {.key = {1, 2, 3}};
    struct origin relayed = {.relay = relay, .source_key = peer.key};
    struct origin direct = {.remote = somewhere(1, 5000)};
    struct session_keys theirs = {.aead = AEAD_CHACHA20_POLY1305, .send_key = {9}};
    struct transport_sender *sender;

    assert_non_null(relay);
    for (int refused = 0; refused < 2; refused++) { /* second: windows cost more than there is */
        struct conversation *a = life_of(&peer, &core->conversations, alone->now);
        struct session_keys keys = {.aead = AEAD_CHACHA20_POLY1305, .receive_key = {9}};

        assert_non_null(a);
        keys.local_index = receiver_index_new(&a->shared->noise.indexes, a);
        theirs.remote_index = keys.local_index;
        assert_int_equal(life_adopt(a, &keys, true, &alone->node.io, alone->now), ERR_OK);
        assert_int_equal(transport_sender_new(&sender, &theirs, FRAME_CHANNEL_DATA), ERR_OK);
        for (size_t i = 0; i < FRAMES; i++) {
            assert_int_equal(transport_seal_from(sender, FRAME_TYPE_DATA, keepalive,
                                                 sizeof(keepalive), frames[i]),
                             sizeof(frames[i]));
        }
        transport_sender_free(sender);
        uint64_t dropped = core->dataplane.counters.frames_dropped;
        core->conversations.noise.windows.max =
            refused == 0 ? CONVERSATIONS_WINDOW_BYTES_MAX : NOISE_SESSION_WINDOW_BYTES - 1;
        for (size_t i = 0; i < AHEAD; i++) {
            dataplane_receive(core, &relayed, frames[i], sizeof(frames[i]), &alone->node.io,
                              alone->now);
        }
        for (size_t i = 0; i < AHEAD; i++) {
            dataplane_receive(core, &direct, frames[2 * AHEAD + i], sizeof(frames[0]),
                              &alone->node.io, alone->now);
            dataplane_receive(core, &relayed, frames[AHEAD + i], sizeof(frames[0]), &alone->node.io,
                              alone->now);
        }
        assert_int_equal(core->conversations.noise.windows.used,
                         refused == 0 ? NOISE_SESSION_WINDOW_BYTES : 0);
        if (refused == 0) {
            assert_int_equal(core->dataplane.counters.frames_dropped, dropped);
        } else { /* as with the window that every session has */
            assert_int_equal(core->dataplane.counters.frames_dropped, dropped + AHEAD);
        }
        dropped = core->dataplane.counters.frames_dropped;
        for (size_t i = 0; i < 3 * AHEAD; i++) { /* all of them once more */
            dataplane_receive(core, &relayed, frames[i], sizeof(frames[i]), &alone->node.io,
                              alone->now);
        }
        assert_int_equal(core->dataplane.counters.frames_dropped, dropped + 3 * AHEAD);
        life_end(a);
        assert_int_equal(core->conversations.noise.windows.used, 0);
    }
    free(relay);
}

/* What a peer begins and never ends is forgotten after a second, whether it sends more or not. */
static void pieces_that_wait_in_vain_are_forgotten(void **state)
{
    struct alone *alone = *state;
    struct peer peer = {.key = {1, 2, 3}};
    struct conversation *a = life_of(&peer, &alone->node.core->conversations, alone->now);
    struct session_keys keys = {.aead = AEAD_CHACHA20_POLY1305, .receive_key = {9}};
    struct session_keys theirs = {.aead = AEAD_CHACHA20_POLY1305, .send_key = {9}};
    static const uint8_t fragment[FRAGMENT_OVERHEAD + 40] = {
        PLAIN_PROTOCOL_FRAGMENT, 0, 0, 0, 0, 0, 0, 1, 0, 2};
    uint8_t frame[FRAME_OVERHEAD + sizeof(fragment)];
    struct relay_session *relay = calloc(1, sizeof(*relay));
    struct origin route = {.relay = relay, .source_key = peer.key};
    struct transport_sender *sender;

    assert_true(a != NULL && relay != NULL);
    keys.local_index = receiver_index_new(&a->shared->noise.indexes, a);
    theirs.remote_index = keys.local_index;
    assert_int_equal(life_adopt(a, &keys, true, &alone->node.io, alone->now), ERR_OK);
    assert_int_equal(transport_sender_new(&sender, &theirs, FRAME_CHANNEL_DATA), ERR_OK);
    alone_run(alone, 100); /* nothing else is due soon then */
    assert_int_equal(
        transport_seal_from(sender, FRAME_TYPE_DATA, fragment, sizeof(fragment), frame),
        sizeof(frame));
    transport_sender_free(sender);
    dataplane_receive(alone->node.core, &route, frame, sizeof(frame), &alone->node.io, alone->now);
    assert_int_equal(fragment_box_deadline(a->fragments).ns,
                     mono_add_ms(alone->now, FRAGMENT_TIMEOUT_MS).ns);
    alone_run(alone, FRAGMENT_TIMEOUT_MS);
    assert_int_equal(fragment_box_deadline(a->fragments).ns, MONO_NEVER.ns);
    life_end(a);
    free(relay);
}

static void paths_of_one_peer_are_capped(void **state)
{
    struct alone *alone = *state;
    struct peer peer = {0};
    struct conversation *a = life_of(&peer, &alone->node.core->conversations, alone->now);

    assert_non_null(a);
    for (unsigned i = 0; i < 3 * PATH_TABLE_DIRECT_MAX; i++) {
        struct origin route = {.remote = somewhere(i, 5000)};

        alone->now = mono_add_ms(alone->now, 1000); /* new ones are learnt slowly */
        pathfinder_on_frame(a, &route, alone->now);
        assert_true(a->paths.direct_count <= PATH_TABLE_DIRECT_MAX);
    }
    assert_int_equal(a->paths.direct_count, PATH_TABLE_DIRECT_MAX);
    for (size_t i = 0; i < a->paths.direct_count; i++) {
        a->paths.list[i]->answered = true; /* with no path to spare a new address gets none */
    }
    struct origin route = {.remote = somewhere(500, 5000)};

    pathfinder_on_frame(a, &route, alone->now);
    for (size_t i = 0; i < a->paths.direct_count; i++) {
        assert_false(endpoint_equal(&a->paths.list[i]->remote, &route.remote));
    }
    life_end(a);
}

static void an_address_that_is_silent_gets_few_pings(void **state)
{
    struct mono now = {NS_PER_S};

    (void)state;
    for (int observed = 0; observed < 2; observed++) {
        struct endpoint any = {.port = 0}, remote = somewhere(1, 5000);
        struct path path;
        int sent = 0;

        path_init(&path, &any, &remote, observed == 1, 1400, now);
        while (sent < 100 && path_may_ping(&path)) {
            sent++;
            path_on_ping_sent(&path, (uint64_t)sent, 64, now);
        }
        assert_int_equal(sent, observed == 1 ? PATH_SILENT_PINGS_MAX : PATH_UNOBSERVED_PINGS_MAX);
    }
}

/* A member may forge sources, and a relay invent them: in all, what goes to addresses that never
 * answered is bounded per peer. */
static void addresses_that_never_answer_share_one_allowance(void **state)
{
    enum { BURST = 256, PER_S = 4 };
    struct alone *alone = *state;
    struct peer peer = {0};
    struct conversation *a = life_of(&peer, &alone->node.core->conversations, alone->now);
    struct session_keys keys = {.aead = AEAD_CHACHA20_POLY1305};
    size_t sent = 0;

    assert_non_null(a);
    keys.local_index = receiver_index_new(&a->shared->noise.indexes, a);
    assert_int_equal(life_adopt(a, &keys, true, &alone->node.io, alone->now), ERR_OK);
    for (unsigned i = 0; i < 4; i++) {
        struct origin route = {.remote = somewhere(i, 5000)};

        pathfinder_on_frame(a, &route, alone->now);
        pathfinder_on_frame(a, &route, alone->now); /* now something was heard on it */
    }
    for (int i = 0; i < 2 * BURST; i++) {
        sent += pinging_send(a, a->paths.list[i % 4], 0, &alone->node.io, alone->now) != 0 ? 1 : 0;
    }
    assert_int_equal(sent, BURST);
    alone->now = mono_add_ms(alone->now, 1000);
    for (int i = 0; i < BURST; i++) {
        sent += pinging_send(a, a->paths.list[i % 4], 0, &alone->node.io, alone->now) != 0 ? 1 : 0;
    }
    assert_int_equal(sent, BURST + PER_S);
    life_end(a);
}

/* Members that an entry point made up all name the same victim: together they have one allowance.
 */
static void addresses_that_never_answer_share_one_allowance_over_all_peers(void **state)
{
    enum { PEERS = ALLOWANCE_SILENT_BURST / 256 + 8 };
    static struct peer peers[PEERS];
    struct alone *alone = *state;
    size_t sent = 0;

    for (size_t round = 0; round < 2; round++) {
        for (size_t p = 0; p < PEERS; p++) {
            struct conversation *a =
                life_of(&peers[p], &alone->node.core->conversations, alone->now);
            struct origin route = {.remote = somewhere((unsigned)p, 5000)};
            struct session_keys keys = {.aead = AEAD_CHACHA20_POLY1305};

            assert_non_null(a);
            keys.local_index = receiver_index_new(&a->shared->noise.indexes, a);
            assert_int_equal(life_adopt(a, &keys, true, &alone->node.io, alone->now), ERR_OK);
            pathfinder_on_frame(a, &route, alone->now);
            pathfinder_on_frame(a, &route, alone->now);
            for (int i = 0; i < 300; i++) {
                sent +=
                    pinging_send(a, a->paths.list[0], 0, &alone->node.io, alone->now) != 0 ? 1 : 0;
                outbox_clear(&alone->node.box);
            }
            life_end(a); /* what it was allowed begins anew */
        }
        assert_int_equal(sent, ALLOWANCE_SILENT_BURST + round * ALLOWANCE_SILENT_PER_S);
        alone->now = mono_add_ms(alone->now, 1000);
    }
}

static void a_round_of_a_punch_sends_eight_kib_at_most(void **state)
{
    enum { PACKET_SIZE = 1000 };
    struct punch_round round;
    struct mono at = {NS_PER_S};
    struct endpoint to;
    size_t sent = 0;

    (void)state;
    punch_round_init(&round, at, PACKET_SIZE);
    for (unsigned i = 0; i < PUNCH_CANDIDATE_MAX; i++) {
        struct endpoint candidate = somewhere(i, 5000);

        assert_true(punch_round_add(&round, &candidate, true, false));
    }
    for (int ms = 0; ms < PUNCH_ROUND_MS; ms += 10) {
        while (punch_round_next(&round, &to, mono_add_ms(at, (uint64_t)ms))) {
            sent += PACKET_SIZE;
        }
    }
    assert_int_equal(sent, PUNCH_ROUND_BYTES_MAX / PACKET_SIZE * PACKET_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            under_load_strangers_get_cookies_smaller_than_what_they_sent, alone_new, alone_free),
        cmocka_unit_test_setup_teardown(one_address_gets_its_share_of_handshakes_only, alone_new,
                                        alone_free),
        cmocka_unit_test_setup_teardown(what_is_no_frame_of_a_member_is_not_answered, alone_new,
                                        alone_free),
        cmocka_unit_test_setup_teardown(a_relayed_frame_counts_only_from_its_session_s_peer,
                                        alone_new, alone_free),
        cmocka_unit_test_setup_teardown(a_directory_that_churns_keys_takes_no_more_and_more,
                                        alone_new, alone_free),
        cmocka_unit_test_setup_teardown(routes_follow_the_peers_however_they_change_places,
                                        alone_new, alone_free),
        cmocka_unit_test_setup_teardown(fixed_addresses_are_claimed_once, alone_new, alone_free),
        cmocka_unit_test_setup_teardown(conversations_are_capped, alone_new, alone_free),
        cmocka_unit_test_setup_teardown(a_crowd_of_one_ziglan_displaces_only_itself, alone_new,
                                        alone_free),
        cmocka_unit_test_setup_teardown(packets_that_wait_for_a_session_are_capped, alone_new,
                                        alone_free),
        cmocka_unit_test_setup_teardown(packets_that_wait_for_all_peers_share_a_bound, alone_new,
                                        alone_free),
        cmocka_unit_test_setup_teardown(frames_overtaken_by_those_of_a_faster_path_arrive,
                                        alone_new, alone_free),
        cmocka_unit_test_setup_teardown(pieces_that_wait_in_vain_are_forgotten, alone_new,
                                        alone_free),
        cmocka_unit_test_setup_teardown(paths_of_one_peer_are_capped, alone_new, alone_free),
        cmocka_unit_test(an_address_that_is_silent_gets_few_pings),
        cmocka_unit_test_setup_teardown(addresses_that_never_answer_share_one_allowance, alone_new,
                                        alone_free),
        cmocka_unit_test_setup_teardown(
            addresses_that_never_answer_share_one_allowance_over_all_peers, alone_new, alone_free),
        cmocka_unit_test(a_round_of_a_punch_sends_eight_kib_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
