/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a host knows of one direct path to a peer: which ping is due, and when it is trusted. */
#include "client/path/path.h"

#include "client/path/path_choose.h"
#include "client/stun2/punch_round.h"

#include "tests/support/endpoints.h"
#include "tests/support/fixture.h"

enum { FULL = 1300 };

static struct mono at_ms(uint64_t ms)
{
    return (struct mono){NS_PER_S + ms * NS_PER_MS};
}

static struct path fresh(void)
{
    static const uint8_t ip[4] = {192, 0, 2, 7};
    struct endpoint remote = endpoint_v4(ip, 5000);
    struct endpoint any = {0};
    struct path path;

    path_init(&path, &any, &remote, false, FULL, at_ms(0));
    return path;
}

/* A path with a full-size pong at ms, with a round trip of 40 ms. */
static struct path usable_at(uint64_t ms)
{
    struct path path = fresh();

    path_on_ping_sent(&path, 1, FULL, at_ms(ms - 40));
    assert_true(path_on_pong(&path, 1, at_ms(ms)));
    path_on_ping_sent(&path, 2, FULL, at_ms(ms));
    assert_true(path_on_pong(&path, 2, at_ms(ms)));
    assert_int_equal(path.state, PATH_STATE_USABLE);
    return path;
}

static void a_pong_is_known_however_often_the_peer_pings_meanwhile(void **state)
{
    const uint64_t round_trip_ms = 600;
    struct path path = fresh();
    uint64_t transaction = 1;

    (void)state;
    path_on_ping_sent(&path, transaction, 0, at_ms(0));
    for (uint64_t ms = 0; ms < round_trip_ms; ms += 10) {
        if (path_wants_ping_back(&path, at_ms(ms))) {
            path_on_ping_sent(&path, ++transaction, 0, at_ms(ms));
        }
    }
    assert_true(transaction > 4);
    assert_true(path_on_pong(&path, 1, at_ms(round_trip_ms)));
    assert_int_equal(path.state, PATH_STATE_REACHABLE);
    assert_false(path_wants_ping_back(&path, at_ms(round_trip_ms + 100)));
}

static void lost_pings_do_not_keep_us_from_asking_again(void **state)
{
    struct path path = fresh();

    (void)state;
    for (uint64_t i = 1; i <= PATH_PINGS_BACK_MAX; i++) {
        path_on_ping_sent(&path, i, 0, at_ms(0));
    }
    assert_false(path_wants_ping_back(&path, at_ms(PATH_PING_LOST_MS - 1)));
    assert_true(path_wants_ping_back(&path, at_ms(PATH_PING_LOST_MS)));
}

static void silence_while_sending_is_asked_about_and_then_makes_the_path_suspect(void **state)
{
    struct path path = usable_at(1000);
    struct path *only = &path;
    uint64_t ms = 2000;

    (void)state;
    path_on_sent(&path, 0, at_ms(ms));
    assert_false(path_expire(&path, true, at_ms(ms + PATH_SILENCE_MS - 1)).count > 0);
    ms += PATH_SILENCE_MS;
    assert_true(path_expire(&path, true, at_ms(ms)).count > 0);
    path_on_ping_sent(&path, 9, FULL, at_ms(ms));
    assert_false(path_expire(&path, true, at_ms(ms + PATH_DEAD_MS - 1)).became_suspect);
    assert_true(path_expire(&path, true, at_ms(ms + PATH_DEAD_MS)).became_suspect);
    assert_null(path_choose(&only, 1, only));
}

static void a_path_that_was_silent_as_long_as_a_dead_one_is_asked_at_once(void **state)
{
    struct path path = usable_at(1000);
    struct path *only = &path;

    (void)state;
    path_doubt(&path, at_ms(2000), at_ms(2500));
    assert_int_equal(path.state, PATH_STATE_SUSPECT);
    assert_null(path_choose(&only, 1, NULL));
    assert_true(path_expire(&path, true, at_ms(2500)).count > 0);
    path_on_ping_sent(&path, 9, FULL, at_ms(2500));
    assert_true(path_on_pong(&path, 9, at_ms(2540)));
    assert_ptr_equal(path_choose(&only, 1, NULL), only);
}

