/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a host says that its relay's clock and its own differ. */
#include "client/ziglan/ziglan_clock.h"

#include "proto/wire/record.h"

#include "tests/support/env.h"
#include "tests/support/fixture.h"

enum { UP_MS = 5000 /* how long the host runs when it is told */ };

static const struct mono now = {UP_MS * NS_PER_MS};

static void clocks_differ_by_more_than_signatures_allow(void **state)
{
    static const struct {
        const char *name;
        bool told;
        int64_t ahead_ms; /* our clock minus the relay's */
        bool differs;
    } cases[] = {
        {"not told", false, 0, false},
        {"the same", true, 0, false},
        {"ahead as far as may be", true, RECORD_CLOCK_SKEW_MS, false},
        {"ahead", true, (int64_t)RECORD_CLOCK_SKEW_MS + 1, true},
        {"behind as far as may be", true, -(int64_t)RECORD_CLOCK_SKEW_MS, false},
        {"behind", true, -(int64_t)RECORD_CLOCK_SKEW_MS - 1, true},
        {"in 1970", true, -(int64_t)TEST_WALL_MS + 1000, true},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct ziglan_clock clock = {0};
        struct test_env ports;

        test_env_init(&ports, 7);
        ports.wall_ms = (uint64_t)((int64_t)TEST_WALL_MS + cases[i].ahead_ms);
        ziglan_clock_told(&clock, cases[i].told ? TEST_WALL_MS : 0, now);
        if (ziglan_clock_check(&clock, &ports.env, now) != cases[i].differs ||
            clock.differs != cases[i].differs) {
            fail_msg("%s", cases[i].name);
        }
        if (cases[i].told) {
            assert_int_equal(ziglan_clock_ahead_ms(&clock, &ports.env, now), cases[i].ahead_ms);
        }
        assert_int_equal(ports.warnings, cases[i].differs ? 1 : 0);
        assert_false(ziglan_clock_check(&clock, &ports.env, now)); /* it is said once */
    }
}

static void a_clock_that_is_set_right_agrees_again(void **state)
{
    struct ziglan_clock clock = {0};
    struct test_env ports;

    (void)state;
    test_env_init(&ports, 7);
    ziglan_clock_told(&clock, TEST_WALL_MS, now);
    ports.wall_ms = TEST_WALL_MS + 60 * 60 * 1000; /* an hour passes for both */
    assert_false(ziglan_clock_check(&clock, &ports.env, mono_add_ms(now, 60 * 60 * 1000)));
    ports.wall_ms *= 2;
    assert_true(ziglan_clock_check(&clock, &ports.env, mono_add_ms(now, 60 * 60 * 1000)));
    assert_true(clock.differs);
    ports.wall_ms /= 2;
    assert_true(ziglan_clock_check(&clock, &ports.env, mono_add_ms(now, 60 * 60 * 1000)));
    assert_false(clock.differs);
}

/* Whatever a relay or a broken clock says, no sum overflows. */
static void clocks_that_say_anything_are_compared(void **state)
{
    static const uint64_t walls[] = {0, 1, TEST_WALL_MS, INT64_MAX, UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(walls); i++) {
        for (size_t k = 0; k < TEST_COUNT(walls); k++) {
            struct ziglan_clock clock = {0};
            struct test_env ports;

            test_env_init(&ports, 7);
            ports.wall_ms = walls[i];
            ziglan_clock_told(&clock, walls[k], now);
            (void)ziglan_clock_check(&clock, &ports.env, MONO_NEVER);
            (void)ziglan_clock_check(&clock, &ports.env, now);
            if (i == k) {
                assert_false(clock.differs);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_differ_by_more_than_signatures_allow),
        cmocka_unit_test(a_clock_that_is_set_right_agrees_again),
        cmocka_unit_test(clocks_that_say_anything_are_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
