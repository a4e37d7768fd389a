/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ring of minutes behind the picture of the last hour. */
#include "relayd/base/traffic_hour.h"

#include "tests/support/fixture.h"

static struct mono at_s(uint64_t s)
{
    return (struct mono){s * NS_PER_S};
}

static void each_minute_has_what_was_new_in_it(void **state)
{
    struct traffic_hour hour;

    (void)state;
    traffic_hour_init(&hour, at_s(1000020)); /* a full minute: 16667 times 60 */
    for (unsigned i = 0; i < TRAFFIC_MINUTES; i++) {
        assert_int_equal(traffic_hour_ago(&hour, i), 0);
    }
    traffic_hour_note(&hour, 100, at_s(1000030));
    traffic_hour_note(&hour, 150, at_s(1000079));
    assert_int_equal(traffic_hour_ago(&hour, 0), 150);
    traffic_hour_note(&hour, 151, at_s(1000080));
    assert_int_equal(traffic_hour_ago(&hour, 0), 1);
    assert_int_equal(traffic_hour_ago(&hour, 1), 150);
    traffic_hour_note(&hour, 151, at_s(1000080 + 57 * 60)); /* nothing came in between */
    assert_int_equal(traffic_hour_ago(&hour, 0), 0);
    assert_int_equal(traffic_hour_ago(&hour, 57), 1);
    assert_int_equal(traffic_hour_ago(&hour, 58), 150);
    traffic_hour_note(&hour, 160, at_s(1000080 + 59 * 60)); /* the first one falls out */
    assert_int_equal(traffic_hour_ago(&hour, 59), 1);
    assert_int_equal(traffic_hour_ago(&hour, 0), 9);
}

static void after_a_long_sleep_the_hour_is_empty(void **state)
{
    struct traffic_hour hour;

    (void)state;
    traffic_hour_init(&hour, at_s(0));
    for (unsigned i = 0; i < 200; i++) {
        traffic_hour_note(&hour, (i + 1) * UINT64_C(10), at_s(i * 60));
    }
    for (unsigned i = 0; i < TRAFFIC_MINUTES; i++) {
        assert_int_equal(traffic_hour_ago(&hour, i), 10);
    }
    traffic_hour_note(&hour, 2007, at_s(UINT64_C(86400) * 365));
    assert_int_equal(traffic_hour_ago(&hour, 0), 7);
    for (unsigned i = 1; i < TRAFFIC_MINUTES; i++) {
        assert_int_equal(traffic_hour_ago(&hour, i), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_minute_has_what_was_new_in_it),
        cmocka_unit_test(after_a_long_sleep_the_hour_is_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
