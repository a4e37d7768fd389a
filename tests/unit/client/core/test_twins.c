/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two URLs that lead to one relay: a host keeps one session, that of the URL that works. */
#include "client/core/core_internal.h"
#include "relayd/core/core_internal.h"
#include "tests/support/fixture.h"
#include "tests/support/town.h"

/* Two URLs can lead to one relay, which has one session for each key: the sessions would replace
 * each other for ever. */
static void two_urls_of_one_relay_share_its_session(void **state)
{
    static const struct {
        const char *name;
        size_t relay;
        bool by_its_own_key;
    } cases[] = {
        {"the entry point, by the ziglan's key", 0, false},
        {"the entry point, by its own key", 0, true},
        {"the second entry point, by the ziglan's key", 1, false},
        {"a relay of no ziglan", TOWN_ENTRY_POINTS, true},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct town *town = town_new();
        struct host_core *anna = town->hosts[0].core;
        const struct relay_core *core = town->relays[cases[i].relay].core;
        struct url url;
        char text[URL_SIZE_MAX];

        assert_true(town_passes_within(town, 1));
        town_peers_are_at_the_open_relays(town);
        if (cases[i].by_its_own_key) {
            town_relay_url(town, cases[i].relay, &url);
        } else {
            town_invite(town, cases[i].relay, &url, text);
        }
        assert_int_not_equal(host_core_add_relay(anna, &url, town->now), 0);
        street_run_ms(&town->street, 3000);
        uint64_t replaced = core->base.counters.closed_replaced;
        street_run_ms(&town->street, 300 * 1000);
        if (town_sessions_open(anna) != TOWN_RELAYS ||
            core->base.counters.closed_replaced != replaced || replaced > 1 ||
            anna->relays.count != TOWN_RELAYS ||
            town_ziglan(town, 0)->state != ZIGLAN_STATE_JOINED) {
            fail_msg("%s", cases[i].name);
        }
        assert_true(town_passes_within(town, 1));
        assert_int_equal(town_relay_in_use(town), 0);
        town_free(town);
    }
}

/* The entry point keeps its place, also if another URL of it was there first. */
static void an_entry_point_takes_over_a_session_that_is_open_already(void **state)
{
    struct town *town = town_new();
    struct host_core *anna = town->hosts[0].core;
    struct ziglan *ziglan = town_ziglan(town, 0);
    struct url url;
    char text[URL_SIZE_MAX];
    char error[200];

    (void)state;
    assert_true(town_passes_within(town, 1));
    town_invite(town, 1, &url,
                text); /* the second entry point takes the place of the first one ... */
    assert_int_equal(host_core_join(anna, text, NULL, error, sizeof(error), town->now), ERR_OK);
    street_run_ms(&town->street, 10 * 1000);
    assert_memory_equal(ziglan->entry_point->relay_key, town->relays[0].identity.public_key,
                        KEY_SIZE);
    relay_node_stop(&town->relays[0]); /* ... when that is gone */
    street_run_ms(&town->street, 60 * 1000);
    assert_int_equal(ziglan->state, ZIGLAN_STATE_JOINED);
    assert_memory_equal(ziglan->entry_point->relay_key, town->relays[1].identity.public_key,
                        KEY_SIZE);
    assert_int_equal(anna->relays.count, TOWN_RELAYS - 1);
    assert_int_equal(town_sessions_open(anna), TOWN_RELAYS - 1);
    assert_true(town->relays[1].core->base.counters.closed_replaced <= 1);
    assert_true(town_passes_within(town, 12));
    town_free(town);
}

/* A relay moved to another address. The URL that leads to the former one has a session that stalls
 * and then ends; it must not displace the URL that works. */
static void of_two_urls_of_one_relay_the_one_that_works_stays(void **state)
{
    static const uint64_t waits_ms[] = {25 * 1000, 120 * 1000}; /* it is stalled; it has ended */
    static const uint8_t elsewhere[4] = {198, 51, 100, 77};

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(waits_ms); i++) {
        struct town *town = town_new();
        struct host_core *anna = town->hosts[0].core;
        struct relay_node *moved = &town->relays[TOWN_ENTRY_POINTS];
        struct url url;

        moved->address = endpoint_v4(elsewhere, moved->address.port);
        (void)endpoint_text(&moved->address, moved->public_host);
        street_run_ms(&town->street, waits_ms[i]);
        assert_int_equal(town_sessions_open(anna), i == 0 ? TOWN_RELAYS : TOWN_RELAYS - 1);
        town_relay_url(town, TOWN_ENTRY_POINTS, &url);
        uint64_t number = host_core_add_relay(anna, &url, town->now);
        street_run_ms(&town->street, 90 * 1000);
        const struct relay_session *relay = relay_set_find(&anna->relays, number);
        assert_non_null(relay);
        assert_true(relay->open && relay->serves);
        town_free(town);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_urls_of_one_relay_share_its_session),
        cmocka_unit_test(an_entry_point_takes_over_a_session_that_is_open_already),
        cmocka_unit_test(of_two_urls_of_one_relay_the_one_that_works_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
