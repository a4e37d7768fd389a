/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How large the frames of a direct path may be: which sizes are asked about, and when the one in
 * use is given up. */
#include "client/path/path.h"

#include "tests/support/fixture.h"
#include "tests/support/instants.h"
#include "tests/support/paths.h"

static void smaller_sizes_are_asked_about_where_larger_ones_did_not_pass(void **state)
{
    enum {
        WANTED = PATH_FRAME_SIZE_IPV6 + 100,
        SMALL = PATH_FRAME_SIZE_IPV6,
        LEAST = PATH_FRAME_SIZE_MIN
    };
    static const struct {
        const char *name;
        uint16_t full, known;
        unsigned tries;
        size_t count;
        uint16_t sizes[3];
    } cases[] = {
        {"nothing known", WANTED, 0, 1, 2, {WANTED, SMALL}},
        {"asked as often as that is to be", WANTED, 0, PATH_SIZE_TRIES_MAX, 2, {WANTED, SMALL}},
        {"asked in vain", WANTED, 0, PATH_SIZE_TRIES_MAX + 1, 3, {WANTED, SMALL, LEAST}},
        {"the least passes", WANTED, LEAST, PATH_SIZE_TRIES_MAX + 1, 2, {WANTED, SMALL}},
        {"the middle passes", WANTED, SMALL, PATH_SIZE_TRIES_MAX + 1, 1, {WANTED}},
        {"no larger one wanted", SMALL, 0, PATH_SIZE_TRIES_MAX + 1, 2, {SMALL, LEAST}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct path path = {.state = PATH_STATE_REACHABLE};

        path.mtu.full = cases[i].full;
        path.frame_size = cases[i].known;
        path.mtu.tries = (uint8_t)(cases[i].tries - 1);
        struct path_due due = path_expire(&path, true, test_at_ms(0));
        if (due.count != cases[i].count ||
            memcmp(due.sizes, cases[i].sizes, due.count * sizeof(due.sizes[0])) != 0) {
            fail_msg("%s", cases[i].name);
        }
    }
}

/* ---- a way that takes only smaller frames from some moment on ---- */

enum { ROUND_TRIP_MS = 40, STEP_MS = 5, IN_FLIGHT_MAX = 64, SOON_MS = 1000 };

/* A path whose peer answers every ping that passes. */
struct way_to_peer {
    struct path path;
    uint64_t ms;
    size_t largest; /* frame that passes */
    uint64_t transaction;
    struct {
        uint64_t transaction, back_ms;
    } in_flight[IN_FLIGHT_MAX];
    size_t in_flight_count;
    unsigned pings;
    bool suspect; /* it was, at some time */
};

static void ping_leaves(struct way_to_peer *way, uint16_t frame_size)
{
    frame_size = frame_size == 0 ? 64 : frame_size;
    way->pings++;
    path_on_ping_sent(&way->path, ++way->transaction, frame_size, test_at_ms(way->ms));
    if (frame_size <= way->largest) {
        assert_true(way->in_flight_count < IN_FLIGHT_MAX);
        way->in_flight[way->in_flight_count].transaction = way->transaction;
        way->in_flight[way->in_flight_count].back_ms = way->ms + ROUND_TRIP_MS;
        way->in_flight_count++;
    }
}

static void pongs_come(struct way_to_peer *way)
{
    size_t left = 0;

    for (size_t i = 0; i < way->in_flight_count; i++) {
        if (way->in_flight[i].back_ms <= way->ms) {
            (void)path_on_pong(&way->path, way->in_flight[i].transaction, test_at_ms(way->ms));
        } else {
            way->in_flight[left++] = way->in_flight[i];
        }
    }
    way->in_flight_count = left;
}

/* Time passes. Every 20 ms a frame of frame_size bytes leaves (0: none), and a small one comes from
 * the peer if it talks. */
static void pass(struct way_to_peer *way, uint64_t ms, size_t frame_size, bool peer_talks)
{
    for (uint64_t end = way->ms + ms; way->ms < end; way->ms += STEP_MS) {
        struct path_due due;

        pongs_come(way);
        if (way->ms % 20 == 0 && frame_size > 0) {
            path_on_sent(&way->path, frame_size, test_at_ms(way->ms));
        }
        if (way->ms % 20 == 0 && peer_talks) {
            path_on_received(&way->path, test_at_ms(way->ms));
        }
        due = path_expire(&way->path, true, test_at_ms(way->ms));
        for (size_t i = 0; i < due.count; i++) {
            ping_leaves(way, due.sizes[i]);
        }
        way->suspect = way->suspect || way->path.state == PATH_STATE_SUSPECT;
    }
}

static void a_size_that_passes_no_more_is_given_up_while_small_frames_flow(void **state)
{
    static const struct {
        const char *name;
        size_t largest;
        uint16_t want; /* 0: no size is of use, and the path must not be used */
    } cases[] = {
        {"a little smaller", TEST_PATH_FULL - 1, PATH_FRAME_SIZE_IPV6},
        {"the minimum MTU of IPv6", PATH_FRAME_SIZE_IPV6, PATH_FRAME_SIZE_IPV6},
        {"less than that", PATH_FRAME_SIZE_IPV6 - 1, PATH_FRAME_SIZE_MIN},
        {"the minimum MTU of IPv4", PATH_FRAME_SIZE_MIN, PATH_FRAME_SIZE_MIN},
        {"less than that, too", PATH_FRAME_SIZE_MIN - 1, 0},
        {"hardly anything", 70, 0},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct way_to_peer way = {
            .path = test_path_usable(1000), .ms = 1000, .largest = TEST_PATH_FULL};

        pass(&way, 5000, TEST_PATH_FULL, true);
        assert_int_equal(way.path.frame_size, TEST_PATH_FULL);
        way.largest = cases[i].largest;
        pass(&way, SOON_MS, TEST_PATH_FULL, true);
        if (cases[i].want == 0 ? way.path.state != PATH_STATE_SUSPECT
                               : way.path.state != PATH_STATE_USABLE || way.suspect ||
                                     way.path.frame_size != cases[i].want) {
            fail_msg("%s: %s, frames of %u bytes", cases[i].name, path_state_name(way.path.state),
                     way.path.frame_size);
        }
        /* The search for larger frames finds the way that grew again. */
        way.largest = TEST_PATH_FULL;
        pass(&way, PATH_SIZE_RETRY_MS + SOON_MS, TEST_PATH_FULL, true);
        assert_int_equal(way.path.state, PATH_STATE_USABLE);
        assert_int_equal(way.path.frame_size, TEST_PATH_FULL);
    }
}

/* A path of which nothing is known, that would like frames of `full` bytes. */
static struct way_to_peer way_new(uint16_t full, size_t largest)
{
    struct way_to_peer way = {.path = test_path_fresh(), .ms = 1000, .largest = largest};

    way.path.mtu.full = full;
    return way;
}

/* Two round trips to the first usable size, and a search. */
static void what_an_underlay_takes_is_found_in_half_a_second(void **state)
{
    static const struct {
        const char *name;
        uint16_t full;
        size_t largest;
        uint16_t want;
    } cases[] = {
        {"Ethernet, IPv4", 1452, 1472, 1452},
        {"Ethernet, IPv6", 1452, 1452, 1452},
        {"PPPoE, IPv6", 1452, 1444, 1444},
        {"1400 bytes, IPv4", 1452, 1372, 1372},
        {"1400 bytes, IPv6", 1452, 1352, 1352},
        {"1380 bytes, IPv4", 1452, 1352, 1352},
        {"1280 bytes, IPv4", 1452, 1252, 1232},
        {"jumbo frames, IPv4", 9032, 8972, 8972},
        {"jumbo here, Ethernet between", 9032, 1472, 1472},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct way_to_peer way = way_new(cases[i].full, cases[i].largest);

        pass(&way, 500, cases[i].full, true);
        if (way.path.state != PATH_STATE_USABLE || way.path.frame_size != cases[i].want) {
            fail_msg("%s: %s, frames of %u bytes", cases[i].name, path_state_name(way.path.state),
                     way.path.frame_size);
        }
    }
}

static void a_way_that_shrinks_heals_soon_and_then_finds_what_it_still_takes(void **state)
{
    enum { HEALED_MS = 450, BEFORE = 1452, AFTER = 1372 };
    struct way_to_peer way = way_new(BEFORE, BEFORE);

    (void)state;
    pass(&way, 5000, BEFORE, true);
    assert_int_equal(way.path.frame_size, BEFORE);
    way.largest = AFTER;
    pass(&way, HEALED_MS, BEFORE, true);
    assert_int_equal(way.path.frame_size, PATH_FRAME_SIZE_IPV6);
    pass(&way, PATH_SIZE_AGAIN_MS + 2 * ROUND_TRIP_MS, BEFORE, true);
    assert_int_equal(way.path.frame_size, AFTER);
    assert_false(way.suspect);
}

/* A router that takes large packets only while little flows: whoever tried again at once would lose
 * a third of the time. */
static void a_size_that_fails_soon_after_it_was_found_is_left_alone_for_long(void **state)
{
    enum { LARGE = 1452, SMALL = 1372, ROUNDS = 60 };
    struct way_to_peer way = way_new(LARGE, LARGE);
    unsigned large_ms = 0;

    (void)state;
    pass(&way, 1000, LARGE, true);
    for (int i = 0; i < ROUNDS * 10; i++) {
        way.largest = way.path.frame_size == LARGE ? SMALL : LARGE;
        large_ms += way.path.frame_size == LARGE ? 100 : 0;
        pass(&way, 100, LARGE, true);
    }
    assert_true(large_ms < ROUNDS * 1000 / 20);
}

static void a_way_that_shrank_in_silence_is_used_again_with_smaller_frames(void **state)
{
    struct way_to_peer way = {
        .path = test_path_usable(1000), .ms = 1000, .largest = TEST_PATH_FULL};

    (void)state;
    pass(&way, 1000, TEST_PATH_FULL, true);
    way.largest = 0;
    pass(&way, SOON_MS, TEST_PATH_FULL, false);
    assert_int_equal(way.path.state, PATH_STATE_SUSPECT);
    way.largest = PATH_FRAME_SIZE_IPV6;
    pass(&way, SOON_MS, 0, false);
    assert_int_equal(way.path.state, PATH_STATE_USABLE);
    assert_int_equal(way.path.frame_size, PATH_FRAME_SIZE_IPV6);
}

static void the_size_in_use_is_asked_about_now_and_then_while_large_frames_flow(void **state)
{
    struct way_to_peer way = {
        .path = test_path_usable(1000), .ms = 1000, .largest = TEST_PATH_FULL};

    (void)state;
    pass(&way, 10000, TEST_PATH_FULL, true);
    assert_in_range(way.pings, 10000 / (PATH_SIZE_CONFIRM_MS + 2 * ROUND_TRIP_MS),
                    10000 / PATH_SIZE_CONFIRM_MS + 1);
    pass(&way, PATH_SIZE_CONFIRM_MS, PATH_LARGE_FRAME_SIZE - 1, true); /* asks about the last one */
    way.pings = 0;
    pass(&way, 10000, PATH_LARGE_FRAME_SIZE - 1, true); /* nothing that needs it */
    assert_int_equal(way.pings, 0);
}

/* Behind a queue that became long all pings are late, the small ones, too. */
static void a_size_whose_pings_are_only_late_is_kept(void **state)
{
    struct path path = test_path_usable(1000);
    struct path_due due = {0};
    uint64_t transaction = 2;
    uint64_t ms = 1000;

    (void)state;
    path_on_sent(&path, TEST_PATH_FULL, test_at_ms(ms));
    for (; ms < 1000 + PATH_SIZE_CONFIRM_MS + 800; ms += STEP_MS) {
        path_on_received(&path, test_at_ms(ms));
        due = path_expire(&path, true, test_at_ms(ms));
        for (size_t i = 0; i < due.count; i++) {
            path_on_ping_sent(&path, ++transaction, due.sizes[i] == 0 ? 64 : due.sizes[i],
                              test_at_ms(ms));
        }
    }
    assert_true(transaction > 2 + 3 * 4);
    for (uint64_t i = 3; i <= transaction; i++) {
        (void)path_on_pong(&path, i, test_at_ms(ms));
        assert_int_equal(path.state, PATH_STATE_USABLE);
        assert_int_equal(path.frame_size, TEST_PATH_FULL);
    }
}

/* Where packets overtake each other, the pong to a smaller ping may come first. */
static void a_suspect_path_waits_a_moment_for_the_pong_of_full_size(void **state)
{
    struct path path = test_path_usable(1000);

    (void)state;
    path_doubt(&path, test_at_ms(2000), test_at_ms(2000));
    path_on_ping_sent(&path, 8, TEST_PATH_FULL, test_at_ms(2000));
    path_on_ping_sent(&path, 9, PATH_FRAME_SIZE_IPV6, test_at_ms(2000));
    assert_true(path_on_pong(&path, 9, test_at_ms(2040)));
    assert_false(path_expire(&path, true, test_at_ms(2040)).became_usable);
    assert_true(path_on_pong(&path, 8, test_at_ms(2045)));
    assert_int_equal(path.state, PATH_STATE_USABLE);
    assert_int_equal(path.frame_size, TEST_PATH_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smaller_sizes_are_asked_about_where_larger_ones_did_not_pass),
        cmocka_unit_test(a_size_that_passes_no_more_is_given_up_while_small_frames_flow),
        cmocka_unit_test(what_an_underlay_takes_is_found_in_half_a_second),
        cmocka_unit_test(a_way_that_shrinks_heals_soon_and_then_finds_what_it_still_takes),
        cmocka_unit_test(a_size_that_fails_soon_after_it_was_found_is_left_alone_for_long),
        cmocka_unit_test(a_way_that_shrank_in_silence_is_used_again_with_smaller_frames),
        cmocka_unit_test(the_size_in_use_is_asked_about_now_and_then_while_large_frames_flow),
        cmocka_unit_test(a_size_whose_pings_are_only_late_is_kept),
        cmocka_unit_test(a_suspect_path_waits_a_moment_for_the_pong_of_full_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
