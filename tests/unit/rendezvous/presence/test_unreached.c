/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is remembered of relays that could not be reached, and for how long. */
#include "rendezvous/presence/unreached.h"

#include "tests/support/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct mono start = {NS_PER_S};

static struct unreached *fresh(void)
{
    struct test_env ports;
    struct unreached *unreached;

    test_env_init(&ports, 3);
    assert_int_equal(unreached_new(&unreached, &ports.env), ERR_OK);
    return unreached;
}

/* Whether a failure of this relay counts: then it goes behind another one. */
static bool has(const struct unreached *unreached, const uint8_t *relay, struct mono now)
{
    uint8_t relays[2][KEY_SIZE];

    memcpy(relays[0], relay, KEY_SIZE);
    memset(relays[1], 0xff, KEY_SIZE);
    unreached_last(unreached, relays, 2, now);
    return memcmp(relays[1], relay, KEY_SIZE) == 0;
}

static void each_failure_in_a_row_counts_for_twice_as_long_up_to_an_hour(void **state)
{
    const uint8_t relay[KEY_SIZE] = {1}, other[KEY_SIZE] = {2};
    struct unreached *unreached = fresh();
    struct mono now = start;
    uint64_t ms = UNREACHED_MS_MIN;

    (void)state;
    assert_false(has(unreached, relay, now));
    for (int i = 0; i < 10; i++) {
        unreached_put(unreached, relay, now);
        unreached_put(unreached, relay, now); /* of the same attempt */
        assert_true(has(unreached, relay, mono_add_ms(now, ms - 1)));
        now = mono_add_ms(now, ms);
        assert_false(has(unreached, relay, now));
        ms = 2 * ms < UNREACHED_MS_MAX ? 2 * ms : UNREACHED_MS_MAX;
    }
    assert_false(has(unreached, other, start));
    unreached_remove(unreached, relay);
    unreached_remove(unreached, other);
    unreached_put(unreached, relay, now);
    assert_false(has(unreached, relay, mono_add_ms(now, UNREACHED_MS_MIN)));
    unreached_free(unreached);
    unreached_free(NULL);
}

static void who_was_not_reached_stands_last_and_the_order_stays(void **state)
{
    uint8_t relays[6][KEY_SIZE] = {{1}, {2}, {3}, {4}, {5}, {6}};
    struct unreached *unreached = fresh();

    (void)state;
    unreached_put(unreached, relays[0], start);
    unreached_put(unreached, relays[2], start);
    unreached_put(unreached, relays[3], start);
    unreached_last(unreached, relays, 6, start);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(relays[i][0], "\2\5\6\1\3\4"[i]);
    }
    unreached_free(unreached);
}

static void its_memory_has_a_bound_and_the_oldest_goes(void **state)
{
    struct unreached *unreached = fresh();
    uint8_t relay[KEY_SIZE] = {0};

    (void)state;
    for (uint32_t i = 0; i < UNREACHED_MAX + 10; i++) {
        memcpy(relay, &i, sizeof(i));
        unreached_put(unreached, relay, start);
    }
    for (uint32_t i = 0; i < UNREACHED_MAX + 10; i++) {
        memcpy(relay, &i, sizeof(i));
        assert_int_equal(has(unreached, relay, start), i >= 10);
    }
    unreached_free(unreached);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failure_in_a_row_counts_for_twice_as_long_up_to_an_hour),
        cmocka_unit_test(who_was_not_reached_stands_last_and_the_order_stays),
        cmocka_unit_test(its_memory_has_a_bound_and_the_oldest_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
