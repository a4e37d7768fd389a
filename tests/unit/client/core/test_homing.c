/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hosts of a ziglan with one entry point find other relays, as it tells of them: the second one,
 * which serves members only, and two of no ziglan, which are open.
 */
#include "client/core/core_internal.h"
#include "client/core/homing.h"
#include "client/core/pinning.h"
#include "client/stun2/seeking.h"
#include "proto/crypto/signed.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/fixture.h"
#include "tests/support/town.h"

static const struct identity *identity_of(const struct town *town, size_t relay)
{
    return &town->relays[relay].identity;
}

/* The relay's node record, signed. */
static ProtobufCBinaryData record_of(const struct town *town, size_t relay,
                                     uint8_t out[RECORD_OTHER_SIGNED_SIZE_MAX])
{
    struct record_node record = {.header = {.sequence = 1,
                                            .created_ms = env_wall_ms(&town->ports.env),
                                            .lifetime_s = RECORD_NODE_LIFETIME_S},
                                 .service = RECORD_NODE_SERVICE,
                                 .addresses = {town->relays[relay].address},
                                 .addresses_count = 1,
                                 .protocols = RECORD_PROTOCOL_QUIC_FLAG};
    size_t size = 0;

    memcpy(record.header.key, identity_of(town, relay)->public_key, KEY_SIZE);
    assert_int_equal(record_node_encode(out, &size, &record), ERR_OK);
    assert_int_equal(
        signed_make(out, RECORD_OTHER_SIGNED_SIZE_MAX, &size, identity_of(town, relay), out, size),
        ERR_OK);
    return control_bytes(out, size);
}

/* What the entry point answers to a question of a host: these relays. */
static void tell(struct town *town, size_t host, const size_t *relays, size_t count)
{
    struct host_core *core = town->hosts[host].core;
    const struct relay_session *entry = town_ziglan(town, host)->entry_point;
    uint8_t bytes[TOWN_RELAYS][RECORD_OTHER_SIGNED_SIZE_MAX];
    Ziglan__NodeEntry entries[TOWN_RELAYS];
    Ziglan__NodeEntry *list[TOWN_RELAYS];
    Ziglan__Nodes nodes = ZIGLAN__NODES__INIT;

    for (size_t i = 0; i < count; i++) {
        entries[i] = (Ziglan__NodeEntry)ZIGLAN__NODE_ENTRY__INIT;
        entries[i].record = record_of(town, relays[i], bytes[i]);
        list[i] = &entries[i];
    }
    nodes.entries = list;
    nodes.n_entries = count;
    core->homing.asked = entry->number;
    core->homing.homes.asked = HOME_LOOKUP_COUNT;
    homing_on_nodes(core, entry, HOMING_REQUEST_ID, &nodes, town->now);
}

/* Both hosts begin anew, with the entry point only. */
static struct town *town_of_one(void)
{
    struct town *town = town_new();

    for (size_t i = 0; i < TOWN_HOSTS; i++) {
        host_node_start(&town->hosts[i], town->now);
    }
    street_run_ms(&town->street, 3000);
    return town;
}

static bool has_home(struct town *town, size_t host, size_t relay)
{
    return home_relays_has(&town->hosts[host].core->homing.homes,
                           identity_of(town, relay)->public_key);
}

static void a_host_keeps_an_open_relay_beside_that_of_its_ziglan(void **state)
{
    static const size_t all[] = {1, 2, 3};
    struct town *town = town_of_one();
    struct host_core *core = town->hosts[0].core;

    (void)state;
    assert_int_equal(town_sessions_open(core), 1);
    assert_true(has_home(town, 0, 0));
    tell(town, 0, all, 3);
    street_run_ms(&town->street, 10 * 1000);
    assert_int_equal(town_sessions_open(core), 2);
    assert_true(has_home(town, 0, 0));
    assert_false(has_home(town, 0, 1)); /* it said that it serves no strangers */
    assert_true(has_home(town, 0, 2) != has_home(town, 0, 3));
    street_run_ms(&town->street, 1800 * 1000);
    assert_int_equal(town_sessions_open(core), 2);
    homing_use(core, false, town->now);
    assert_int_equal(core->relays.count, 1);
    street_run_ms(&town->street, 60 * 1000);
    assert_int_equal(core->relays.count, 1);
    town_free(town);
}

static void a_home_relay_carries_members_when_that_of_their_ziglan_dies(void **state)
{
    static const size_t two[] = {2};
    struct town *town = town_of_one();

    (void)state;
    for (size_t i = 0; i < TOWN_HOSTS; i++) {
        tell(town, i, two, 1);
    }
    assert_true(town_passes_within(town, 5));
    street_run_ms(&town->street, 5000);
    assert_true(has_home(town, 0, 2) && has_home(town, 1, 2));
    assert_int_equal(town_relay_in_use(town), 0);
    assert_true(town_passes_within(town, 1));
    relay_node_stop(&town->relays[0]);
    town_ping(town);
    street_run_ms(&town->street, 500); /* it is late after 300 ms */
    size_t before = town->hosts[1].delivered;
    town_ping(town);
    street_run_ms(&town->street, 100);
    assert_true(town->hosts[1].delivered > before);
    assert_int_equal(town_relay_in_use(town), 2);
    town_free(town);
}

