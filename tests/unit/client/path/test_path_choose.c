/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of the paths to a peer is used, and what is known of relayed ones. */
#include "client/path/path_choose.h"

#include "tests/support/fixture.h"
#include "tests/support/instants.h"
#include "tests/support/paths.h"

/* A path of a case: direct with a round trip in ms, relayed with a rank, or the lane through the
 * same relay as the path before it. */
struct trial {
    enum path_kind kind;
    enum path_state state;
    unsigned number; /* round trip, or rank */
    bool open;       /* the relay's session */
    bool keeps;      /* the relay starts anew, and keeps its lanes */
};

#define DIRECT(state, rtt_ms)                                                                      \
    {                                                                                              \
        PATH_KIND_DIRECT, PATH_STATE_##state, rtt_ms, false, false                                 \
    }
#define LANE(state)                                                                                \
    {                                                                                              \
        PATH_KIND_LANE, PATH_STATE_##state, 9, false, false                                        \
    }
#define OPEN(state, rank)                                                                          \
    {                                                                                              \
        PATH_KIND_RELAY, PATH_STATE_##state, rank, true, false                                     \
    }
#define CLOSED(state, rank)                                                                        \
    {                                                                                              \
        PATH_KIND_RELAY, PATH_STATE_##state, rank, false, false                                    \
    }
#define KEPT(state, rank)                                                                          \
    {                                                                                              \
        PATH_KIND_RELAY, PATH_STATE_##state, rank, false, true                                     \
    }

enum { NONE = -1, WAYS_MAX = 4 };

