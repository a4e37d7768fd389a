/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ring between two threads (proto/base/ring.h), alone and with both. */
#include "proto/base/ring.h"

#include "tests/support/fixture.h"
#include "tests/support/rng.h"

#include <pthread.h>
#include <sched.h>

enum { CAPACITY = 1024, SIZE_MAX_HERE = 200, RECORDS = 20000 };

/* Record number i: its size and its bytes follow from i. */
static size_t size_of(uint32_t i)
{
    struct rng rng = {i};

    return sizeof(i) + rng_below(&rng, SIZE_MAX_HERE);
}

static void record_write(uint8_t *to, uint32_t i)
{
    memset(to, (int)(i & 0xff), size_of(i));
    memcpy(to, &i, sizeof(i));
}

static void record_check(const uint8_t *record, size_t size, uint32_t i)
{
    uint8_t want[sizeof(i) + SIZE_MAX_HERE];

    record_write(want, i);
    assert_int_equal(size, size_of(i));
    assert_memory_equal(record, want, size);
}

static void what_does_not_fit_is_refused(void **state)
{
    struct ring *ring;
    size_t size = 0;
    size_t count = 0;

    (void)state;
    assert_int_equal(ring_new(&ring, 64), ERR_OK);
    assert_null(ring_peek(ring, &size));
    assert_null(ring_reserve(ring, 32 - 3)); /* half of it with its size */
    for (; ring_reserve(ring, 12) != NULL; count++) {
        ring_commit(ring, 12);
    }
    assert_int_equal(count, 4);
    assert_non_null(ring_peek(ring, &size));
    assert_int_equal(size, 12);
    ring_release(ring);
    assert_non_null(ring_reserve(ring, 12));
    ring_commit(ring, 12);
    assert_null(ring_reserve(ring, 0));
    ring_free(ring);
    ring_free(NULL);
}

static void what_was_not_committed_is_not_there(void **state)
{
    struct ring *ring;
    size_t size = 0;

    (void)state;
    assert_int_equal(ring_new(&ring, CAPACITY), ERR_OK);
    assert_non_null(ring_reserve(ring, 100));
    assert_null(ring_peek(ring, &size));
    record_write(ring_reserve(ring, size_of(7)), 7);
    ring_commit(ring, size_of(7));
    record_check(ring_peek(ring, &size), size_of(7), 7);
    ring_release(ring);
    assert_null(ring_peek(ring, &size));
    ring_free(ring);
}

static void records_come_out_as_they_went_in(void **state)
{
    struct rng rng = {1};
    struct ring *ring;
    uint32_t in = 0, out = 0;
    size_t size;

    (void)state;
    assert_int_equal(ring_new(&ring, CAPACITY), ERR_OK);
    while (out < RECORDS) {
        uint8_t *to = rng_below(&rng, 2) == 0 ? ring_reserve(ring, size_of(in)) : NULL;

        if (to != NULL) {
            record_write(to, in);
            ring_commit(ring, size_of(in));
            in++;
        } else if (in == out) {
            assert_null(ring_peek(ring, &size));
        } else {
            const uint8_t *record = ring_peek(ring, &size);

            assert_non_null(record);
            record_check(record, size, out);
            ring_release(ring);
            out++;
        }
    }
    ring_free(ring);
}

static void *write_all(void *context)
{
    struct ring *ring = context;

    for (uint32_t i = 0; i < RECORDS;) {
        uint8_t *to = ring_reserve(ring, size_of(i));

        if (to == NULL) {
            (void)sched_yield();
            continue;
        }
        record_write(to, i);
        ring_commit(ring, size_of(i));
        i++;
    }
    return NULL;
}

static void two_threads_share_it(void **state)
{
    struct ring *ring;
    pthread_t writer;
    size_t size;

    (void)state;
    assert_int_equal(ring_new(&ring, CAPACITY), ERR_OK);
    assert_int_equal(pthread_create(&writer, NULL, write_all, ring), 0);
    for (uint32_t i = 0; i < RECORDS;) {
        const uint8_t *record = ring_peek(ring, &size);

        if (record == NULL) {
            (void)sched_yield();
            continue;
        }
        record_check(record, size, i);
        ring_release(ring);
        i++;
    }
    assert_int_equal(pthread_join(writer, NULL), 0);
    assert_null(ring_peek(ring, &size));
    ring_free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(what_was_not_committed_is_not_there),
        cmocka_unit_test(records_come_out_as_they_went_in),
        cmocka_unit_test(two_threads_share_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
