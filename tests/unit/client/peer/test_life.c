/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many conversations there may be, which one makes room for another, and what times out in
 * one. */
#include "client/core/dataplane.h"
#include "client/peer/life.h"

#include "tests/support/alone.h"
#include "tests/support/fixture.h"

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

/* Thousands of members of one ziglan begin a conversation with us. They displace neither peers of
 * another ziglan nor members of their own to whom this host talks. */
static void a_crowd_of_one_ziglan_displaces_only_itself(void **state)
{
    enum { FRIENDS = 40, TALKING = 50, NEW = 3000 };
    struct alone *alone = *state;
    struct host_core *core = alone->node.core;
    struct ziglan *ziglans[2] = {alone_ziglan(), alone_ziglan()};
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

/* A packet of which a fragment never comes is forgotten after a second, also if the peer sends
 * nothing more. */
static void fragments_that_wait_in_vain_are_forgotten(void **state)
{
    struct alone *alone = *state;
    struct peer peer = {.key = {1, 2, 3}};
    struct conversation *a = life_of(&peer, &alone->node.core->conversations, alone->now);
    struct session_keys keys = {.aead = AEAD_CHACHA20_POLY1305, .receive_key = {9}};
    struct session_keys theirs = {.aead = AEAD_CHACHA20_POLY1305, .send_key = {9}};
    static const uint8_t fragment[FRAGMENT_OVERHEAD + 40] = {
        PLAIN_PROTOCOL_FRAGMENT, 0, 0, 0, 0, 0, 0, 1, 0, 2};
    uint8_t frame[FRAME_OVERHEAD_MIN + sizeof(fragment)];
    struct relay_session *relay = calloc(1, sizeof(*relay));
    struct origin origin = {.relay = relay, .source_key = peer.key};
    struct transport_sender *sender;

    assert_true(a != NULL && relay != NULL);
    keys.local_index = receiver_index_new(&a->shared->noise.indexes, a);
    theirs.remote_index = keys.local_index;
    assert_int_equal(life_adopt(a, &keys, true, &alone->node.io, alone->now), ERR_OK);
    assert_int_equal(transport_sender_new(&sender, &theirs, FRAME_CHANNEL_DATA), ERR_OK);
    alone_run(alone, 100); /* so that nothing else is due soon */
    assert_int_equal(
        transport_seal_from(sender, FRAME_TYPE_DATA, fragment, sizeof(fragment), frame),
        sizeof(frame));
    transport_sender_free(sender);
    dataplane_receive(alone->node.core, &origin, frame, sizeof(frame), &alone->node.io, alone->now);
    assert_int_equal(fragment_box_deadline(a->fragments).ns,
                     mono_add_ms(alone->now, FRAGMENT_TIMEOUT_MS).ns);
    alone_run(alone, FRAGMENT_TIMEOUT_MS);
    assert_int_equal(fragment_box_deadline(a->fragments).ns, MONO_NEVER.ns);
    life_end(a);
    free(relay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(conversations_are_capped, alone_new, alone_free),
        cmocka_unit_test_setup_teardown(a_crowd_of_one_ziglan_displaces_only_itself, alone_new,
                                        alone_free),
        cmocka_unit_test_setup_teardown(fragments_that_wait_in_vain_are_forgotten, alone_new,
                                        alone_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