/* Which of the paths is used; NONE: there is no way. */
static const struct {
    const char *name;
    size_t count;
    struct trial ways[WAYS_MAX];
    int present, want;
} choices[] = {
    {"no path", 0, {{0}}, NONE, NONE},
    {"one that is tried", 1, {DIRECT(TRYING, 0)}, NONE, NONE},
    {"one that is reachable", 1, {DIRECT(REACHABLE, 9)}, NONE, NONE},
    {"one that is suspect", 1, {DIRECT(SUSPECT, 9)}, 0, NONE},
    {"one that is usable", 1, {DIRECT(USABLE, 9)}, NONE, 0},
    {"the smallest round trip",
     3,
     {DIRECT(USABLE, 30), DIRECT(USABLE, 10), DIRECT(USABLE, 20)},
     NONE,
     1},
    {"of two alike the first", 2, {DIRECT(USABLE, 30), DIRECT(USABLE, 30)}, NONE, 0},
    {"a faster one that is not usable", 2, {DIRECT(USABLE, 30), DIRECT(REACHABLE, 1)}, NONE, 0},

    {"better by less than a fifth", 2, {DIRECT(USABLE, 50), DIRECT(USABLE, 41)}, 0, 0},
    {"better by a fifth", 2, {DIRECT(USABLE, 50), DIRECT(USABLE, 40)}, 0, 1},
    {"worse than the present one", 2, {DIRECT(USABLE, 50), DIRECT(USABLE, 60)}, 0, 0},
    {"the present one is suspect", 2, {DIRECT(SUSPECT, 10), DIRECT(USABLE, 90)}, 0, 1},
    {"the present one is not the first", 2, {DIRECT(USABLE, 41), DIRECT(USABLE, 50)}, 1, 1},
    {"the present one was a relay's", 2, {OPEN(USABLE, 0), DIRECT(USABLE, 900)}, 0, 1},

    {"direct before relayed", 2, {OPEN(USABLE, 0), DIRECT(USABLE, 900)}, NONE, 1},
    {"a direct one that is only reachable", 2, {DIRECT(REACHABLE, 1), OPEN(USABLE, 0)}, NONE, 1},
    {"a suspect direct one", 2, {DIRECT(SUSPECT, 1), OPEN(USABLE, 0)}, 0, 1},
    {"a suspect direct one and a suspect relay", 2, {DIRECT(SUSPECT, 1), OPEN(SUSPECT, 0)}, 0, 1},

    {"a lane before its session", 2, {OPEN(USABLE, 0), LANE(USABLE)}, NONE, 1},
    {"a direct one before a lane", 3, {OPEN(USABLE, 0), LANE(USABLE), DIRECT(USABLE, 900)}, 1, 2},
    {"the lane of the better relay",
     4,
     {OPEN(USABLE, 2), LANE(USABLE), OPEN(USABLE, 1), LANE(USABLE)},
     1,
     3},
    {"a better relay without a lane", 3, {OPEN(USABLE, 1), LANE(USABLE), OPEN(USABLE, 0)}, 1, 2},
    {"a lane that is only reachable", 2, {OPEN(USABLE, 0), LANE(REACHABLE)}, NONE, 0},
    {"a suspect lane", 2, {OPEN(SUSPECT, 0), LANE(SUSPECT)}, 1, 0},
    {"a lane, and no session", 2, {CLOSED(USABLE, 0), LANE(USABLE)}, NONE, NONE},

    {"a kept lane", 2, {KEPT(USABLE, 0), LANE(USABLE)}, NONE, 1},
    {"a kept lane that is suspect", 2, {KEPT(USABLE, 0), LANE(SUSPECT)}, 1, 1},
    {"a kept lane that never answered", 2, {KEPT(USABLE, 0), LANE(REACHABLE)}, NONE, NONE},
    {"a kept lane in use, and a better relay",
     4,
     {KEPT(USABLE, 5), LANE(USABLE), OPEN(USABLE, 0), LANE(USABLE)},
     1,
     1},
    {"a kept lane that was not in use", 3, {KEPT(USABLE, 5), LANE(USABLE), OPEN(USABLE, 0)}, 2, 2},
    {"and of the better relay", 3, {KEPT(USABLE, 0), LANE(USABLE), OPEN(USABLE, 5)}, 2, 1},
    {"a suspect kept lane, and a relay",
     3,
     {KEPT(USABLE, 0), LANE(SUSPECT), OPEN(USABLE, 5)},
     1,
     2},
    {"of two kept lanes the better relay's",
     4,
     {KEPT(USABLE, 5), LANE(USABLE), KEPT(USABLE, 4), LANE(USABLE)},
     1,
     3},
    {"a direct one before a kept lane",
     3,
     {KEPT(USABLE, 0), LANE(USABLE), DIRECT(USABLE, 900)},
     1,
     2},

    {"the smallest rank", 3, {OPEN(USABLE, 2), OPEN(USABLE, 1), OPEN(USABLE, 3)}, NONE, 1},
    {"whatever is in use", 2, {OPEN(USABLE, 1), OPEN(USABLE, 0)}, 0, 1},
    {"of one rank the first", 2, {OPEN(USABLE, 1), OPEN(USABLE, 1)}, NONE, 0},
    {"one that is not suspect", 2, {OPEN(SUSPECT, 0), OPEN(USABLE, 9)}, NONE, 1},
    {"the other way round", 2, {OPEN(USABLE, 9), OPEN(SUSPECT, 0)}, NONE, 0},
    {"of suspect ones by rank", 2, {OPEN(SUSPECT, 5), OPEN(SUSPECT, 4)}, NONE, 1},
    {"all kinds",
     4,
     {OPEN(SUSPECT, 0), OPEN(USABLE, 7), OPEN(SUSPECT, 1), OPEN(USABLE, 6)},
     NONE,
     3},
    {"closed", 1, {CLOSED(USABLE, 0)}, 0, NONE},
    {"closed, and a worse one", 2, {CLOSED(USABLE, 0), OPEN(USABLE, 9)}, 0, 1},
    {"closed, and a suspect one", 2, {CLOSED(USABLE, 0), OPEN(SUSPECT, 9)}, 0, 1},
};

