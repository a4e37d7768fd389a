/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queues of datagrams, compared with a simple twin that keeps sizes and values in arrays. */
#include "proto/link/dgram_queue.h"
#include "proto/wire/capsule.h"
#include "tests/support/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { QUEUES = 3, WAITING_MAX = 200, STEPS = 20000 };

struct twin {
    struct dgram_queue queue;
    size_t sizes[WAITING_MAX];
    uint8_t values[WAITING_MAX];
    size_t first, count;
};

static void put(struct twin *t, struct dgram_space *space, struct rng *rng)
{
    static uint8_t bytes[CAPSULE_DATAGRAM_SIZE_MAX];
    size_t size = rng_chance(rng, 50000) ? CAPSULE_DATAGRAM_SIZE_MAX : rng_below(rng, 2000);
    size_t head_size = size == 0 ? 0 : rng_below(rng, (uint32_t)size);
    size_t at = (t->first + t->count) % WAITING_MAX;

    t->sizes[at] = size;
    t->values[at] = (uint8_t)rng_u64(rng);
    memset(bytes, t->values[at], size);
    assert_int_equal(
        dgram_queue_put(&t->queue, space, bytes, head_size, bytes + head_size, size - head_size),
        ERR_OK);
    t->count++;
}

static void drop(struct twin *t, struct dgram_space *space)
{
    struct dgram_bytes first = dgram_queue_first(&t->queue);

    assert_non_null(first.bytes);
    assert_int_equal(first.size, t->sizes[t->first]);
    for (size_t i = 0; i < first.size; i++) {
        assert_int_equal(first.bytes[i], t->values[t->first]);
    }
    dgram_queue_drop(&t->queue, space);
    t->first = (t->first + 1) % WAITING_MAX;
    t->count--;
}

static size_t bytes_of(const struct twin *t)
{
    size_t bytes = 0;

    for (size_t i = 0; i < t->count; i++) {
        bytes += t->sizes[(t->first + i) % WAITING_MAX];
    }
    return bytes;
}

static void what_went_in_comes_out_in_order(void **state)
{
    static struct twin twins[QUEUES];
    struct rng rng = {7};
    struct dgram_space space;

    (void)state;
    dgram_space_init(&space);
    for (int i = 0; i < QUEUES; i++) {
        dgram_queue_init(&twins[i].queue);
    }
    for (int step = 0; step < STEPS; step++) {
        struct twin *t = &twins[rng_below(&rng, QUEUES)];
        bool fills = step / 500 % 2 == 0;

        if (t->count < WAITING_MAX &&
            (t->count == 0 || rng_chance(&rng, fills ? 700000 : 300000))) {
            put(t, &space, &rng);
        } else {
            drop(t, &space);
        }
        if (step % 50 == 0) {
            size_t all = 0;

            for (int i = 0; i < QUEUES; i++) {
                assert_int_equal(twins[i].queue.bytes, bytes_of(&twins[i]));
                all += twins[i].queue.bytes;
            }
            assert_int_equal(space.bytes, all);
        }
    }
    for (int i = 0; i < QUEUES; i++) {
        dgram_queue_clear(&twins[i].queue, &space);
        assert_null(dgram_queue_first(&twins[i].queue).bytes);
    }
    assert_int_equal(space.bytes, 0);
    assert_non_null(space.spare);
    dgram_space_fini(&space);
}

static void one_empty_block_is_kept(void **state)
{
    static const uint8_t bytes[1300];
    struct dgram_block *kept;
    struct dgram_space space;
    struct dgram_queue queue;

    (void)state;
    dgram_space_init(&space);
    dgram_queue_init(&queue);
    for (int i = 0; i < 2000; i++) {
        assert_int_equal(dgram_queue_put(&queue, &space, bytes, 33, bytes, sizeof(bytes) - 33),
                         ERR_OK);
    }
    assert_null(space.spare);
    dgram_queue_clear(&queue, &space);
    kept = space.spare;
    assert_non_null(kept);
    assert_int_equal(dgram_queue_put(&queue, &space, bytes, 33, bytes, 100), ERR_OK);
    assert_null(space.spare);
    dgram_queue_drop(&queue, &space);
    assert_ptr_equal(space.spare, kept);
    dgram_space_fini(&space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_went_in_comes_out_in_order),
        cmocka_unit_test(one_empty_block_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
