/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a host knows of one direct path to a peer: which ping is due, and when it is trusted. */
#include "client/path/path.h"

#include "client/path/path_choose.h"
#include "client/stun2/punch_round.h"

#include "tests/support/endpoints.h"
#include "tests/support/fixture.h"
#include "tests/support/instants.h"
#include "tests/support/paths.h"

static void a_pong_is_known_however_often_the_peer_pings_meanwhile(void **state)
{
    const uint64_t round_trip_ms = 600;
    struct path path = test_path_fresh();
    uint64_t transaction = 1;

    (void)state;
    path_on_ping_sent(&path, transaction, 0, test_at_ms(0));
    for (uint64_t ms = 0; ms < round_trip_ms; ms += 10) {
        if (path_wants_ping_back(&path, test_at_ms(ms))) {
            path_on_ping_sent(&path, ++transaction, 0, test_at_ms(ms));
        }
    }
    assert_true(transaction > 4);
    assert_true(path_on_pong(&path, 1, test_at_ms(round_trip_ms)));
    assert_int_equal(path.state, PATH_STATE_REACHABLE);
    assert_false(path_wants_ping_back(&path, test_at_ms(round_trip_ms + 100)));
}

static void lost_pings_do_not_keep_us_from_asking_again(void **state)
{
    struct path path = test_path_fresh();

    (void)state;
    for (uint64_t i = 1; i <= PATH_PINGS_BACK_MAX; i++) {
        path_on_ping_sent(&path, i, 0, test_at_ms(0));
    }
    assert_false(path_wants_ping_back(&path, test_at_ms(PATH_PING_LOST_MS - 1)));
    assert_true(path_wants_ping_back(&path, test_at_ms(PATH_PING_LOST_MS)));
}

static void silence_while_sending_is_asked_about_and_then_makes_the_path_suspect(void **state)
{
    struct path path = test_path_usable(1000);
    struct path *only = &path;
    uint64_t ms = 2000;

    (void)state;
    path_on_sent(&path, 0, test_at_ms(ms));
    assert_false(path_expire(&path, true, test_at_ms(ms + PATH_SILENCE_MS - 1)).count > 0);
    ms += PATH_SILENCE_MS;
    assert_true(path_expire(&path, true, test_at_ms(ms)).count > 0);
    path_on_ping_sent(&path, 9, TEST_PATH_FULL, test_at_ms(ms));
    ms += PATH_DOUBT_MS;
    assert_false(path_is_doubted(&path, test_at_ms(ms - 1)));
    assert_false(path_expire(&path, true, test_at_ms(ms - 1)).became_doubted);
    assert_true(path_expire(&path, true, test_at_ms(ms)).became_doubted);
    assert_false(path_expire(&path, true, test_at_ms(ms + 1)).became_doubted); /* once */
    assert_true(path_is_doubted(&path, test_at_ms(ms + 1)));
    ms += PATH_DEAD_MS;
    assert_false(path_expire(&path, true, test_at_ms(ms - 1)).became_suspect);
    assert_ptr_equal(path_choose(&only, 1, only), only); /* there is no other */
    assert_true(path_expire(&path, true, test_at_ms(ms)).became_suspect);
    assert_null(path_choose(&only, 1, only));
}

/* A usable path, of this round trip, was silent at 2000 ms when something was sent; pings that are
 * due are sent, and none is answered. When the doubt begins. */
static uint64_t doubted_after_ms(struct path *path)
{
    uint64_t transaction = 100;

    path_on_sent(path, 0, test_at_ms(2000));
    for (uint64_t ms = 2000; ms < 9000; ms++) {
        struct path_due due = path_expire(path, true, test_at_ms(ms));

        assert_false(due.became_suspect);
        if (due.became_doubted) {
            return ms - 2000;
        }
        for (size_t i = 0; i < due.count; i++) {
            path_on_ping_sent(path, ++transaction, due.sizes[i], test_at_ms(ms));
        }
    }
    return 0;
}

static void silence_is_noticed_in_300_ms_or_three_round_trips(void **state)
{
    static const unsigned rtts_ms[] = {1, 40, 80, 100, 150, 400};

    (void)state;
    for (size_t i = 0; i < sizeof(rtts_ms) / sizeof(rtts_ms[0]); i++) {
        struct path path = test_path_usable(1000);
        unsigned want_ms = 3 * rtts_ms[i] < 300 ? 300 : 3 * rtts_ms[i];

        path.rtt_ns = rtts_ms[i] * NS_PER_MS;
        assert_int_equal(doubted_after_ms(&path), want_ms);
        path = test_path_usable(1000); /* a queue grew, and the smoothed one does not know yet */
        path.at.last_rtt_ns = rtts_ms[i] * NS_PER_MS;
        want_ms = rtts_ms[i] < 40 ? 300 : want_ms;
        assert_int_equal(doubted_after_ms(&path), want_ms);
    }
}

