/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Equal parts of a crowded queue (relayd/service/lane_share.h). */
#include "relayd/service/lane_share.h"

#include "tests/support/fixture.h"

enum { ROOM = 120000, SIZE = 1000 };

static struct lane_turn turn_new(void)
{
    return (struct lane_turn){.room = ROOM, .number = 1};
}

/* How many frames of so many that it tries this lane gets in. */
static size_t flood(struct lane_turn *turn, struct lane_share *share, size_t tries)
{
    size_t taken = 0;

    for (size_t i = 0; i < tries; i++) {
        taken += lane_share_take(turn, share, SIZE) ? 1 : 0;
    }
    return taken;
}

static void a_lane_that_is_alone_has_all(void **state)
{
    struct lane_turn turn = turn_new();
    struct lane_share share = {0};

    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(flood(&turn, &share, 200), ROOM / SIZE);
        lane_turn_next(&turn);
    }
}

static void a_flood_leaves_the_others_their_part(void **state)
{
    struct lane_turn turn = turn_new();
    struct lane_share flooder = {0}, others[3] = {{0}};
    size_t first = 0, rest[3] = {0};

    (void)state;
    for (int i = 0; i < 20; i++) { /* the flood is always there before the others */
        first += flood(&turn, &flooder, 500);
        for (size_t k = 0; k < TEST_COUNT(others); k++) {
            rest[k] += flood(&turn, &others[k], 500);
        }
        lane_turn_next(&turn);
    }
    for (size_t k = 0; k < TEST_COUNT(others); k++) {
        print_message("the flood %zu, another %zu\n", first, rest[k]);
        assert_in_range(rest[k] * 100 / first, 50, 101);
    }
}

static void what_one_took_in_a_crowd_it_owes_in_the_next_turn(void **state)
{
    struct lane_turn turn = turn_new();
    struct lane_share one = {0}, other[3] = {{0}};
    size_t before;

    (void)state;
    before = flood(&turn, &one, 60);
    for (size_t k = 0; k < TEST_COUNT(other); k++) {
        (void)flood(&turn, &other[k], 500);
    }
    assert_int_equal(before, 60); /* half of the room, where a fourth was its part */
    lane_turn_next(&turn);
    assert_int_equal(flood(&turn, &one, 500), 0);
    assert_int_equal(flood(&turn, &other[2], 500), 30); /* it got nothing before */
    lane_turn_next(&turn);
    assert_int_equal(flood(&turn, &one, 500), 61); /* the other one may come again */
    lane_turn_next(&turn);
    assert_int_equal(flood(&turn, &one, 500), 119); /* it did not; and one is owed of 61 */
}

static void a_lane_that_paused_owes_nothing(void **state)
{
    struct lane_turn turn = turn_new();
    struct lane_share one = {0}, other = {0};

    (void)state;
    (void)flood(&turn, &one, 500);
    (void)flood(&turn, &other, 500);
    lane_turn_next(&turn);
    lane_turn_next(&turn);
    assert_int_equal(flood(&turn, &other, 61), 61);
    assert_int_equal(flood(&turn, &one, 500), ROOM / SIZE - 61);
}

static void what_is_sparse_always_finds_room_beside_a_flood(void **state)
{
    struct lane_turn turn = turn_new();
    struct lane_share flooder = {0}, sparse = {0};

    (void)state;
    for (int i = 0; i < 100; i++) {
        (void)flood(&turn, &flooder, 500);
        /* In the very first turn nobody knows of the other one yet. */
        assert_true(lane_share_take(&turn, &sparse, 100) || i == 0);
        lane_turn_next(&turn);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lane_that_is_alone_has_all),
        cmocka_unit_test(a_flood_leaves_the_others_their_part),
        cmocka_unit_test(what_one_took_in_a_crowd_it_owes_in_the_next_turn),
        cmocka_unit_test(a_lane_that_paused_owes_nothing),
        cmocka_unit_test(what_is_sparse_always_finds_room_beside_a_flood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
