/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the senders of one queue share it. */
#include "relayd/base/fair.h"

#include "tests/support/fixture.h"

enum { ROOM = 512 * 1024, FRAME = 1000, TURN_MS = 10 };

/* A queue, and how many frames its receiver takes from it in each turn. */
struct queue {
    struct fair fair;
    size_t frames, per_turn;
    struct mono now;
};

/* One frame of a sender; false if it was dropped. */
static bool offer(struct queue *q, uint64_t source)
{
    if (!fair_take(&q->fair, source, FRAME, q->frames * FRAME, ROOM, q->now) ||
        (q->frames + 1) * FRAME > ROOM) {
        return false;
    }
    q->frames++;
    return true;
}

static void turn(struct queue *q)
{
    q->frames -= q->frames < q->per_turn ? q->frames : q->per_turn;
    q->now = mono_add_ms(q->now, TURN_MS);
}

/* For two seconds source i sends offered[i] frames per turn. passed[i] is how many of them passed
 * in the second one; in the first the queue fills. */
static void second_of(const size_t *offered, size_t *passed, size_t count)
{
    struct queue q = {.per_turn = 20, .now = {5 * NS_PER_S}};

    memset(passed, 0, count * sizeof(*passed));
    for (int t = 0; t < 2000 / TURN_MS; t++) {
        for (size_t k = 0; k < count; k++) {
            size_t i = (k + (size_t)t * 7) % count; /* nobody is always the first */
            for (size_t n = 0; n < offered[i]; n++) {
                passed[i] += offer(&q, 100 + i) && t >= 1000 / TURN_MS ? 1 : 0;
            }
        }
        turn(&q);
    }
}

static void a_flood_takes_only_what_others_leave(void **state)
{
    static const size_t offered[] = {500, 2, 5};
    size_t passed[3];

    (void)state;
    second_of(offered, passed, 3);
    assert_int_equal(passed[1], 200); /* all of it */
    assert_int_equal(passed[2], 500);
    assert_in_range(passed[0], 1200, 1400); /* and nothing of the line is wasted */
}

static void equal_floods_share_alike(void **state)
{
    static const size_t offered[] = {500, 100, 40, 40};
    size_t passed[4];

    (void)state;
    second_of(offered, passed, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_in_range(passed[i], 450, 550);
    }
}

static void who_sends_alone_has_the_whole_queue(void **state)
{
    struct queue q = {.now = {5 * NS_PER_S}};
    size_t taken = 0;

    (void)state;
    while (offer(&q, 7)) {
        taken++;
    }
    assert_int_equal(taken, ROOM / FRAME);
    /* One more sender finds room as soon as there is some, the first one does not. */
    q.frames--;
    assert_false(offer(&q, 8) && offer(&q, 7));
    q.frames--;
    assert_false(offer(&q, 7));
    assert_true(offer(&q, 8));
}

static void many_more_senders_than_places_are_served(void **state)
{
    size_t offered[40], passed[40], served = 0;

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        offered[i] = i == 0 ? 500 : 1;
    }
    second_of(offered, passed, 40); /* twice what the line takes, without the flood */
    for (size_t i = 1; i < 40; i++) {
        served += passed[i] > 25 ? 1 : 0; /* 50 would be an equal share */
    }
    assert_true(served >= 36);
    assert_true(passed[0] < 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_takes_only_what_others_leave),
        cmocka_unit_test(equal_floods_share_alike),
        cmocka_unit_test(who_sends_alone_has_the_whole_queue),
        cmocka_unit_test(many_more_senders_than_places_are_served),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