static void what_is_doubted_is_left_when_another_way_answers(void **state)
{
    struct path path = test_path_usable(1000);

    (void)state;
    assert_int_equal(doubted_after_ms(&path), 300);
    assert_false(path_leave(&path, test_at_ms(2299)));
    assert_int_equal(path.state, PATH_STATE_USABLE);
    assert_true(path_leave(&path, test_at_ms(2301)));
    assert_int_equal(path.state, PATH_STATE_SUSPECT);
    assert_false(path_leave(&path, test_at_ms(2302)));
}

static void what_answers_is_doubted_no_longer(void **state)
{
    struct path path = test_path_usable(1000);

    (void)state;
    assert_int_equal(doubted_after_ms(&path), 300);
    assert_true(path_is_doubted(&path, test_at_ms(2301)));
    path_on_asked(&path, test_at_ms(2310)); /* the peer asks: it may not hear us */
    assert_true(path_is_doubted(&path, test_at_ms(2311)));
    path_on_received(&path, test_at_ms(2320));
    assert_false(path_is_doubted(&path, test_at_ms(2321)));
    assert_false(path_leave(&path, test_at_ms(2321)));
    assert_int_equal(path.state, PATH_STATE_USABLE);
}

static void a_path_that_was_silent_as_long_as_a_dead_one_is_asked_at_once(void **state)
{
    struct path path = test_path_usable(1000);
    struct path *only = &path;

    (void)state;
    path_doubt(&path, test_at_ms(2000), test_at_ms(2500));
    assert_int_equal(path.state, PATH_STATE_SUSPECT);
    assert_null(path_choose(&only, 1, NULL));
    assert_true(path_expire(&path, true, test_at_ms(2500)).count > 0);
    path_on_ping_sent(&path, 9, TEST_PATH_FULL, test_at_ms(2500));
    assert_true(path_on_pong(&path, 9, test_at_ms(2540)));
    assert_ptr_equal(path_choose(&only, 1, NULL), only);
}

static void a_path_that_was_heard_since_is_not_doubted(void **state)
{
    struct path path = test_path_usable(1000);

    (void)state;
    path_on_received(&path, test_at_ms(2100));
    path_doubt(&path, test_at_ms(2000), test_at_ms(2500));
    assert_int_equal(path.state, PATH_STATE_USABLE);
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
    const uint64_t near_ms = 2000 + PATH_TRYING_NEAR_MS;
    struct path path = test_path_usable(1000);

    (void)state;
    path_retry(&path, test_at_ms(2000));
    assert_int_equal(path_expire(&path, true, test_at_ms(2000)).hops, PUNCH_NEAR_HOPS);
    path_on_ping_sent(&path, 8, 64, test_at_ms(2000));
    assert_int_equal(path_expire(&path, true, test_at_ms(2250)).hops, PUNCH_NEAR_HOPS);
    path_on_ping_sent(&path, 9, 64, test_at_ms(2250));
    assert_int_equal(path_expire(&path, true, test_at_ms(near_ms - 1)).hops, PUNCH_NEAR_HOPS);
    path_on_ping_sent(&path, 10, 64, test_at_ms(near_ms - 1));
    struct path_due due = path_expire(&path, true, test_at_ms(near_ms + PATH_TRYING_REPEAT_MS));
    assert_int_equal(due.count, 1);
    assert_int_equal(due.hops, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pong_is_known_however_often_the_peer_pings_meanwhile),
        cmocka_unit_test(lost_pings_do_not_keep_us_from_asking_again),
        cmocka_unit_test(silence_while_sending_is_asked_about_and_then_makes_the_path_suspect),
        cmocka_unit_test(silence_is_noticed_in_300_ms_or_three_round_trips),
        cmocka_unit_test(what_is_doubted_is_left_when_another_way_answers),
        cmocka_unit_test(what_answers_is_doubted_no_longer),
        cmocka_unit_test(a_path_that_was_silent_as_long_as_a_dead_one_is_asked_at_once),
        cmocka_unit_test(a_path_that_was_heard_since_is_not_doubted),
        cmocka_unit_test(pings_after_a_change_of_the_network_open_our_own_nat_first),
        cmocka_unit_test(an_address_that_is_silent_gets_few_pings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
