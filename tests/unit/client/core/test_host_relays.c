/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One host, several relays at once: two entry points of one ziglan, and two relays of no ziglan,
 * which are open to strangers. What is relayed takes any of them; one after the other dies.
 */
#include "client/core/core_internal.h"
#include "relayd/core/core_internal.h"
#include "tests/support/fixture.h"
#include "tests/support/town.h"

static void a_host_holds_sessions_to_relays_of_a_ziglan_and_of_none_at_once(void **state)
{
    struct town *town = town_new();

    (void)state;
    for (size_t i = 0; i < TOWN_HOSTS; i++) {
        assert_int_equal(town_sessions_open(town->hosts[i].core), TOWN_RELAYS);
        assert_int_equal(town->hosts[i].core->ziglans.count, 1);
    }
    /* Nothing changes in half an hour, in which all are kept alive. */
    street_run_ms(&town->street, 1800 * 1000);
    for (size_t i = 0; i < TOWN_HOSTS; i++) {
        assert_int_equal(town_sessions_open(town->hosts[i].core), TOWN_RELAYS);
    }
    assert_true(town_passes_within(town, 1));
    assert_int_equal(town_relay_in_use(town), 0);
    town_free(town);
}

static void what_is_relayed_takes_another_relay_when_one_dies(void **state)
{
    struct town *town = town_new();

    (void)state;
    assert_true(town_passes_within(town, 1));
    town_peers_are_at_the_open_relays(town);
    for (size_t deaths = 1; deaths < TOWN_RELAYS; deaths++) {
        size_t dead = town_relay_in_use(town);

        assert_true(dead < TOWN_RELAYS);
        relay_node_stop(&town->relays[dead]);
        street_run_ms(&town->street, 100); /* what was on its way has arrived */
        assert_true(town_passes_within(town, 12));
        size_t used = town_relay_in_use(town);
        assert_true(used < TOWN_RELAYS && town->relays[used].core != NULL);
        /* The ziglan's own relays first. */
        assert_true(deaths >= TOWN_ENTRY_POINTS || used == deaths);
    }
    /* The first one comes back and is preferred again. */
    relay_node_start(&town->relays[0], town->now);
    for (int i = 0; i < 300 && town_relay_in_use(town) != 0; i++) {
        town_ping(town);
        street_run_ms(&town->street, 100);
    }
    assert_int_equal(town_relay_in_use(town), 0);
    assert_true(town_passes_within(town, 1));
    town_free(town);
}

/* Both are at them, and nobody told either. */
static void a_relay_of_no_ziglan_carries_members_when_those_of_the_ziglan_are_gone(void **state)
{
    struct town *town = town_new();

    (void)state;
    assert_true(town_passes_within(town, 1));
    relay_node_stop(&town->relays[0]);
    relay_node_stop(&town->relays[1]);
    street_run_ms(&town->street, 100);
    assert_true(town_passes_within(town, 12));
    assert_true(town_relay_in_use(town) >= TOWN_ENTRY_POINTS);
    town_free(town);
}

/* Who sends to whom. */
enum traffic {
    FROM_ANNA = 1,
    FROM_NAS = 2,
};

/* The longest time without a packet at a host to which some are sent each 20 ms, in ms. */
static unsigned longest_gap_ms(struct town *town, unsigned traffic, unsigned run_ms)
{
    enum { EVERY_MS = 20 };
    unsigned gap_ms[TOWN_HOSTS] = {0}, most_ms = 0;

    for (unsigned at_ms = 0; at_ms < run_ms; at_ms += EVERY_MS) {
        size_t before[TOWN_HOSTS] = {town->hosts[0].delivered, town->hosts[1].delivered};

        if ((traffic & FROM_ANNA) != 0) {
            assert_true(host_node_ping(&town->hosts[0], "nas", 84, town->now));
        }
        if ((traffic & FROM_NAS) != 0) {
            assert_true(host_node_ping(&town->hosts[1], "anna", 84, town->now));
        }
        street_run_ms(&town->street, EVERY_MS);
        for (unsigned i = 0; i < TOWN_HOSTS; i++) {
            bool sent = (traffic & (i == 0 ? FROM_NAS : FROM_ANNA)) != 0;

            gap_ms[i] = !sent || town->hosts[i].delivered > before[i] ? 0 : gap_ms[i] + EVERY_MS;
            most_ms = gap_ms[i] > most_ms ? gap_ms[i] : most_ms;
        }
    }
    return most_ms;
}

