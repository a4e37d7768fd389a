/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets that wait for a session: those of one peer, and those of all together. */
#include "client/core/core_internal.h"
#include "client/peer/life.h"
#include "client/peer/queue.h"

#include "tests/support/alone.h"
#include "tests/support/fixture.h"
#include "tests/support/rng.h"

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
    /* The budget was used up, so the last queues got only the room that each has of its own. */
    assert_true(held <= CONVERSATIONS_QUEUE_BYTES_MAX + PEERS * QUEUE_BYTES_OWN);
    assert_true(held > CONVERSATIONS_QUEUE_BYTES_MAX);
    assert_int_equal(peers[PEERS - 1].conversation->queue.bytes_capacity, QUEUE_BYTES_OWN);
    assert_int_equal(core->dataplane.counters.queue_dropped, dropped);
    size_t count = peers[PEERS - 1].conversation->queue.count;
    conversation_queue(peers[PEERS - 1].conversation, plain, QUEUE_BYTES_OWN + 1);
    /* A packet that is too large is dropped; those that wait stay. */
    assert_int_equal(core->dataplane.counters.queue_dropped, dropped + 1);
    assert_int_equal(peers[PEERS - 1].conversation->queue.count, count);
    for (size_t i = 0; i < PEERS; i++) {
        life_end(peers[i].conversation);
    }
    assert_int_equal(core->conversations.queues.used, 0);
}

/* ---- a twin ---- */

/* A queue that knows of each packet only its size and the letter of which it consists. */
struct twin {
    size_t sizes[QUEUE_COUNT_MAX];
    uint8_t letters[QUEUE_COUNT_MAX];
    size_t count, capacity;
};

static size_t twin_bytes(const struct twin *twin)
{
    size_t sum = 0;

    for (size_t i = 0; i < twin->count; i++) {
        sum += twin->sizes[i];
    }
    return sum;
}

static void twin_drop_first(struct twin *twin)
{
    twin->count--;
    memmove(twin->sizes, twin->sizes + 1, twin->count * sizeof(twin->sizes[0]));
    memmove(twin->letters, twin->letters + 1, twin->count);
}

/* The room is doubled until all packets would fit, if the budget of all twins allows that. Returns
 * how many packets were dropped. */
static size_t twin_put(struct twin *twin, size_t *budget_left, size_t size, uint8_t letter)
{
    size_t wanted = twin_bytes(twin) + size;
    size_t capacity = QUEUE_BYTES_OWN;
    size_t lost = 0;

    while (capacity < wanted && capacity < QUEUE_BYTES_MAX) {
        capacity *= 2;
    }
    size_t more = twin->capacity == 0 ? capacity - QUEUE_BYTES_OWN : capacity - twin->capacity;
    if (capacity > twin->capacity && more <= *budget_left) {
        *budget_left -= more;
        twin->capacity = capacity;
    }
    if (size > twin->capacity) {
        return 1;
    }
    while (twin->count == QUEUE_COUNT_MAX || twin_bytes(twin) + size > twin->capacity) {
        twin_drop_first(twin);
        lost++;
    }
    twin->sizes[twin->count] = size;
    twin->letters[twin->count++] = letter;
    return lost;
}

static void assert_like_twin(const struct plain_queue *queue, const struct twin *twin)
{
    const uint8_t *at = queue->bytes;

    assert_int_equal(queue->count, twin->count);
    assert_int_equal(queue->bytes_used, twin_bytes(twin));
    assert_int_equal(queue->bytes_capacity, twin->capacity);
    for (size_t i = 0; i < twin->count; i++) {
        assert_int_equal(queue->sizes[i], twin->sizes[i]);
        for (size_t k = 0; k < twin->sizes[i]; k++) {
            assert_int_equal(at[k], twin->letters[i]);
        }
        at += twin->sizes[i];
    }
}

static void random_operations_match_the_naive_twin(void **state)
{
    enum { QUEUES = 4, STEPS = 4000, BUDGET = 200 * 1024 };
    static const size_t sizes_max[] = {1, 60, 1400, 9000, QUEUE_BYTES_OWN + 2, UINT16_MAX};
    static uint8_t plain[UINT16_MAX];
    struct plain_queue queues[QUEUES] = {0};
    struct twin twins[QUEUES] = {0};
    struct budget budget = {.max = BUDGET};
    size_t left = BUDGET, refused = 0, displaced = 0;
    struct rng rng = {7};

    (void)state;
    for (size_t step = 0; step < STEPS; step++) {
        size_t i = rng_below(&rng, QUEUES);

        if (rng_below(&rng, 300) == 0) {
            left += twins[i].capacity == 0 ? 0 : twins[i].capacity - QUEUE_BYTES_OWN;
            twins[i] = (struct twin){0};
            queue_clear(&queues[i], &budget);
        } else {
            size_t size =
                rng_below(&rng, (uint32_t)sizes_max[rng_below(&rng, TEST_COUNT(sizes_max))] + 1);
            uint8_t letter = (uint8_t)step;
            size_t before = twins[i].count;
            size_t lost = twin_put(&twins[i], &left, size, letter);

            memset(plain, letter, size);
            assert_int_equal(queue_put(&queues[i], &budget, plain, size), lost);
            refused += lost == 1 && twins[i].count == before ? 1 : 0;
            displaced += lost > 1 ? 1 : 0;
        }
        assert_like_twin(&queues[i], &twins[i]);
        assert_int_equal(budget.used, BUDGET - left);
    }
    assert_true(refused > 0 && displaced > 0);
    for (size_t i = 0; i < QUEUES; i++) {
        queue_clear(&queues[i], &budget);
    }
    assert_int_equal(budget.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(packets_that_wait_for_a_session_are_capped, alone_new,
                                        alone_free),
        cmocka_unit_test_setup_teardown(packets_that_wait_for_all_peers_share_a_bound, alone_new,
                                        alone_free),
        cmocka_unit_test(random_operations_match_the_naive_twin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
