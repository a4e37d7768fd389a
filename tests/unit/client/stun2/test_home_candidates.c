/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of relays that a host knows of: who stands in it, how many, and for how long. */
#include "client/stun2/home_candidates.h"

#include "tests/support/endpoints.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/instants.h"

enum { NETWORK = 256, LIFETIME_S = 3600 };

#define WALL_MS UINT64_C(1767225600000)

/* The record of relay number n, which is alone in its network. */
static struct record_node record_of(uint32_t n)
{
    struct identity identity = node_of(n);
    struct record_node record = {.header = {.type = RECORD_TYPE_NODE,
                                            .sequence = 1,
                                            .created_ms = WALL_MS,
                                            .lifetime_s = LIFETIME_S},
                                 .service = RECORD_NODE_SERVICE,
                                 .addresses_count = 1,
                                 .protocols = RECORD_PROTOCOL_QUIC_FLAG};

    memcpy(record.header.key, identity.public_key, KEY_SIZE);
    record.addresses[0] = test_endpoint(n * NETWORK, 4433);
    return record;
}

static void take(struct home_candidates *candidates, const struct record_node *record)
{
    struct endpoint teller = test_endpoint(1, 4433);

    home_candidates_on_record(candidates, record, &teller, WALL_MS, test_at_ms(0));
}

static struct home_candidate *take_relay(struct home_candidates *candidates, uint32_t n)
{
    struct record_node record = record_of(n);

    take(candidates, &record);
    return home_candidates_find(candidates, record.header.key);
}

/* A session to relay number n. */
static struct home_session session_of(uint32_t n)
{
    struct identity identity = node_of(n);
    struct home_session session = {.address = test_endpoint(n * NETWORK, 4433),
                                   .answers = true,
                                   .quality = {.known = true, .rtt_us = 1000 * n}};

    memcpy(session.key, identity.public_key, KEY_SIZE);
    return session;
}

static size_t count_of(const struct home_candidates *candidates)
{
    size_t count = 0;

    for (size_t i = 0; i < HOME_CANDIDATES_MAX; i++) {
        count += candidates->list[i].used ? 1 : 0;
    }
    return count;
}

static void a_relay_stands_in_the_list_once_whoever_tells_of_it(void **state)
{
    struct home_candidates candidates = {0};
    struct home_session session = session_of(1);
    const struct home_candidate *one;

    (void)state;
    home_candidates_tell(&candidates, &session, 1, test_at_ms(0));
    one = take_relay(&candidates, 1);
    assert_int_equal(count_of(&candidates), 1);
    assert_true(one != NULL && one->listed && one->has_session);
    assert_int_equal(one->quality.rtt_us, 1000); /* the session measures better */
    home_candidates_tell(&candidates, &session, 1, test_at_ms(5));
    assert_int_equal(count_of(&candidates), 1);
}

static void a_relay_is_forgotten_when_its_record_is_over(void **state)
{
    const uint64_t over_ms = WALL_MS + LIFETIME_S * UINT64_C(1000) + RECORD_CLOCK_SKEW_MS;
    struct home_candidates candidates = {0};
    struct record_node record;

    (void)state;
    (void)take_relay(&candidates, 1);
    (void)take_relay(&candidates, 2);
    record = record_of(2); /* it is told anew */
    record.header.sequence++;
    record.header.created_ms += 60 * 1000;
    take(&candidates, &record);
    home_candidates_expire(&candidates, over_ms - 1000);
    assert_int_equal(count_of(&candidates), 2);
    home_candidates_expire(&candidates, over_ms + 1000);
    assert_int_equal(count_of(&candidates), 1);
    assert_non_null(home_candidates_find(&candidates, record.header.key));
    home_candidates_expire(&candidates, over_ms + 61 * 1000);
    assert_int_equal(count_of(&candidates), 0);
}

static void one_with_a_session_stays_until_that_is_over_as_well(void **state)
{
    const uint64_t later_ms = WALL_MS + 2 * LIFETIME_S * UINT64_C(1000);
    struct home_candidates candidates = {0};
    struct home_session session = session_of(1);
    const struct home_candidate *one = take_relay(&candidates, 1);

    (void)state;
    home_candidates_tell(&candidates, &session, 1, test_at_ms(0));
    home_candidates_expire(&candidates, later_ms);
    assert_true(one->used && !one->listed);
    session.address = test_endpoint(7, 4433); /* without a record it is where the session goes */
    home_candidates_tell(&candidates, &session, 1, test_at_ms(10));
    assert_true(endpoint_equal(&one->address, &session.address));
    home_candidates_tell(&candidates, NULL, 0, test_at_ms(20));
    assert_true(one->used && !one->has_session);
    home_candidates_expire(&candidates, later_ms);
    assert_int_equal(count_of(&candidates), 0);
}