static void a_home_relay_that_dies_is_replaced(void **state)
{
    static const size_t open[] = {2, 3};
    struct town *town = town_of_one();

    (void)state;
    tell(town, 0, open, 2);
    street_run_ms(&town->street, 5000);
    size_t dead = has_home(town, 0, 2) ? 2 : 3;
    relay_node_stop(&town->relays[dead]);
    street_run_ms(&town->street, 60 * 1000); /* nothing goes through it: it is found out late */
    assert_false(has_home(town, 0, dead));
    assert_true(has_home(town, 0, 5 - dead));
    assert_int_equal(town_sessions_open(town->hosts[0].core), 2);
    town_free(town);
}

/* Nobody tells of relays any more, and no relay is measured: the store knows. */
static void a_host_that_restarts_goes_on_with_its_home_relays(void **state)
{
    static const size_t open[] = {2, 3};
    struct town *town = town_of_one();

    (void)state;
    tell(town, 0, open, 2);
    street_run_ms(&town->street, 5000);
    size_t home = has_home(town, 0, 2) ? 2 : 3;
    for (int restarts = 0; restarts < 3; restarts++) {
        host_node_start(&town->hosts[0], town->now);
        street_run_ms(&town->street, 500);
        assert_true(has_home(town, 0, 0) && has_home(town, 0, home));
        assert_int_equal(town_sessions_open(town->hosts[0].core), 2);
    }
    /* Its record is over meanwhile, and it is still there. */
    street_run_ms(&town->street, 2 * HOME_STORED_MS);
    assert_true(has_home(town, 0, home));
    host_node_start(&town->hosts[0], town->now);
    street_run_ms(&town->street, 500);
    assert_true(has_home(town, 0, home));
    town_free(town);
}

static void a_stored_home_relay_that_is_gone_gives_its_place_away(void **state)
{
    static const size_t open[] = {2, 3};
    struct town *town = town_of_one();

    (void)state;
    tell(town, 0, open, 2);
    street_run_ms(&town->street, 5000);
    size_t home = has_home(town, 0, 2) ? 2 : 3, other = 5 - home;
    relay_node_stop(&town->relays[home]);
    host_node_start(&town->hosts[0], town->now);
    street_run_ms(&town->street, 3000);
    tell(town, 0, &other, 1);
    street_run_ms(&town->street, 10 * 1000);
    assert_false(has_home(town, 0, home));
    assert_true(has_home(town, 0, other));
    host_node_start(&town->hosts[0], town->now); /* and that is stored in its place */
    street_run_ms(&town->street, 500);
    assert_false(has_home(town, 0, home));
    assert_true(has_home(town, 0, other));
    town_free(town);
}

/* What its user turned off is not made by the store. */
static void a_host_that_wants_no_home_relays_makes_no_session_to_a_stored_one(void **state)
{
    static const size_t two[] = {2};
    struct town *town = town_of_one();

    (void)state;
    tell(town, 0, two, 1);
    street_run_ms(&town->street, 5000);
    assert_true(has_home(town, 0, 2));
    host_node_start(&town->hosts[0], town->now);
    homing_use(town->hosts[0].core, false, town->now);
    street_run_ms(&town->street, 5000);
    assert_int_equal(town->hosts[0].core->relays.count, 1);
    town_free(town);
}

/* Relay 1 serves its members only. It has a session with anna for a while, and is pinned before all
 * others; but if it forgot that she is a member, it would refuse each frame. */
static void a_pinned_relay_is_a_home_if_it_would_serve_this_host(void **state)
{
    static const size_t open[] = {2, 3};

    (void)state;
    for (int member = 0; member < 2; member++) {
        struct town *town = town_of_one();
        struct relay_node *closed = &town->relays[1];
        char error[URL_ERROR_SIZE], text[URL_SIZE_MAX];
        struct url url;
        unsigned s = 0;

        if (member == 0) {
            relay_node_stop(closed);
            store_close(closed->store);
            assert_int_equal(store_memory_new(&closed->store), ERR_OK);
            relay_node_start(closed, town->now);
        }
        town_relay_url(town, 1, &url);
        assert_int_equal(url_print(&url, text, sizeof(text)), ERR_OK);
        assert_int_equal(pinning_add(town->hosts[0].core, text, error, sizeof(error), town->now),
                         ERR_OK);
        tell(town, 0, open, 2);
        for (; s < 300 && !has_home(town, 0, 1); s++) {
            street_run_ms(&town->street, 1000);
        }
        assert_in_range(s, member == 0 ? 300 : 60, member == 0 ? 300 : 120);
        assert_int_equal(has_home(town, 0, 0) + has_home(town, 0, 2) + has_home(town, 0, 3),
                         member == 0 ? 2 : 1);
        town_free(town);
    }
}

