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
static bool offer_as(struct queue *q, struct fair_sender sender)
{
    if (!fair_take(&q->fair, sender, FRAME, q->frames * FRAME, ROOM, q->now) ||
        (q->frames + 1) * FRAME > ROOM) {
        return false;
    }
    q->frames++;
    return true;
}

static bool offer(struct queue *q, uint64_t number)
{
    const struct fair_sender sender = {.number = number};

    return offer_as(q, sender);
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
    assert_true(served >= 25);
    assert_true(passed[0] < 200);
}

/* A member that wants half of the line, and many more strangers than have places, each of which
 * could fill it. passed[0] is the member's. */
static void strangers_of_many_addresses_take_what_members_leave(void **state)
{
    struct queue q = {.per_turn = 20, .now = {5 * NS_PER_S}};
    size_t passed[41] = {0}, strangers = 0, served = 0;

    (void)state;
    for (int t = 0; t < 4000 / TURN_MS; t++) {
        for (size_t k = 0; k < 41; k++) {
            size_t i = (k + (size_t)t * 7) % 41;
            const struct fair_sender sender = {.number = i, .stranger = i > 0};

            for (size_t n = 0; n < (i > 0 ? 100U : 10U); n++) {
                passed[i] += offer_as(&q, sender) && t >= 2000 / TURN_MS ? 1 : 0;
            }
        }
        turn(&q);
    }
    for (size_t i = 1; i < 41; i++) {
        strangers += passed[i];
        served += passed[i] > 10 ? 1 : 0; /* 50 would be an equal share */
    }
    assert_in_range(passed[0], 1900, 2000); /* all of it, or nearly */
    assert_in_range(strangers, 1900, 2200); /* the rest is not wasted */
    assert_true(served >= 25);
}

static void a_stranger_among_few_has_its_share(void **state)
{
    struct queue q = {.per_turn = 20, .now = {5 * NS_PER_S}};
    size_t passed[3] = {0};

    (void)state;
    for (int t = 0; t < 4000 / TURN_MS; t++) {
        for (size_t i = 0; i < 3; i++) { /* a member and two strangers, who all flood */
            const struct fair_sender sender = {.number = i, .stranger = i > 0};

            for (size_t n = 0; n < 100; n++) {
                passed[i] += offer_as(&q, sender) && t >= 2000 / TURN_MS ? 1 : 0;
            }
        }
        turn(&q);
    }
    assert_in_range(passed[0], 1800, 2200);
    assert_in_range(passed[1], 800, 1200);
    assert_in_range(passed[2], 800, 1200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_takes_only_what_others_leave),
        cmocka_unit_test(equal_floods_share_alike),
        cmocka_unit_test(who_sends_alone_has_the_whole_queue),
        cmocka_unit_test(many_more_senders_than_places_are_served),
        cmocka_unit_test(strangers_of_many_addresses_take_what_members_leave),
        cmocka_unit_test(a_stranger_among_few_has_its_share),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
