/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which neighbours are kept (rendezvous/mesh/neighbour_choice.h). */
#include "tests/support/fixture.h"
#include "tests/support/instants.h"

#include "rendezvous/mesh/neighbour_choice.h"

/* Neighbours with these round trips in ms, all ours, each younger than the one before. */
static void ranks_of(struct neighbour_rank *ranks, const uint32_t *rtt_ms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ranks[i] = (struct neighbour_rank){
            .rtt_us = rtt_ms[i] * 1000, .since = test_at_ms(i), .ours = true};
    }
}

static void eight_are_wanted(void **state)
{
    (void)state;
    assert_int_equal(neighbour_choice_missing(0), 8);
    assert_int_equal(neighbour_choice_missing(7), 1);
    assert_int_equal(neighbour_choice_missing(8), 0);
    assert_int_equal(neighbour_choice_missing(30), 0);
}

static void only_a_much_nearer_one_is_better(void **state)
{
    static const uint32_t rtt_ms[8] = {10, 200, 20, 30, 150, 40, 100, 180};
    struct neighbour_rank ranks[8];

    (void)state;
    ranks_of(ranks, rtt_ms, 8);
    assert_true(neighbour_choice_better(ranks, 8, 69000)); /* the fifth has 100 ms */
    assert_false(neighbour_choice_better(ranks, 8, 70000));
    assert_false(neighbour_choice_better(ranks, 8, 99000));
    ranks[6].rtt_us = 0; /* not measured: farther than all */
    assert_true(neighbour_choice_better(ranks, 8, 104000));
    assert_false(neighbour_choice_better(ranks, 3, 1));
}

static void one_too_many_is_released_but_no_near_one(void **state)
{
    static const uint32_t rtt_ms[9] = {10, 200, 20, 30, 150, 40, 50, 180, 5};
    struct neighbour_rank ranks[9];

    (void)state;
    ranks_of(ranks, rtt_ms, 9);
    assert_int_equal(neighbour_choice_release(ranks, 8), 8);
    assert_int_equal(neighbour_choice_release(ranks, 9), 7); /* the youngest of the far ones */
    ranks[7].ours = false;
    assert_int_equal(neighbour_choice_release(ranks, 9), 6); /* now the sixth in distance */
    for (size_t i = 0; i < 9; i++) {
        ranks[i].ours = i == 1 || i == 4 || i == 7;
    }
    assert_int_equal(neighbour_choice_release(ranks, 9), 9); /* three far ones of ours stay */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_are_wanted),
        cmocka_unit_test(only_a_much_nearer_one_is_better),
        cmocka_unit_test(one_too_many_is_released_but_no_near_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