static void a_path_that_was_heard_since_is_not_doubted(void **state)
{
    struct path path = usable_at(1000);

    (void)state;
    path_on_received(&path, at_ms(2100));
    path_doubt(&path, at_ms(2000), at_ms(2500));
    assert_int_equal(path.state, PATH_STATE_USABLE);
}

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
        struct path_due due = path_expire(&path, true, at_ms(0));
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
    path_on_ping_sent(&way->path, ++way->transaction, frame_size, at_ms(way->ms));
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
            (void)path_on_pong(&way->path, way->in_flight[i].transaction, at_ms(way->ms));
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
            path_on_sent(&way->path, frame_size, at_ms(way->ms));
        }
        if (way->ms % 20 == 0 && peer_talks) {
            path_on_received(&way->path, at_ms(way->ms));
        }
        due = path_expire(&way->path, true, at_ms(way->ms));
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
        {"a little smaller", FULL - 1, PATH_FRAME_SIZE_IPV6},
        {"the minimum MTU of IPv6", PATH_FRAME_SIZE_IPV6, PATH_FRAME_SIZE_IPV6},
        {"less than that", PATH_FRAME_SIZE_IPV6 - 1, PATH_FRAME_SIZE_MIN},
        {"the minimum MTU of IPv4", PATH_FRAME_SIZE_MIN, PATH_FRAME_SIZE_MIN},
        {"less than that, too", PATH_FRAME_SIZE_MIN - 1, 0},
        {"hardly anything", 70, 0},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct way_to_peer way = {.path = usable_at(1000), .ms = 1000, .largest = FULL};

        pass(&way, 5000, FULL, true);
        assert_int_equal(way.path.frame_size, FULL);
        way.largest = cases[i].largest;
        pass(&way, SOON_MS, FULL, true);
        if (cases[i].want == 0 ? way.path.state != PATH_STATE_SUSPECT
                               : way.path.state != PATH_STATE_USABLE || way.suspect ||
                                     way.path.frame_size != cases[i].want) {
            fail_msg("%s: %s, frames of %u bytes", cases[i].name, path_state_name(way.path.state),
                     way.path.frame_size);
        }
        /* The search for larger frames finds the way that grew again. */
        way.largest = FULL;
        pass(&way, PATH_SIZE_RETRY_MS + SOON_MS, FULL, true);
        assert_int_equal(way.path.state, PATH_STATE_USABLE);
        assert_int_equal(way.path.frame_size, FULL);
    }
}

static void a_way_that_shrank_in_silence_is_used_again_with_smaller_frames(void **state)
{
    struct way_to_peer way = {.path = usable_at(1000), .ms = 1000, .largest = FULL};

    (void)state;
    pass(&way, 1000, FULL, true);
    way.largest = 0;
    pass(&way, SOON_MS, FULL, false);
    assert_int_equal(way.path.state, PATH_STATE_SUSPECT);
    way.largest = PATH_FRAME_SIZE_IPV6;
    pass(&way, SOON_MS, 0, false);
    assert_int_equal(way.path.state, PATH_STATE_USABLE);
    assert_int_equal(way.path.frame_size, PATH_FRAME_SIZE_IPV6);
}

static void the_size_in_use_is_asked_about_now_and_then_while_large_frames_flow(void **state)
{
    struct way_to_peer way = {.path = usable_at(1000), .ms = 1000, .largest = FULL};

    (void)state;
    pass(&way, 10000, FULL, true);
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
    struct path path = usable_at(1000);
    struct path_due due = {0};
    uint64_t transaction = 2;
    uint64_t ms = 1000;

    (void)state;
    path_on_sent(&path, FULL, at_ms(ms));
    for (; ms < 1000 + PATH_SIZE_CONFIRM_MS + 800; ms += STEP_MS) {
        path_on_received(&path, at_ms(ms));
        due = path_expire(&path, true, at_ms(ms));
        for (size_t i = 0; i < due.count; i++) {
            path_on_ping_sent(&path, ++transaction, due.sizes[i] == 0 ? 64 : due.sizes[i],
                              at_ms(ms));
        }
    }
    assert_true(transaction > 2 + 3 * 4);
    for (uint64_t i = 3; i <= transaction; i++) {
        (void)path_on_pong(&path, i, at_ms(ms));
        assert_int_equal(path.state, PATH_STATE_USABLE);
        assert_int_equal(path.frame_size, FULL);
    }
}

