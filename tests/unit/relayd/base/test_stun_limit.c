/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one limit of STUN answers, for one thread and for several (relayd/base/stun_limit.h). */
#include "relayd/base/stun_limit.h"

#include "proto/base/bytes.h"
#include "tests/support/env.h"
#include "tests/support/fixture.h"

#include <pthread.h>

enum { PER_SOURCE = 10, PER_S = 1000000, THREADS = 4, TAKES = 50000, FEW = 40 };

static const struct mono start = {5000000000};

static struct stun_limit *limit_new(uint32_t per_source_per_s, uint32_t per_s)
{
    struct test_env ports;
    struct stun_limit *limit = NULL;

    test_env_init(&ports, 1);
    assert_int_equal(stun_limit_new(&limit, &ports.env), ERR_OK);
    stun_limit_set(limit, per_source_per_s, per_s);
    return limit;
}

static struct endpoint v4(uint32_t number)
{
    uint8_t ip[4];

    be32_write(ip, number);
    return endpoint_v4(ip, 7);
}

/* In a /56 of its own; whatever is behind that does not matter. */
static struct endpoint v6(uint32_t number, uint8_t behind)
{
    uint8_t ip[16] = {0x20, 0x01, 0x0d};

    be32_write(ip + 3, number);
    ip[7] = behind;
    ip[15] = behind;
    return endpoint_v6(ip, behind);
}

static unsigned takes(struct stun_limit *limit, const struct endpoint *from, unsigned times,
                      struct mono now, enum stun_verdict verdict)
{
    unsigned count = 0;

    for (unsigned i = 0; i < times; i++) {
        count += stun_limit_take(limit, from, now) == verdict ? 1 : 0;
    }
    return count;
}

static void each_source_has_its_own(void **state)
{
    struct stun_limit *limit = limit_new(PER_SOURCE, PER_S);
    const struct endpoint a = v4(1), b = v4(2), c = v6(1, 0);

    (void)state;
    assert_int_equal(takes(limit, &a, 15, start, STUN_VERDICT_OK), 10);
    assert_int_equal(takes(limit, &a, 5, start, STUN_VERDICT_SOURCE), 5);
    assert_int_equal(takes(limit, &b, 15, start, STUN_VERDICT_OK), 10);
    assert_int_equal(takes(limit, &c, 15, start, STUN_VERDICT_OK), 10);
    /* A tenth of a second gives one, ten seconds no more than a full bucket. */
    assert_int_equal(takes(limit, &a, 5, mono_add_ms(start, 100), STUN_VERDICT_OK), 1);
    assert_int_equal(takes(limit, &a, 50, mono_add_ms(start, 10000), STUN_VERDICT_OK), 10);
    stun_limit_free(limit);
    stun_limit_free(NULL);
}

static void addresses_of_one_56_are_one_source(void **state)
{
    struct stun_limit *limit = limit_new(PER_SOURCE, PER_S);
    unsigned count = 0;

    (void)state;
    for (unsigned i = 0; i < FEW; i++) {
        const struct endpoint from = v6(9, (uint8_t)i);

        count += takes(limit, &from, 1, start, STUN_VERDICT_OK);
    }
    assert_int_equal(count, PER_SOURCE);
    stun_limit_free(limit);
}

static void all_have_one_together(void **state)
{
    struct stun_limit *limit = limit_new(PER_SOURCE, 25);
    unsigned ok = 0, all = 0;

    (void)state;
    for (uint32_t i = 0; i < FEW; i++) {
        const struct endpoint from = v4(i);
        enum stun_verdict verdict = stun_limit_take(limit, &from, start);

        ok += verdict == STUN_VERDICT_OK ? 1 : 0;
        all += verdict == STUN_VERDICT_ALL ? 1 : 0;
    }
    assert_int_equal(ok, 25);
    assert_int_equal(all, FEW - 25);
    stun_limit_set(limit, PER_SOURCE, 30); /* full again */
    ok = 0;
    for (uint32_t i = FEW; i < 2 * FEW; i++) {
        const struct endpoint from = v4(i);

        ok += takes(limit, &from, 1, start, STUN_VERDICT_OK);
    }
    assert_int_equal(ok, 30);
    stun_limit_set(limit, 0, 0);
    const struct endpoint other = v4(1000);
    assert_int_equal(takes(limit, &other, 3, start, STUN_VERDICT_SOURCE), 3);
    stun_limit_free(limit);
}

/* More sources than there are places come once each; whom that limits stays limited. */
static void a_crowd_does_not_push_out_who_is_limited(void **state)
{
    struct stun_limit *limit = limit_new(PER_SOURCE, 1000000000);
    const struct endpoint greedy = v4(UINT32_MAX);
    unsigned ok = 0;

    (void)state;
    (void)takes(limit, &greedy, 20, start, STUN_VERDICT_OK);
    for (uint32_t i = 0; i < 4 * STUN_SOURCES_MAX; i++) {
        const struct endpoint from = v6(i, 0);

        ok += takes(limit, &from, 1, start, STUN_VERDICT_OK);
    }
    assert_int_equal(ok, 4 * STUN_SOURCES_MAX);
    assert_int_equal(takes(limit, &greedy, 5, start, STUN_VERDICT_SOURCE), 5);
    stun_limit_free(limit);
}

/* ---- with threads ---- */

struct taker {
    struct stun_limit *limit;
    uint32_t first; /* of its sources; the first FEW are everybody's */
    unsigned shared_ok, own_ok;
};

static void *take_all(void *context)
{
    struct taker *taker = context;

    for (uint32_t i = 0; i < TAKES; i++) {
        const struct endpoint shared = v4(i % FEW), own = v6(taker->first + i, 0);

        taker->shared_ok += takes(taker->limit, &shared, 1, start, STUN_VERDICT_OK);
        taker->own_ok += takes(taker->limit, &own, 1, start, STUN_VERDICT_OK);
    }
    return NULL;
}

/* All threads together give a source what one would: at one instant no more than a bucket holds.
 * Several may meet at a source that was not remembered yet, and then one of them is not counted. */
static void threads_share_one_limit(void **state)
{
    struct stun_limit *limit = limit_new(PER_SOURCE, 1000000000);
    struct taker takers[THREADS];
    pthread_t threads[THREADS];
    unsigned shared_ok = 0, before = 0;

    (void)state;
    for (uint32_t i = 0; i < FEW; i++) { /* all are remembered */
        const struct endpoint from = v4(i);

        before += takes(limit, &from, 1, start, STUN_VERDICT_OK);
    }
    assert_int_equal(before, FEW);
    for (unsigned i = 0; i < THREADS; i++) {
        takers[i] = (struct taker){.limit = limit, .first = i * TAKES};
        assert_int_equal(pthread_create(&threads[i], NULL, take_all, &takers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        shared_ok += takers[i].shared_ok;
        assert_int_equal(takers[i].own_ok, TAKES);
    }
    assert_int_equal(shared_ok, FEW * PER_SOURCE - before);
    stun_limit_free(limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_source_has_its_own),
        cmocka_unit_test(addresses_of_one_56_are_one_source),
        cmocka_unit_test(all_have_one_together),
        cmocka_unit_test(a_crowd_does_not_push_out_who_is_limited),
        cmocka_unit_test(threads_share_one_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