static void usable_direct_paths_come_first_then_lanes_then_relays_by_health_and_rank(void **state)
{

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(choices); i++) {
        struct relay_session relays[WAYS_MAX] = {0};
        struct path paths[WAYS_MAX] = {0};
        struct path *list[WAYS_MAX];

        for (size_t k = 0; k < choices[i].count; k++) {
            const struct trial *way = &choices[i].ways[k];

            relays[k].open = way->open;
            relays[k].keeps_lanes = way->keeps;
            if (way->kind == PATH_KIND_RELAY) {
                path_init_relay(&paths[k], &relays[k], (uint8_t)way->number, test_at_ms(0));
            } else {
                paths[k] = test_path_fresh();
                paths[k].kind = way->kind;
                paths[k].rtt_ns = way->number * NS_PER_MS;
            }
            if (way->kind == PATH_KIND_LANE) {
                paths[k - 1].by_lane = &paths[k];
            }
            paths[k].state = way->state;
            list[k] = &paths[k];
        }
        const struct path *got = path_choose(
            list, choices[i].count, choices[i].present < 0 ? NULL : list[choices[i].present]);

        if (got != (choices[i].want < 0 ? NULL : list[choices[i].want])) {
            fail_msg("%s: %d", choices[i].name, got == NULL ? -1 : (int)(got - paths));
        }
    }
}

static void a_relayed_path_is_suspect_while_its_pings_stay_unanswered(void **state)
{
    static const struct {
        const char *name;
        bool pong, frame; /* what comes after the pings */
        unsigned pings;
        enum path_state want;
    } cases[] = {
        {"never asked", false, false, 0, PATH_STATE_USABLE},
        {"asked once", false, false, 1, PATH_STATE_USABLE},
        {"asked again in vain", false, false, 2, PATH_STATE_SUSPECT},
        {"and again", false, false, 5, PATH_STATE_SUSPECT},
        {"a pong came", true, false, 5, PATH_STATE_USABLE},
        {"a frame came", false, true, 5, PATH_STATE_USABLE},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct relay_session relay = {.open = true};
        struct path path;

        path_init_relay(&path, &relay, 0, test_at_ms(0));
        for (unsigned k = 0; k < cases[i].pings; k++) {
            path_on_ping_sent(&path, k + 1, 64, test_at_ms(2000 * k));
            path_relay_expire(&path, test_at_ms(2000 * k));
        }
        if (cases[i].pong) {
            assert_true(path_on_pong(&path, cases[i].pings, test_at_ms(20000)));
        } else if (cases[i].frame) {
            path_on_received(&path, test_at_ms(20000));
        }
        if (path.state != cases[i].want) {
            fail_msg("%s: %s", cases[i].name, path_state_name(path.state));
        }
        /* After a sign of life one ping may stay unanswered; the next one makes the path suspect.
         */
        path_relay_expire(&path, test_at_ms(22000));
        if (cases[i].pong || cases[i].frame) {
            assert_int_equal(path.state, PATH_STATE_USABLE);
        }
        path_relay_expire(&path, test_at_ms(24000));
        assert_int_equal(path.state, PATH_STATE_SUSPECT);
    }
}

/* Both sides may begin a session at once, and each session begins with a ping. */
static void two_pings_within_a_round_trip_tell_nothing(void **state)
{
    struct relay_session relay = {.open = true};
    struct path path;

    (void)state;
    path_init_relay(&path, &relay, 0, test_at_ms(0));
    path_relay_expire(&path, test_at_ms(5000));
    path_relay_expire(&path, test_at_ms(5000 + PATH_PING_LOST_MS - 1));
    assert_int_equal(path.state, PATH_STATE_USABLE);
    path_relay_expire(&path, test_at_ms(5000 + PATH_PING_LOST_MS));
    assert_int_equal(path.state, PATH_STATE_SUSPECT);
}

