/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many pings go to addresses that never answered, whoever named these addresses. */
#include "client/core/core_internal.h"
#include "client/peer/life.h"
#include "client/peer/pathfinder.h"
#include "client/peer/pinging.h"

#include "tests/support/alone.h"
#include "tests/support/endpoints.h"
#include "tests/support/fixture.h"
#include "tests/support/hostile.h"

/* A member may forge source addresses, and a relay may invent them. The packets to addresses that
 * never answered are bounded for each peer. */
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
        struct origin origin = {.remote = test_endpoint(i, 5000)};

        pathfinder_on_frame(a, &origin, true, alone->now);
        pathfinder_on_frame(a, &origin, true, alone->now); /* now something was heard on it */
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

/* An entry point may make up members that all name the same victim. All peers together have one
 * allowance. */
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
            struct origin origin = {.remote = test_endpoint((unsigned)p, 5000)};
            struct session_keys keys = {.aead = AEAD_CHACHA20_POLY1305};

            assert_non_null(a);
            keys.local_index = receiver_index_new(&a->shared->noise.indexes, a);
            assert_int_equal(life_adopt(a, &keys, true, &alone->node.io, alone->now), ERR_OK);
            pathfinder_on_frame(a, &origin, true, alone->now);
            pathfinder_on_frame(a, &origin, true, alone->now);
            for (int i = 0; i < 300; i++) {
                sent +=
                    pinging_send(a, a->paths.list[0], 0, &alone->node.io, alone->now) != 0 ? 1 : 0;
                outbox_clear(&alone->node.box);
            }
            life_end(a); /* the next conversation has a new allowance of its own */
        }
        assert_int_equal(sent, ALLOWANCE_SILENT_BURST + round * ALLOWANCE_SILENT_PER_S);
        alone->now = mono_add_ms(alone->now, 1000);
    }
}

static void forged_sources_of_pings_get_a_bounded_number_of_packets(void **state)
{
    struct lab *lab = lab_relayed();

    (void)state;
    size_t before = lab->direct_frames;
    for (uint32_t i = 0; i < 2000; i++) {
        const uint8_t victim[4] = {203, 0, 113, (uint8_t)(i % 40 + 1)};
        struct endpoint from = endpoint_v4(victim, 4000);

        hostile_ping(lab, &from);
        run_ms(lab, 5);
    }
    assert_true(lab->direct_frames - before <= 256 + 10 * 4 + 64);
    assert_true(lab->direct_frames - before >= 8);
    assert_true(conversation_at(lab, 0)->paths.direct_count <= PATH_TABLE_DIRECT_MAX);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(addresses_that_never_answer_share_one_allowance, alone_new,
                                        alone_free),
        cmocka_unit_test_setup_teardown(
            addresses_that_never_answer_share_one_allowance_over_all_peers, alone_new, alone_free),
        cmocka_unit_test(forged_sources_of_pings_get_a_bounded_number_of_packets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