static void the_death_of_a_relay_costs_less_than_half_a_second(void **state)
{
    static const unsigned traffics[] = {FROM_ANNA | FROM_NAS, FROM_ANNA, FROM_NAS};

    (void)state;
    for (size_t i = 0; i < sizeof(traffics) / sizeof(traffics[0]); i++) {
        struct town *town = town_new();

        assert_true(town_passes_within(town, 1));
        assert_true(longest_gap_ms(town, traffics[i], 3000) <= 40);
        for (unsigned deaths = 0; deaths + 1 < TOWN_RELAYS; deaths++) {
            relay_node_stop(&town->relays[deaths]);
            assert_in_range(longest_gap_ms(town, traffics[i], 5000), 100, 480);
            assert_int_equal(town_relay_in_use(town), deaths + 1);
        }
        town_free(town);
    }
}

/* The relay is as good as before; only what it says is late for a moment. */
static void a_relay_that_answers_again_is_used_again(void **state)
{
    struct town *town = town_new();

    (void)state;
    assert_true(town_passes_within(town, 1));
    assert_true(longest_gap_ms(town, FROM_ANNA | FROM_NAS, 1000) <= 40);
    struct relay_core *core = town->relays[0].core;
    town->relays[0].core = NULL;
    assert_in_range(longest_gap_ms(town, FROM_ANNA | FROM_NAS, 700), 100, 480);
    assert_int_equal(town_relay_in_use(town), 1);
    town->relays[0].core = core;
    assert_true(longest_gap_ms(town, FROM_ANNA | FROM_NAS, 2000) <= 200);
    assert_int_equal(town_relay_in_use(town), 0);
    town_free(town);
}

/* While nothing goes, nobody asks whether a relay is there. */
static void a_relay_that_is_not_used_is_asked_nothing(void **state)
{
    struct town *town = town_new();
    uint64_t before;

    (void)state;
    assert_true(longest_gap_ms(town, FROM_ANNA, 2000) <= 2000);
    street_run_ms(&town->street, 200 * 1000); /* until the conversation is at rest */
    before = town->wire.sent;
    street_run_ms(&town->street, 60 * 1000);
    /* Of 8 sessions: 4 keep-alives, a question how full the relay is, and their answers. */
    assert_in_range(town->wire.sent - before, 8, 8 * 2 * (4 + 2 + 2));
    town_free(town);
}

/* Both know each other from before and nothing of each other's relays. The first one, which is the
 * ziglan's, has anna's session, but not his. */
static void a_host_finds_the_relay_that_its_peer_is_at(void **state)
{
    struct town *town = town_new();

    (void)state;
    relay_node_stop(&town->relays[1]);
    relay_node_stop(&town->relays[2]);
    town->nas_is_cut_off = true;
    for (size_t i = 0; i < TOWN_HOSTS; i++) {
        host_node_start(&town->hosts[i], town->now);
        town_add_open_relays(town, i);
    }
    street_run_ms(&town->street, 1000);
    town_ping(town); /* makes the conversation that is told */
    assert_true(host_core_peer_at_relay(town->hosts[0].core, town->hosts[1].identity.public_key,
                                        town->numbers[0][TOWN_RELAYS - 1], town->now));
    assert_true(town_passes_within(town, 12));
    assert_int_equal(town_relay_in_use(town), TOWN_RELAYS - 1);
    town_free(town);
}

/* Both have found that the peer does not answer through the first relay, and both sessions are as
 * good as before: it was only slow, or its neighbour was full. */
static void a_relay_that_was_silent_for_a_moment_is_used_again(void **state)
{
    struct town *town = town_new();

    (void)state;
    assert_true(town_passes_within(town, 1));
    street_run_ms(&town->street, 5000); /* the two told each other all that they have to tell */
    for (size_t i = 0; i < TOWN_HOSTS; i++) {
        struct host_core *core = town->hosts[i].core;
        struct peer *peer = peer_find(&core->peers, town->hosts[1 - i].identity.public_key);
        struct path *path = path_table_relayed(&peer->conversation->paths);

        path_relay_expire(path, town->now);
        path_relay_expire(path, mono_add_ms(town->now, PATH_PING_LOST_MS));
    }
    assert_int_equal(town_relay_in_use(town), 1);
    assert_true(town_passes_within(town, 1));
    assert_int_equal(town_relay_in_use(town), 1);
    for (int i = 0; i < 40; i++) {
        town_ping(town);
        street_run_ms(&town->street, 100);
    }
    assert_int_equal(town_relay_in_use(town), 0);
    town_free(town);
}

static void a_ziglan_that_is_left_takes_its_relays_along(void **state)
{
    struct town *town = town_new();
    struct host_core *core = town->hosts[0].core;
    uint8_t key[KEY_SIZE];

    (void)state;
    assert_true(town_passes_within(town, 1));
    assert_int_equal(host_core_leave(core, "home", key, town->now), ERR_OK);
    (void)host_node_pump(&town->hosts[0], town->now);
    street_run_ms(&town->street, 3000);
    assert_int_equal(core->relays.count, TOWN_RELAYS - TOWN_ENTRY_POINTS);
    assert_int_equal(town_sessions_open(core), TOWN_RELAYS - TOWN_ENTRY_POINTS);
    assert_int_equal(core->conversations.count, 0);
    town_free(town);
}