/* Who is told of a relay and has measured it does not know whether it serves strangers. */
static void a_relay_that_did_not_answer_yet_is_no_home(void **state)
{
    static const size_t closed[] = {1};
    struct town *town = town_of_one();
    struct host_core *core = town->hosts[0].core;
    const struct relay_session *relay;
    bool dialled = false;

    (void)state;
    tell(town, 0, closed, 1);
    for (unsigned ms = 0; ms < 5000; ms++) {
        street_run_ms(&town->street, 1);
        TAILQ_FOREACH(relay, &core->relays.list, in_set)
        {
            if (relay != town_ziglan(town, 0)->entry_point) {
                dialled = true;
                assert_false(homing_is_home(core, relay));
            }
        }
    }
    assert_true(dialled);
    assert_int_equal(core->relays.count, 1);
    town_free(town);
}

static void relays_that_the_user_pinned_leave_no_place_for_others(void **state)
{
    static const size_t both[] = {2, 3};
    struct town *town = town_of_one();
    struct host_core *core = town->hosts[0].core;
    char error[URL_ERROR_SIZE];
    char text[URL_SIZE_MAX];
    struct url url;

    (void)state;
    tell(town, 0, both, 2);
    street_run_ms(&town->street, 5000);
    for (size_t relay = 2; relay < TOWN_RELAYS; relay++) {
        town_relay_url(town, relay, &url);
        assert_int_equal(url_print(&url, text, sizeof(text)), ERR_OK);
        assert_int_equal(pinning_add(core, text, error, sizeof(error), town->now), ERR_OK);
    }
    street_run_ms(&town->street, 40 * 1000);
    assert_true(has_home(town, 0, 2) && has_home(town, 0, 3));
    assert_int_equal(town_sessions_open(core), 3); /* and that of the ziglan */
    for (size_t relay = 2; relay < TOWN_RELAYS; relay++) {
        town_relay_url(town, relay, &url);
        assert_int_equal(url_print(&url, text, sizeof(text)), ERR_OK);
        assert_int_equal(pinning_remove(core, text, error, sizeof(error), town->now), ERR_OK);
    }
    street_run_ms(&town->street, 40 * 1000);
    assert_true(has_home(town, 0, 2) || has_home(town, 0, 3)); /* one is still worth it */
    town_free(town);
}

static void a_relay_that_is_pinned_by_its_key_is_found(void **state)
{
    struct town *town = town_of_one();
    struct host_core *core = town->hosts[0].core;
    char error[URL_ERROR_SIZE];
    char key[KEY_TEXT_SIZE];
    uint8_t bytes[RECORD_OTHER_SIGNED_SIZE_MAX];
    Ziglan__NodeEntry entry = ZIGLAN__NODE_ENTRY__INIT;
    Ziglan__NodeEntry *list[] = {&entry};
    Ziglan__Nodes nodes = ZIGLAN__NODES__INIT;

    (void)state;
    (void)key_text(identity_of(town, 3)->public_key, key);
    assert_int_equal(pinning_add(core, key, error, sizeof(error), town->now), ERR_OK);
    street_run_ms(&town->street, 3000);
    assert_int_equal(core->relays.count, 2);
    assert_int_equal(town_sessions_open(core), 1); /* nobody knows where it is */
    host_node_start(&town->hosts[0], town->now);   /* and it is not forgotten */
    core = town->hosts[0].core;
    street_run_ms(&town->street, 3000);
    assert_int_equal(core->relays.count, 2);
    entry.record = record_of(town, 3, bytes);
    nodes.entries = list;
    nodes.n_entries = 1;
    seeking_on_nodes(&core->relays, town_ziglan(town, 0)->entry_point, &nodes, town->now);
    street_run_ms(&town->street, 3000);
    assert_int_equal(town_sessions_open(core), 2);
    street_run_ms(&town->street, 40 * 1000);
    assert_true(has_home(town, 0, 3));
    town_free(town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_keeps_an_open_relay_beside_that_of_its_ziglan),
        cmocka_unit_test(a_home_relay_carries_members_when_that_of_their_ziglan_dies),
        cmocka_unit_test(a_home_relay_that_dies_is_replaced),
        cmocka_unit_test(a_host_that_restarts_goes_on_with_its_home_relays),
        cmocka_unit_test(a_stored_home_relay_that_is_gone_gives_its_place_away),
        cmocka_unit_test(a_host_that_wants_no_home_relays_makes_no_session_to_a_stored_one),
        cmocka_unit_test(a_pinned_relay_is_a_home_if_it_would_serve_this_host),
        cmocka_unit_test(a_relay_that_did_not_answer_yet_is_no_home),
        cmocka_unit_test(relays_that_the_user_pinned_leave_no_place_for_others),
        cmocka_unit_test(a_relay_that_is_pinned_by_its_key_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
