/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Token buckets and their bounded table (proto/base/bucket.h, bucket_table.h). */
#include "tests/support/env.h"
#include "tests/support/fixture.h"

#include "proto/base/bucket.h"
#include "proto/base/bucket_table.h"

static struct mono at(uint64_t ns)
{
    return (struct mono){ns};
}

static void a_bucket_gives_its_burst_and_then_its_rate(void **state)
{
    static const struct bucket_rate rate = {.per_s = 10, .burst = 3};
    struct bucket bucket;

    (void)state;
    bucket_init(&bucket, &rate, at(0));
    assert_true(bucket_take(&bucket, &rate, 3, at(0)));
    assert_false(bucket_take(&bucket, &rate, 1, at(0)));
    assert_false(bucket_take(&bucket, &rate, 1, at(NS_PER_S / 10 - 1)));
    assert_true(bucket_take(&bucket, &rate, 1, at(NS_PER_S / 10)));
    assert_false(bucket_take(&bucket, &rate, 1, at(NS_PER_S / 10)));
    assert_true(bucket_level(&bucket, &rate, at(1000 * NS_PER_S)) == 3);
    assert_false(bucket_take(&bucket, &rate, 4, at(1000 * NS_PER_S)));
    assert_true(bucket_take(&bucket, &rate, 0, at(0))); /* a clock that goes back gives nothing */
    assert_true(bucket_level(&bucket, &rate, at(0)) == 3);
}

static void no_fraction_is_lost_in_small_steps(void **state)
{
    static const struct bucket_rate rate = {.per_s = 7, .burst = 1000};
    struct bucket bucket;
    uint64_t now = 0;
    struct rng rng = {5};

    (void)state;
    bucket_init(&bucket, &rate, at(0));
    assert_true(bucket_take(&bucket, &rate, 1000, at(0)));
    while (now < 100 * NS_PER_S) {
        uint64_t level = bucket_level(&bucket, &rate, at(now));

        assert_true(level == now * 7 / NS_PER_S); /* the twin computes it in one step */
        now += rng_u64(&rng) % (NS_PER_S / 50);
    }
}

static void extreme_rates_and_times_do_not_overflow(void **state)
{
    static const struct bucket_rate fast = {.per_s = BUCKET_RATE_MAX, .burst = UINT64_MAX};
    static const struct bucket_rate slow = {.per_s = 1000000, .burst = UINT64_MAX};
    static const struct bucket_rate never = {.per_s = 0, .burst = 2};
    struct bucket bucket;

    (void)state;
    bucket_init(&bucket, &fast, at(0));
    assert_true(bucket_take(&bucket, &fast, UINT64_MAX, at(0)));
    assert_true(bucket_level(&bucket, &fast, at(NS_PER_S - 1)) == BUCKET_RATE_MAX - 10);
    /* 584 years at the highest rate: 18,446,744,073 s and 709,551,615 ns. */
    assert_true(bucket_level(&bucket, &fast, at(UINT64_MAX)) == UINT64_MAX);
    bucket_init(&bucket, &slow, at(0));
    assert_true(bucket_take(&bucket, &slow, UINT64_MAX, at(0)));
    assert_true(bucket_level(&bucket, &slow, at(UINT64_MAX)) == UINT64_C(18446744073709551));
    bucket_init(&bucket, &never, at(0));
    assert_true(bucket_take(&bucket, &never, 2, at(5)));
    assert_false(bucket_take(&bucket, &never, 1, at(UINT64_MAX - 1)));
}

static void the_table_holds_its_cap_and_remembers_who_is_limited(void **state)
{
    enum { CAP = 64 };
    static const struct bucket_rate rate = {.per_s = 1, .burst = 4};
    struct rng rng = {6};
    struct env env = test_env_of(&rng);
    struct bucket_table *table;
    uint32_t bad = UINT32_MAX;

    (void)state;
    assert_int_equal(bucket_table_new(&table, sizeof(bad), CAP, &rate, &env), ERR_OK);
    for (int i = 0; i < 4; i++) {
        assert_true(bucket_table_take(table, &bad, 1, at(0)));
    }
    for (uint32_t other = 1; other < 5000; other++) {
        /* The bad source goes on trying while thousands of others come by once. */
        assert_false(bucket_table_take(table, &bad, 1, at(0)));
        assert_true(bucket_table_take(table, &other, 1, at(0)));
        assert_true(bucket_table_count(table) <= CAP);
    }
    assert_int_equal(bucket_table_count(table), CAP);
    assert_true(bucket_table_refused_count(table) == 4999);
    assert_true(bucket_table_evicted_count(table) == 5000 - CAP);
    assert_true(bucket_table_take(table, &bad, 1, at(NS_PER_S)));
    assert_false(bucket_table_take(table, &bad, 1, at(NS_PER_S)));
    bucket_table_free(table);
    bucket_table_free(NULL);
}

static void the_fullest_of_the_oldest_makes_room(void **state)
{
    static const struct bucket_rate rate = {.per_s = 1, .burst = 4};
    struct rng rng = {7};
    struct env env = test_env_of(&rng);
    struct bucket_table *table;

    (void)state;
    assert_int_equal(bucket_table_new(&table, 1, 3, &rate, &env), ERR_OK);
    assert_true(bucket_table_take(table, "a", 4, at(0))); /* oldest and empty */
    assert_true(bucket_table_take(table, "b", 1, at(0)));
    assert_true(bucket_table_take(table, "c", 2, at(0)));
    assert_true(bucket_table_take(table, "d", 4, at(0))); /* b goes */
    assert_false(bucket_table_take(table, "a", 1, at(0)));
    assert_true(bucket_table_take(table, "c", 2, at(0)));
    assert_false(bucket_table_take(table, "c", 1, at(0)));
    assert_true(bucket_table_evicted_count(table) == 1);
    bucket_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_gives_its_burst_and_then_its_rate),
        cmocka_unit_test(no_fraction_is_lost_in_small_steps),
        cmocka_unit_test(extreme_rates_and_times_do_not_overflow),
        cmocka_unit_test(the_table_holds_its_cap_and_remembers_who_is_limited),
        cmocka_unit_test(the_fullest_of_the_oldest_makes_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