/* Where packets overtake each other, the pong to a smaller ping may come first. */
static void a_suspect_path_waits_a_moment_for_the_pong_of_full_size(void **state)
{
    struct path path = usable_at(1000);

    (void)state;
    path_doubt(&path, at_ms(2000), at_ms(2000));
    path_on_ping_sent(&path, 8, FULL, at_ms(2000));
    path_on_ping_sent(&path, 9, PATH_FRAME_SIZE_IPV6, at_ms(2000));
    assert_true(path_on_pong(&path, 9, at_ms(2040)));
    assert_false(path_expire(&path, true, at_ms(2040)).became_usable);
    assert_true(path_on_pong(&path, 8, at_ms(2045)));
    assert_int_equal(path.state, PATH_STATE_USABLE);
    assert_int_equal(path.frame_size, FULL);
}

static void an_address_that_is_silent_gets_few_pings(void **state)
{
    struct mono now = {NS_PER_S};

    (void)state;
    for (int observed = 0; observed < 2; observed++) {
        struct endpoint any = {.port = 0}, remote = test_endpoint(1, 5000);
        struct path path;
        int sent = 0;

        path_init(&path, &any, &remote, observed == 1, 1400, now);
        while (sent < 100 && path_may_ping(&path)) {
            sent++;
            path_on_ping_sent(&path, (uint64_t)sent, 64, now);
        }
        assert_int_equal(sent, observed == 1 ? PATH_SILENT_PINGS_MAX : PATH_UNOBSERVED_PINGS_MAX);
    }
}

/* What it sends at once could make the peer's router take it for its own. */
static void pings_after_a_change_of_the_network_open_our_own_nat_first(void **state)
{
    struct path path = usable_at(1000);

    (void)state;
    path_retry(&path, at_ms(2000));
    assert_int_equal(path_expire(&path, true, at_ms(2000)).hops, PUNCH_NEAR_HOPS);
    path_on_ping_sent(&path, 8, 64, at_ms(2000));
    assert_int_equal(path_expire(&path, true, at_ms(2250)).hops, PUNCH_NEAR_HOPS);
    path_on_ping_sent(&path, 9, 64, at_ms(2250));
    struct path_due due = path_expire(&path, true, at_ms(2500));
    assert_int_equal(due.count, 1);
    assert_int_equal(due.hops, 0);
}

/* ---- the choice ---- */

/* A path of a case: direct with a round trip in ms, or relayed with a rank. */
struct trial {
    enum path_kind kind;
    enum path_state state;
    unsigned number; /* round trip, or rank */
    bool open;       /* the relay's session */
};

#define DIRECT(state, rtt_ms)                                                                      \
    {                                                                                              \
        PATH_KIND_DIRECT, PATH_STATE_##state, rtt_ms, false                                        \
    }
#define OPEN(state, rank)                                                                          \
    {                                                                                              \
        PATH_KIND_RELAY, PATH_STATE_##state, rank, true                                            \
    }