static void without_its_session_a_relay_is_measured_again(void **state)
{
    struct home_candidates candidates = {0};
    struct home_session session = session_of(1);
    const struct home_candidate *one = take_relay(&candidates, 1);

    (void)state;
    session.answers = false;
    home_candidates_tell(&candidates, &session, 1, test_at_ms(1000));
    assert_int_equal(one->down_since.ns, test_at_ms(1000).ns);
    home_candidates_tell(&candidates, &session, 1, test_at_ms(2000));
    assert_int_equal(one->down_since.ns, test_at_ms(1000).ns);
    session.answers = true;
    home_candidates_tell(&candidates, &session, 1, test_at_ms(3000));
    assert_int_equal(one->down_since.ns, MONO_NEVER.ns);
    home_candidates_tell(&candidates, NULL, 0, test_at_ms(4000));
    assert_int_equal(one->round.next_at.ns, test_at_ms(4000).ns);
    assert_true(one->quality.known); /* as the session said last */
}

static void a_session_takes_the_place_of_one_that_was_only_told(void **state)
{
    struct home_candidates candidates = {0};
    struct home_session session = session_of(90);

    (void)state;
    for (uint32_t n = 1; n <= HOME_CANDIDATES_MAX + 5; n++) {
        (void)take_relay(&candidates, n);
    }
    assert_int_equal(count_of(&candidates), HOME_CANDIDATES_MAX);
    for (size_t i = 0; i < HOME_CANDIDATES_MAX; i++) {
        candidates.list[i].quality = (struct home_quality){.known = i != 5, .rtt_us = 1000};
    }
    candidates.list[3].quality.rtt_us = 9000;
    home_candidates_tell(&candidates, &session, 1, test_at_ms(0));
    assert_int_equal(count_of(&candidates), HOME_CANDIDATES_MAX);
    assert_memory_equal(candidates.list[5].key, session.key,
                        KEY_SIZE); /* nothing was known of it */
}

static void of_more_sessions_than_places_some_are_left_out_and_no_chosen_one_goes(void **state)
{
    struct home_candidates candidates = {0};
    struct home_session sessions[HOME_CANDIDATES_MAX + 3];

    (void)state;
    for (uint32_t n = 0; n < HOME_CANDIDATES_MAX + 3; n++) {
        sessions[n] = session_of(n + 1);
    }
    take_relay(&candidates, 99)->chosen = true;
    home_candidates_tell(&candidates, sessions, HOME_CANDIDATES_MAX + 3, test_at_ms(0));
    assert_int_equal(count_of(&candidates), HOME_CANDIDATES_MAX);
    assert_true(candidates.list[0].chosen);
    assert_null(home_candidates_find(&candidates, sessions[HOME_CANDIDATES_MAX].key));
    home_candidates_tell(&candidates, sessions + 5, HOME_CANDIDATES_MAX - 2, test_at_ms(1000));
    home_candidates_expire(&candidates, WALL_MS); /* those of five sessions are nothing any more */
    home_candidates_tell(&candidates, sessions + 5, HOME_CANDIDATES_MAX - 2, test_at_ms(2000));
    assert_non_null(home_candidates_find(&candidates, sessions[HOME_CANDIDATES_MAX].key));
}

static void what_was_refused_stays_refused_when_it_is_told_again(void **state)
{
    struct home_candidates candidates = {0};
    struct home_candidate *one = take_relay(&candidates, 1);
    struct record_node record = record_of(1);

    (void)state;
    one->refused_until = test_at_ms(5000);
    record.header.sequence++;
    record.addresses[0].port++;
    take(&candidates, &record);
    assert_int_equal(one->address.port, record.addresses[0].port);
    assert_int_equal(one->refused_until.ns, test_at_ms(5000).ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relay_stands_in_the_list_once_whoever_tells_of_it),
        cmocka_unit_test(a_relay_is_forgotten_when_its_record_is_over),
        cmocka_unit_test(one_with_a_session_stays_until_that_is_over_as_well),
        cmocka_unit_test(without_its_session_a_relay_is_measured_again),
        cmocka_unit_test(a_session_takes_the_place_of_one_that_was_only_told),
        cmocka_unit_test(of_more_sessions_than_places_some_are_left_out_and_no_chosen_one_goes),
        cmocka_unit_test(what_was_refused_stays_refused_when_it_is_told_again),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
