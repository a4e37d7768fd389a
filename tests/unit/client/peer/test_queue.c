/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets that wait for a session: of one peer, and of all. */
#include "client/core/core_internal.h"
#include "client/peer/life.h"
#include "client/peer/queue.h"

#include "tests/support/alone.h"
#include "tests/support/fixture.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(packets_that_wait_for_a_session_are_capped, alone_new,
                                        alone_free),
        cmocka_unit_test_setup_teardown(packets_that_wait_for_all_peers_share_a_bound, alone_new,
                                        alone_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