#define CLOSED(state, rank)                                                                        \
    {                                                                                              \
        PATH_KIND_RELAY, PATH_STATE_##state, rank, false                                           \
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

static void usable_direct_paths_come_first_then_relays_by_health_and_rank(void **state)
{

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(choices); i++) {
        struct relay_session relays[WAYS_MAX] = {0};
        struct path paths[WAYS_MAX] = {0};
        struct path *list[WAYS_MAX];

        for (size_t k = 0; k < choices[i].count; k++) {
            const struct trial *way = &choices[i].ways[k];

            relays[k].open = way->open;
            if (way->kind == PATH_KIND_RELAY) {
                path_init_relay(&paths[k], &relays[k], (uint8_t)way->number, at_ms(0));
            } else {
                paths[k] = fresh();
                paths[k].rtt_ns = way->number * NS_PER_MS;
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

        path_init_relay(&path, &relay, 0, at_ms(0));
        for (unsigned k = 0; k < cases[i].pings; k++) {
            path_on_ping_sent(&path, k + 1, 64, at_ms(2000 * k));
            path_relay_expire(&path, at_ms(2000 * k));
        }
        if (cases[i].pong) {
            assert_true(path_on_pong(&path, cases[i].pings, at_ms(20000)));
        } else if (cases[i].frame) {
            path_on_received(&path, at_ms(20000));
        }
        if (path.state != cases[i].want) {
            fail_msg("%s: %s", cases[i].name, path_state_name(path.state));
        }
        /* After a sign of life one ping may stay unanswered; the next one makes the path suspect.
         */
        path_relay_expire(&path, at_ms(22000));
        if (cases[i].pong || cases[i].frame) {
            assert_int_equal(path.state, PATH_STATE_USABLE);
        }
        path_relay_expire(&path, at_ms(24000));
        assert_int_equal(path.state, PATH_STATE_SUSPECT);
    }
}

/* Both sides may begin a session at once, and each session begins with a ping. */
static void two_pings_within_a_round_trip_tell_nothing(void **state)
{
    struct relay_session relay = {.open = true};
    struct path path;

    (void)state;
    path_init_relay(&path, &relay, 0, at_ms(0));
    path_relay_expire(&path, at_ms(5000));
    path_relay_expire(&path, at_ms(5000 + PATH_PING_LOST_MS - 1));
    assert_int_equal(path.state, PATH_STATE_USABLE);
    path_relay_expire(&path, at_ms(5000 + PATH_PING_LOST_MS));
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
        path_init_relay(&paths[i], &relays[i], i, at_ms(0));
        list[i] = &paths[i];
    }
    for (uint64_t ping = 0; ping < 6 * COUNT; ping++) {
        struct path *used = path_choose_relay(list, COUNT);

        assert_ptr_equal(used, &paths[ping / 2 % COUNT]); /* two pings each */
        path_relay_expire(used, at_ms(2000 * (ping + 1)));
    }
    path_on_received(&paths[1], at_ms(90000));
    assert_ptr_equal(path_choose_relay(list, COUNT), &paths[1]);
}

static void a_relay_is_doubted_if_nothing_came_by_it_since(void **state)
{
    struct relay_session relay = {.open = true};
    struct path path;

    (void)state;
    path_init_relay(&path, &relay, 0, at_ms(0));
    path_on_received(&path, at_ms(1000));
    path_relay_doubt(&path, at_ms(1000), at_ms(1300));
    assert_int_equal(path.state, PATH_STATE_USABLE);
    path_relay_doubt(&path, at_ms(1001), at_ms(1300));
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

        path_init_relay(&path, &relays[0], cases[i].rank, at_ms(0));
        path_init_relay(&used, &relays[1], 1, at_ms(0));
        path.state = cases[i].state;
        used.state = cases[i].used_state;
        if (path_is_missed(&path, &used) != cases[i].want) {
            fail_msg("%s", cases[i].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smaller_sizes_are_asked_about_where_larger_ones_did_not_pass),
        cmocka_unit_test(a_pong_is_known_however_often_the_peer_pings_meanwhile),
        cmocka_unit_test(lost_pings_do_not_keep_us_from_asking_again),
        cmocka_unit_test(silence_while_sending_is_asked_about_and_then_makes_the_path_suspect),
        cmocka_unit_test(a_path_that_was_silent_as_long_as_a_dead_one_is_asked_at_once),
        cmocka_unit_test(a_path_that_was_heard_since_is_not_doubted),
        cmocka_unit_test(a_size_that_passes_no_more_is_given_up_while_small_frames_flow),
        cmocka_unit_test(a_way_that_shrank_in_silence_is_used_again_with_smaller_frames),
        cmocka_unit_test(the_size_in_use_is_asked_about_now_and_then_while_large_frames_flow),
        cmocka_unit_test(a_size_whose_pings_are_only_late_is_kept),
        cmocka_unit_test(a_suspect_path_waits_a_moment_for_the_pong_of_full_size),
        cmocka_unit_test(pings_after_a_change_of_the_network_open_our_own_nat_first),
        cmocka_unit_test(an_address_that_is_silent_gets_few_pings),
        cmocka_unit_test(usable_direct_paths_come_first_then_relays_by_health_and_rank),
        cmocka_unit_test(a_relayed_path_is_suspect_while_its_pings_stay_unanswered),
        cmocka_unit_test(two_pings_within_a_round_trip_tell_nothing),
        cmocka_unit_test(relays_that_are_all_suspect_have_their_turns),
        cmocka_unit_test(a_relay_is_doubted_if_nothing_came_by_it_since),
        cmocka_unit_test(a_suspect_relay_is_missed_if_it_would_be_used_otherwise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