static void a_ziglans_own_relays_are_no_relays_of_none(void **state)
{
    struct town *town = town_new();
    struct host_core *anna = town->hosts[0].core;
    const uint8_t *nas = town->hosts[1].identity.public_key;

    (void)state;
    assert_true(town_passes_within(town, 1));
    assert_false(host_core_peer_at_relay(anna, nas, town->numbers[0][1], town->now));
    assert_false(
        host_core_peer_at_relay(anna, nas, town_ziglan(town, 0)->entry_point->number, town->now));
    town_peers_are_at_the_open_relays(town);
    assert_int_equal(town_relay_in_use(town), 0);
    town_free(town);
}

/* The entry point alone is watched: its place in the stream of changes is not another's. */
static void changes_of_an_entry_point_that_is_not_watched_do_not_count(void **state)
{
    struct town *town = town_new();
    struct ziglan *ziglan = town_ziglan(town, 0);
    Ziglan__Watch watch = ZIGLAN__WATCH__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    (void)state;
    roster_progress(ziglan->roster, 5);
    watch.all = true;
    message.body_case = ZIGLAN__CONTROL__BODY_WATCH;
    message.watch = &watch;
    assert_true(relay_session_send(ziglan->relays[0].session, &message));
    (void)host_node_pump(&town->hosts[0], town->now);
    street_run_ms(&town->street, 1000);
    assert_int_equal(roster_sequence(ziglan->roster), 5);
    town_free(town);
}

/* The relay that the member part of a host names; none: zeros. */
static void relay_of_part(const struct ziglan *ziglan, uint8_t key[KEY_SIZE])
{
    struct record_member part;

    assert_true(ziglan->record.part_size > SIGNATURE_SIZE);
    assert_int_equal(
        record_member_decode(&part, ziglan->record.part, ziglan->record.part_size - SIGNATURE_SIZE),
        ERR_OK);
    assert_int_equal(part.relays_count, 1);
    memcpy(key, part.relays[0], KEY_SIZE);
}

/* Anna is given an invite of the second entry point: it admits her. */
static void second_admits(struct town *town, uint8_t named[KEY_SIZE])
{
    struct url url;
    char text[URL_SIZE_MAX];

    town_invite(town, 1, &url, text);
    assert_int_not_equal(host_core_add_relay(town->hosts[0].core, &url, town->now), 0);
    street_run_ms(&town->street, 3000);
    assert_true(town_ziglan(town, 0)->relays[0].session->serves);
    relay_of_part(town_ziglan(town, 0), named);
}

static void an_entry_point_that_was_not_reached_yet_makes_no_member_part_of_zeros(void **state)
{
    struct town *town = town_new();
    struct url url;
    char first[URL_SIZE_MAX];
    char error[200];
    uint8_t named[KEY_SIZE];
    uint8_t key[KEY_SIZE];

    (void)state;
    town_invite(town, 0, &url, first);
    relay_node_stop(&town->relays[0]);

    /* Known from the life before: the part stays as it is. */
    host_node_start(&town->hosts[0], town->now);
    second_admits(town, named);
    assert_memory_equal(named, town->relays[0].identity.public_key, KEY_SIZE);

    /* Never known: the relay that admits us is named. */
    assert_int_equal(host_core_leave(town->hosts[0].core, "home", key, town->now), ERR_OK);
    assert_int_equal(
        host_core_join(town->hosts[0].core, first, NULL, error, sizeof(error), town->now), ERR_OK);
    second_admits(town, named);
    assert_memory_equal(named, town->relays[1].identity.public_key, KEY_SIZE);
    town_free(town);
}

/* Whether the session of anna to this relay is open. */
static bool anna_is_at(struct town *town, size_t relay)
{
    const struct relay_session *session =
        relay_set_find(&town->hosts[0].core->relays, town->numbers[0][relay]);

    return session != NULL && session->open;
}

/* As a relay of a ziglan is believed, within the same bound. */
static void a_relay_of_no_ziglan_is_dialled_again_when_it_says(void **state)
{
    struct town *town = town_new();
    struct relay_node *relay = &town->relays[TOWN_ENTRY_POINTS];

    (void)state;
    relay_core_shutdown(relay->core, 5000, false, town->now);
    (void)relay_node_pump(relay, town->now);
    street_run_ms(&town->street, 1000);
    assert_true(relay_core_stopped(relay->core));
    relay_node_stop(relay);
    relay_node_start(relay, town->now);
    street_run_ms(&town->street, 3500);
    assert_false(anna_is_at(town, TOWN_ENTRY_POINTS));
    street_run_ms(&town->street, 2000);
    assert_true(anna_is_at(town, TOWN_ENTRY_POINTS));
    relay_core_shutdown(relay->core, UINT32_MAX, false, town->now);
    (void)relay_node_pump(relay, town->now);
    street_run_ms(&town->street, 1000);
    relay_node_stop(relay);
    relay_node_start(relay, town->now);
    street_run_ms(&town->street, 300 * 1000);
    assert_true(anna_is_at(town, TOWN_ENTRY_POINTS));
    town_free(town);
}

