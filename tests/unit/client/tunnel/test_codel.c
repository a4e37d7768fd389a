/* SPDX-License-Identifier: GPL-3.0-or-later */
/* CoDel takes packets at the times that the control law of RFC 8289 says, and no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/tunnel/codel.h"

static struct mono at_ms(uint64_t ms)
{
    return (struct mono){ms * NS_PER_MS};
}

static bool takes(struct codel *codel, uint64_t waited_ms, uint64_t now_ms)
{
    return codel_takes(codel, waited_ms * NS_PER_MS, false, at_ms(now_ms));
}

/* Ask each millisecond from `from` on with packets that waited 20 ms, and write when one was taken.
 * Returns how many. */
static size_t run(struct codel *codel, uint64_t from, uint64_t until, uint64_t *when, size_t most)
{
    size_t count = 0;

    for (uint64_t now = from; now < until; now++) {
        if (takes(codel, 20, now) && count < most) {
            when[count++] = now;
        }
    }
    return count;
}

static void nothing_is_taken_below_the_target_or_for_less_than_an_interval(void **state)
{
    struct codel codel = {0};

    (void)state;
    for (uint64_t now = 0; now < 1000; now++) {
        assert_false(takes(&codel, 4, now));
    }
    for (uint64_t now = 1000; now < 1100; now++) {
        assert_false(takes(&codel, 20, now));
    }
    assert_false(takes(&codel, 4, 1100)); /* the least wait of the interval was short */
    for (uint64_t now = 1101; now < 1201; now++) {
        assert_false(takes(&codel, 20, now));
    }
    assert_true(takes(&codel, 20, 1201));
}

static void packets_are_taken_ever_more_often(void **state)
{
    /* 100 ms after the wait became long, then 100 / sqrt(n) ms further each time, to the next whole
     * millisecond: 100, 70.7, 57.7, 50, 44.7, 40.8. */
    static const uint64_t expected[] = {100, 200, 271, 329, 379, 424, 465};
    enum { COUNT = sizeof(expected) / sizeof(expected[0]) };
    struct codel codel = {0};
    uint64_t when[COUNT];

    (void)state;
    assert_int_equal(run(&codel, 0, 470, when, COUNT), COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(when[i], expected[i]);
    }
}

static void a_short_wait_ends_it_and_a_long_one_soon_after_goes_on(void **state)
{
    struct codel codel = {0};
    uint64_t when[64];
    size_t count;

    (void)state;
    count = run(&codel, 0, 1000, when, 64);
    assert_true(count > 10);
    assert_false(takes(&codel, 4, 1000));
    assert_false(takes(&codel, 20, 1001));
    assert_false(takes(&codel, 20, 1100));
    assert_true(takes(&codel, 20, 1101));
    assert_int_equal(codel.count, count - 1);

    /* After a long rest it learns anew. */
    assert_false(takes(&codel, 4, 1102));
    assert_false(takes(&codel, 20, 5000));
    assert_true(takes(&codel, 20, 5100));
    assert_int_equal(codel.count, 1);
}

static void the_last_packet_stays_and_an_empty_queue_forgets(void **state)
{
    struct codel codel = {0};

    (void)state;
    assert_false(takes(&codel, 20, 0));
    assert_false(codel_takes(&codel, 900 * NS_PER_MS, true, at_ms(200)));
    assert_false(takes(&codel, 20, 201));
    codel_idle(&codel);
    assert_false(takes(&codel, 20, 400));
    assert_false(takes(&codel, 20, 499));
    assert_true(takes(&codel, 20, 500));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_taken_below_the_target_or_for_less_than_an_interval),
        cmocka_unit_test(packets_are_taken_ever_more_often),
        cmocka_unit_test(a_short_wait_ends_it_and_a_long_one_soon_after_goes_on),
        cmocka_unit_test(the_last_packet_stays_and_an_empty_queue_forgets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
