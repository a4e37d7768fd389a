/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wall clock by which things are deleted (proto/base/wall_watch.h). */
#include "proto/base/wall_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TODAY_MS INT64_C(1800000000000)
#define YEAR_MS (INT64_C(365) * 24 * 3600 * 1000)
#define MINUTE_MS INT64_C(60000)

struct clocks {
    struct wall_watch watch;
    struct mono now;
    int64_t wall_ms;
};

/* Both clocks go on by `ms`, noted every ten seconds. Returns the last jump that was told. */
static int64_t go_on(struct clocks *c, int64_t ms)
{
    int64_t told = 0;

    for (int64_t done = 0; done < ms; done += 10000) {
        c->now = mono_add_ms(c->now, 10000);
        c->wall_ms += 10000;
        int64_t step = wall_watch_note(&c->watch, (uint64_t)c->wall_ms, c->now);
        told = step != 0 ? step : told;
    }
    return told;
}

/* The wall clock is set ahead by by_ms. Returns the jump that was told. */
static int64_t set(struct clocks *c, int64_t by_ms)
{
    c->wall_ms += by_ms;
    return wall_watch_note(&c->watch, (uint64_t)c->wall_ms, c->now);
}

static int64_t settled(const struct clocks *c)
{
    return (int64_t)wall_watch_settled_ms(&c->watch, c->now);
}

static struct clocks clocks_at(int64_t wall_ms)
{
    struct clocks c = {.now = {77 * NS_PER_S}, .wall_ms = wall_ms};

    wall_watch_init(&c.watch);
    assert_int_equal(wall_watch_note(&c.watch, (uint64_t)wall_ms, c.now), 0);
    return c;
}

static struct clocks clocks_settled(void)
{
    struct clocks c = clocks_at(TODAY_MS);

    assert_int_equal(go_on(&c, WALL_SETTLE_MS), 0);
    assert_int_equal(settled(&c), c.wall_ms);
    return c;
}

static void nothing_is_settled_for_some_hours(void **state)
{
    struct clocks c = clocks_at(TODAY_MS);

    (void)state;
    assert_int_equal(settled(&c), 0);
    assert_int_equal(go_on(&c, WALL_SETTLE_MS - MINUTE_MS), 0);
    assert_int_equal(settled(&c), 0);
    assert_int_equal(go_on(&c, MINUTE_MS), 0);
    assert_int_equal(settled(&c), c.wall_ms);
}

static void a_jump_ahead_and_back_deletes_nothing(void **state)
{
    struct clocks c = clocks_settled();

    (void)state;
    assert_int_equal(set(&c, YEAR_MS), YEAR_MS);
    assert_int_equal(settled(&c), c.wall_ms - YEAR_MS);
    assert_int_equal(go_on(&c, WALL_SETTLE_MS - MINUTE_MS), 0); /* told once */
    assert_int_equal(settled(&c), c.wall_ms - YEAR_MS);
    assert_int_equal(set(&c, -YEAR_MS), -YEAR_MS);
    assert_int_equal(settled(&c), c.wall_ms);
    /* The next jump must last as long again. */
    assert_int_equal(set(&c, YEAR_MS), YEAR_MS);
    assert_int_equal(go_on(&c, 2 * MINUTE_MS), 0);
    assert_int_equal(settled(&c), c.wall_ms - YEAR_MS);
    assert_int_equal(go_on(&c, WALL_SETTLE_MS), 0);
    assert_int_equal(settled(&c), c.wall_ms);
}

static void a_second_jump_ahead_waits_anew(void **state)
{
    struct clocks c = clocks_settled();

    (void)state;
    (void)set(&c, YEAR_MS);
    (void)go_on(&c, WALL_SETTLE_MS - MINUTE_MS);
    assert_int_equal(set(&c, YEAR_MS), YEAR_MS);
    (void)go_on(&c, 2 * MINUTE_MS);
    assert_int_equal(settled(&c), c.wall_ms - 2 * YEAR_MS);
}

static void a_clock_set_back_counts_at_once(void **state)
{
    struct clocks c = clocks_settled();

    (void)state;
    assert_int_equal(set(&c, -YEAR_MS), -YEAR_MS);
    assert_int_equal(settled(&c), c.wall_ms);
    assert_int_equal(set(&c, YEAR_MS), YEAR_MS);
    (void)go_on(&c, WALL_SETTLE_MS - MINUTE_MS);
    assert_int_equal(settled(&c), c.wall_ms - YEAR_MS);
    (void)go_on(&c, MINUTE_MS);
    assert_int_equal(settled(&c), c.wall_ms);
}

static void small_steps_are_no_jumps(void **state)
{
    struct clocks c = clocks_settled();

    (void)state;
    assert_int_equal(set(&c, WALL_STEP_MS - 1), 0);
    assert_int_equal(settled(&c), c.wall_ms);
    assert_int_equal(set(&c, 1 - WALL_STEP_MS), 0);
    assert_int_equal(settled(&c), c.wall_ms);
    assert_int_equal(set(&c, WALL_STEP_MS), WALL_STEP_MS);
    assert_int_equal(set(&c, -WALL_STEP_MS), -WALL_STEP_MS);
}

static void a_machine_may_boot_in_1970(void **state)
{
    struct clocks c = clocks_at(0);

    (void)state;
    (void)go_on(&c, 2 * MINUTE_MS);
    assert_int_equal(settled(&c), 0);
    assert_int_equal(set(&c, TODAY_MS), TODAY_MS);
    (void)go_on(&c, WALL_SETTLE_MS - MINUTE_MS);
    assert_int_equal(settled(&c), 0);
    (void)go_on(&c, MINUTE_MS);
    assert_int_equal(settled(&c), c.wall_ms);
    /* The largest number that a clock can say. */
    assert_true(wall_watch_note(&c.watch, UINT64_MAX, c.now) > 0);
    assert_true(wall_watch_note(&c.watch, 0, c.now) < 0);
    assert_int_equal(settled(&c), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_settled_for_some_hours),
        cmocka_unit_test(a_jump_ahead_and_back_deletes_nothing),
        cmocka_unit_test(a_second_jump_ahead_waits_anew),
        cmocka_unit_test(a_clock_set_back_counts_at_once),
        cmocka_unit_test(small_steps_are_no_jumps),
        cmocka_unit_test(a_machine_may_boot_in_1970),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