/* The peer may be at any of them, and its relay may not be the one with the smallest rank. */
static void relays_that_are_all_suspect_have_their_turns(void **state)
{
    enum { COUNT = 3 };
    struct relay_session relays[COUNT] = {{.open = true}, {.open = true}, {.open = true}};
    struct path paths[COUNT];
    struct path *list[COUNT];

    (void)state;
    for (uint8_t i = 0; i < COUNT; i++) {
        path_init_relay(&paths[i], &relays[i], i, test_at_ms(0));
        list[i] = &paths[i];
    }
    for (uint64_t ping = 0; ping < 6 * COUNT; ping++) {
        struct path *used = path_choose_relay(list, COUNT);

        assert_ptr_equal(used, &paths[ping / 2 % COUNT]); /* two pings each */
        path_relay_expire(used, test_at_ms(2000 * (ping + 1)));
    }
    path_on_received(&paths[1], test_at_ms(90000));
    assert_ptr_equal(path_choose_relay(list, COUNT), &paths[1]);
}

static void a_relay_is_doubted_if_nothing_came_by_it_since(void **state)
{
    struct relay_session relay = {.open = true};
    struct path path;

    (void)state;
    path_init_relay(&path, &relay, 0, test_at_ms(0));
    path_on_received(&path, test_at_ms(1000));
    path_relay_doubt(&path, test_at_ms(1000), test_at_ms(1300));
    assert_int_equal(path.state, PATH_STATE_USABLE);
    path_relay_doubt(&path, test_at_ms(1001), test_at_ms(1300));
    assert_int_equal(path.state, PATH_STATE_SUSPECT);
}

static void a_suspect_relay_is_missed_if_it_would_be_used_otherwise(void **state)
{
    static const struct {
        const char *name;
        uint8_t rank;
        bool open;
        enum path_state state, used_state;
        bool want;
    } cases[] = {
        {"smaller rank", 0, true, PATH_STATE_SUSPECT, PATH_STATE_USABLE, true},
        {"larger rank", 2, true, PATH_STATE_SUSPECT, PATH_STATE_USABLE, false},
        {"no session", 0, false, PATH_STATE_SUSPECT, PATH_STATE_USABLE, false},
        {"it works", 0, true, PATH_STATE_USABLE, PATH_STATE_USABLE, false},
        {"all have their turns", 0, true, PATH_STATE_SUSPECT, PATH_STATE_SUSPECT, false},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct relay_session relays[2] = {{.open = cases[i].open}, {.open = true}};
        struct path path;
        struct path used;

        path_init_relay(&path, &relays[0], cases[i].rank, test_at_ms(0));
        path_init_relay(&used, &relays[1], 1, test_at_ms(0));
        path.state = cases[i].state;
        used.state = cases[i].used_state;
        if (path_is_missed(&path, &used) != cases[i].want) {
            fail_msg("%s", cases[i].name);
        }
    }
}

/* Both send each 50 ms, by the first relay, for a second. Then nothing comes by it any more. */
static void who_speaks_by_another_relay_is_followed_there(void **state)
{
    static const struct {
        const char *name;
        unsigned other_from_ms, other_until_ms; /* the peer speaks by the second one */
        unsigned rtt_ms;                        /* of the first */
        bool want;                              /* the second one is used */
    } cases[] = {
        {"it says nothing at all", 0, 0, 20, false},
        {"one ping by the other way", 1100, 1101, 20, false},
        {"it goes on by the other way", 1100, 2000, 20, true},
        {"not sooner than answers could be late", 1100, 1250, 20, false},
        {"as soon as they are", 1100, 1251, 20, true},
        {"they may take long", 1100, 1750, 400, false},
        {"so long", 1100, 1751, 400, true},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct relay_session relays[2] = {{.open = true}, {.open = true}};
        struct path paths[2];
        struct path *list[2] = {&paths[0], &paths[1]};

        path_init_relay(&paths[0], &relays[0], 0, test_at_ms(0));
        path_init_relay(&paths[1], &relays[1], 1, test_at_ms(0));
        paths[0].rtt_ns = cases[i].rtt_ms * NS_PER_MS;
        for (unsigned ms = 0; ms < 2000; ms += 50) {
            if (ms < 1000) {
                path_on_received(&paths[0], test_at_ms(ms));
                assert_ptr_equal(path_choose_relay(list, 2), &paths[0]);
            }
            path_on_sent(&paths[0], 100, test_at_ms(ms));
            if (ms >= cases[i].other_from_ms && ms < cases[i].other_until_ms) {
                path_on_received(&paths[1], test_at_ms(ms));
            }
        }
        if ((path_choose_relay(list, 2) == &paths[1]) != cases[i].want) {
            fail_msg("%s", cases[i].name);
        }
        path_on_received(&paths[0], test_at_ms(2100)); /* it works again */
        assert_ptr_equal(path_choose_relay(list, 2), &paths[0]);
    }
}