/* ---- lanes ---- */

static struct town *town_with_lanes(void)
{
    struct town *town = town_new();

    for (size_t i = 0; i < TOWN_HOSTS; i++) {
        town->hosts[i].core->conversations.lanes = true;
    }
    return town;
}

static const struct path *present_of_anna(struct town *town)
{
    const struct peer *peer =
        peer_find(&town->hosts[0].core->peers, town->hosts[1].identity.public_key);

    return path_table_present(&peer->conversation->paths);
}

static bool anna_is_on_lane_of(struct town *town, size_t relay)
{
    const struct path *path = present_of_anna(town);

    return path != NULL && path->kind == PATH_KIND_LANE &&
           memcmp(path->relay->relay_key, town->relays[relay].identity.public_key, KEY_SIZE) == 0;
}

/* The longest silence from its goodbye on, of a relay that keeps lanes and does not come back. */
static unsigned gap_at_the_end_of(struct town *town, size_t relay)
{
    unsigned before_ms, after_ms;

    relay_core_shutdown(town->relays[relay].core, 350, true, town->now);
    (void)relay_node_pump(&town->relays[relay], town->now);
    before_ms = longest_gap_ms(town, FROM_ANNA | FROM_NAS, 240);
    relay_node_stop(&town->relays[relay]);
    after_ms = longest_gap_ms(town, FROM_ANNA | FROM_NAS, 5000);
    return before_ms > after_ms ? before_ms : after_ms;
}

static void what_flows_on_a_lane_goes_on_when_its_relay_ends_for_good(void **state)
{
    struct town *town = town_with_lanes();

    (void)state;
    assert_true(town_passes_within(town, 12));
    (void)longest_gap_ms(town, FROM_ANNA | FROM_NAS, 8000);
    assert_true(anna_is_on_lane_of(town, 0));
    assert_true(gap_at_the_end_of(town, 0) <= 20);
    assert_false(anna_is_on_lane_of(town, 0));
    town_free(town);
}

static void a_relay_that_is_not_in_use_draws_nothing_by_its_goodbye(void **state)
{
    struct town *town = town_with_lanes();

    (void)state;
    relay_node_stop(&town->relays[0]);
    assert_true(town_passes_within(town, 12));
    (void)longest_gap_ms(town, FROM_ANNA | FROM_NAS, 8000);
    assert_true(anna_is_on_lane_of(town, 1));
    relay_node_start(&town->relays[0], town->now);
    (void)longest_gap_ms(town, FROM_ANNA | FROM_NAS, 40000);
    assert_true(anna_is_on_lane_of(town, 0)); /* and the old lane is still there */
    assert_int_equal(lane_table_count(&town->relays[1].core->lane.table), 1);
    assert_true(gap_at_the_end_of(town, 1) <= 20);
    assert_true(anna_is_on_lane_of(town, 0));
    town_free(town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_flows_on_a_lane_goes_on_when_its_relay_ends_for_good),
        cmocka_unit_test(a_relay_that_is_not_in_use_draws_nothing_by_its_goodbye),
        cmocka_unit_test(a_relay_of_no_ziglan_is_dialled_again_when_it_says),
        cmocka_unit_test(a_host_holds_sessions_to_relays_of_a_ziglan_and_of_none_at_once),
        cmocka_unit_test(what_is_relayed_takes_another_relay_when_one_dies),
        cmocka_unit_test(a_relay_of_no_ziglan_carries_members_when_those_of_the_ziglan_are_gone),
        cmocka_unit_test(the_death_of_a_relay_costs_less_than_half_a_second),
        cmocka_unit_test(a_relay_that_answers_again_is_used_again),
        cmocka_unit_test(a_relay_that_is_not_used_is_asked_nothing),
        cmocka_unit_test(a_host_finds_the_relay_that_its_peer_is_at),
        cmocka_unit_test(a_relay_that_was_silent_for_a_moment_is_used_again),
        cmocka_unit_test(a_ziglan_that_is_left_takes_its_relays_along),
        cmocka_unit_test(a_ziglans_own_relays_are_no_relays_of_none),
        cmocka_unit_test(changes_of_an_entry_point_that_is_not_watched_do_not_count),
        cmocka_unit_test(an_entry_point_that_was_not_reached_yet_makes_no_member_part_of_zeros),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
