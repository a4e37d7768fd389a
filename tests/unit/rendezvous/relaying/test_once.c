/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words are taken once (rendezvous/relaying/once.h). */
#include "rendezvous/relaying/once.h"

#include "tests/support/env.h"
#include "tests/support/fixture.h"
#include "tests/support/rng.h"

#define WALL_MS UINT64_C(1700000000000)

static const struct mono start = {NS_PER_S};
static const uint8_t one[KEY_SIZE] = {1}, other[KEY_SIZE] = {2};

static struct once *once_made(uint64_t wall_ms, struct mono now)
{
    struct test_env ports;
    struct once *once;

    test_env_init(&ports, 1);
    assert_int_equal(once_new(&once, &ports.env, wall_ms, now), ERR_OK);
    return once;
}

/* So long after the start. */
static bool may(struct once *once, const uint8_t *from, uint64_t number, uint64_t ms)
{
    return once_may(once, from, number, WALL_MS + ms, mono_add_ms(start, ms));
}

static void each_number_of_a_relay_is_taken_once(void **state)
{
    const uint64_t at = 60000, number = WALL_MS + at;
    struct once *once = once_made(WALL_MS, start);

    (void)state;
    assert_true(may(once, one, number, at));
    assert_true(may(once, one, number, at)); /* asking takes nothing */
    assert_true(once_take(once, one, number));
    assert_false(may(once, one, number, at));
    assert_true(may(once, one, number - 1, at)); /* one that was overtaken */
    assert_true(may(once, other, number, at));
    assert_false(may(once, one, number, at + ONCE_CLOCK_MS));
    once_free(once);
}

static void a_number_is_about_the_time(void **state)
{
    const uint64_t at = 2 * ONCE_CLOCK_MS + 1, now = WALL_MS + at;
    struct once *once = once_made(WALL_MS, start);

    (void)state;
    assert_true(may(once, one, now - ONCE_CLOCK_MS, at));
    assert_false(may(once, one, now - ONCE_CLOCK_MS - 1, at));
    assert_true(may(once, one, now + ONCE_CLOCK_MS, at));
    assert_false(may(once, one, now + ONCE_CLOCK_MS + 1, at));
    assert_false(may(once, one, 0, at));
    assert_false(may(once, one, UINT64_MAX, at));
    once_free(once);
}

static void what_was_sent_before_a_restart_is_not_taken_after_it(void **state)
{
    struct once *once = once_made(WALL_MS, start);

    (void)state;
    assert_false(may(once, one, WALL_MS, 0));
    assert_false(may(once, one, WALL_MS + ONCE_CLOCK_MS, 0)); /* its clock was ahead */
    assert_false(may(once, one, WALL_MS + ONCE_CLOCK_MS, ONCE_CLOCK_MS));
    assert_true(may(once, one, WALL_MS + ONCE_CLOCK_MS + 1, ONCE_CLOCK_MS));
    once_free(once);
}

/* A relay that starts with a clock an hour behind, which is set right then, or the other way round:
 * what it took in its former life stays refused. */
static void a_clock_that_is_set_brings_nothing_back(void **state)
{
    enum { HOUR_MS = 3600000 };
    struct once *once = once_made(WALL_MS - HOUR_MS, start);
    struct mono now = mono_add_ms(start, 5000);

    (void)state;
    assert_false(once_may(once, one, WALL_MS - 1000, WALL_MS + 5000, now));
    assert_false(once_may(once, one, WALL_MS + 10000, WALL_MS + 10000, mono_add_ms(start, 10000)));
    assert_true(once_may(once, one, WALL_MS + 40000, WALL_MS + 40000, mono_add_ms(start, 40000)));
    once_free(once);
    once = once_made(WALL_MS, start);
    assert_true(may(once, one, WALL_MS + 40000, 40000));
    assert_false(once_may(once, one, WALL_MS - 1000, WALL_MS - 1000, mono_add_ms(start, 41000)));
    once_free(once);
}

/* Whatever is taken in whatever order, nothing is taken twice; and what is new mostly is taken. */
static void of_any_numbers_none_is_taken_twice(void **state)
{
    enum { ROUNDS = 3 * ONCE_MAX, SPAN_MS = 4000 };
    static uint64_t taken[ROUNDS];
    struct once *once = once_made(WALL_MS, start);
    struct rng rng = rng_stream(7, "once");
    size_t count = 0, again = 0;

    (void)state;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint64_t at = 60000 + i * 4, number = WALL_MS + at - rng_below(&rng, SPAN_MS);
        uint8_t from[KEY_SIZE] = {(uint8_t)(i % 3)};

        if (count > 0 && rng_below(&rng, 4) == 0) {
            size_t back = rng_below(&rng, (uint32_t)count);

            from[0] = (uint8_t)(taken[back] % 3);
            assert_false(may(once, from, taken[back] / 3, at));
            again++;
        } else if (may(once, from, number, at)) {
            assert_true(once_take(once, from, number));
            taken[count++] = number * 3 + from[0];
        }
    }
    assert_true(again > ROUNDS / 5 && count > ROUNDS / 2);
    once_free(once);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_number_of_a_relay_is_taken_once),
        cmocka_unit_test(a_number_is_about_the_time),
        cmocka_unit_test(what_was_sent_before_a_restart_is_not_taken_after_it),
        cmocka_unit_test(a_clock_that_is_set_brings_nothing_back),
        cmocka_unit_test(of_any_numbers_none_is_taken_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