/* What went by a lane and what went by the session of one relay are one talk. */
static void who_left_a_lane_for_another_relay_is_followed_there(void **state)
{
    struct relay_session relays[2] = {{.open = true}, {.open = true}};
    struct path paths[2];
    struct path lane = test_path_fresh();
    struct path *list[3] = {&paths[0], &paths[1], &lane};

    (void)state;
    lane.kind = PATH_KIND_LANE;
    lane.state = PATH_STATE_USABLE;
    path_init_relay(&paths[0], &relays[0], 0, test_at_ms(0));
    path_init_relay(&paths[1], &relays[1], 1, test_at_ms(0));
    paths[0].by_lane = &lane;
    path_on_sent(&paths[0], 100, test_at_ms(0));
    path_on_received(&paths[0], test_at_ms(20));
    path_on_sent(&paths[0], 100, test_at_ms(30)); /* a ping by the session that gets lost */
    for (unsigned ms = 1000; ms < 5000; ms += 50) {
        path_on_sent(&lane, 100, test_at_ms(ms));
        path_on_received(&lane, test_at_ms(ms + 20));
    }
    path_on_sent(&lane, 100, test_at_ms(5000));
    path_on_received(&paths[1], test_at_ms(5299));
    assert_ptr_equal(path_choose(list, 3, &lane), &lane);
    lane.state = PATH_STATE_SUSPECT;
    path_on_sent(&paths[0], 100, test_at_ms(5200)); /* now by the session */
    assert_ptr_equal(path_choose(list, 3, &lane), &paths[0]);
    path_on_received(&paths[1], test_at_ms(5300));
    assert_ptr_equal(path_choose(list, 3, &lane), &paths[1]);
    path_on_received(&paths[0], test_at_ms(5400)); /* it works again */
    assert_ptr_equal(path_choose(list, 3, &lane), &paths[0]);
}

/* By one relay there, by another back: nothing is wrong with that. */
static void a_relay_by_which_the_peer_never_spoke_is_not_left(void **state)
{
    struct relay_session relays[2] = {{.open = true}, {.open = true}};
    struct path paths[2];
    struct path *list[2] = {&paths[0], &paths[1]};

    (void)state;
    path_init_relay(&paths[0], &relays[0], 0, test_at_ms(0));
    path_init_relay(&paths[1], &relays[1], 1, test_at_ms(0));
    for (unsigned ms = 0; ms < 10000; ms += 50) {
        path_on_sent(&paths[0], 100, test_at_ms(ms));
        path_on_received(&paths[1], test_at_ms(ms + 20));
        assert_ptr_equal(path_choose_relay(list, 2), &paths[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usable_direct_paths_come_first_then_lanes_then_relays_by_health_and_rank),
        cmocka_unit_test(a_relayed_path_is_suspect_while_its_pings_stay_unanswered),
        cmocka_unit_test(two_pings_within_a_round_trip_tell_nothing),
        cmocka_unit_test(relays_that_are_all_suspect_have_their_turns),
        cmocka_unit_test(a_relay_is_doubted_if_nothing_came_by_it_since),
        cmocka_unit_test(a_suspect_relay_is_missed_if_it_would_be_used_otherwise),
        cmocka_unit_test(who_speaks_by_another_relay_is_followed_there),
        cmocka_unit_test(who_left_a_lane_for_another_relay_is_followed_there),
        cmocka_unit_test(a_relay_by_which_the_peer_never_spoke_is_not_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
