/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a host takes of what relays tell of relays, and what it sends to those. */
#include "client/stun2/home_relays.h"

#include "proto/crypto/signed.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/endpoints.h"
#include "tests/support/env.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

enum { NETWORK = 256 };

struct scene {
    struct test_env ports;
    struct mono now;
    struct store *store;
    struct home_relays homes;
};

static void scene_init(struct scene *scene)
{
    *scene = (struct scene){.now = {NS_PER_S}};
    test_env_init(&scene->ports, 5);
    scene->ports.clock = &scene->now;
    assert_int_equal(store_memory_new(&scene->store), ERR_OK);
    assert_int_equal(home_relays_init(&scene->homes, scene->store, &scene->ports.env, scene->now),
                     ERR_OK);
}

static void scene_fini(struct scene *scene)
{
    store_close(scene->store);
}

/* The record of relay number n, which is alone in its network. */
static struct record_node record_of(const struct scene *scene, uint32_t n)
{
    struct identity identity = node_of(n);
    struct record_node record = {.header = {.type = RECORD_TYPE_NODE,
                                            .sequence = 1,
                                            .created_ms = env_wall_ms(&scene->ports.env),
                                            .lifetime_s = 3600},
                                 .service = RECORD_NODE_SERVICE,
                                 .addresses_count = 1,
                                 .protocols = RECORD_PROTOCOL_QUIC_FLAG};

    memcpy(record.header.key, identity.public_key, KEY_SIZE);
    record.addresses[0] = test_endpoint(n * NETWORK + 1, 4433);
    return record;
}

static size_t candidates_of(const struct scene *scene)
{
    size_t count = 0;

    for (size_t i = 0; i < HOME_CANDIDATES_MAX; i++) {
        count += scene->homes.candidates.list[i].used;
    }
    return count;
}

static void take(struct scene *scene, const struct record_node *record)
{
    struct endpoint teller = test_endpoint(1, 4433);

    home_candidates_on_record(&scene->homes.candidates, record, &teller,
                              env_wall_ms(&scene->ports.env), scene->now);
}

/* An answer of a relay with these records, signed as they say. */
static void tell(struct scene *scene, const struct record_node *records, size_t count, bool forged)
{
    static uint8_t bytes[NODES_MAX][RECORD_OTHER_SIGNED_SIZE_MAX];
    Ziglan__NodeEntry entries[NODES_MAX];
    Ziglan__NodeEntry *list[NODES_MAX];
    Ziglan__Nodes nodes = ZIGLAN__NODES__INIT;
    struct endpoint teller = test_endpoint(1, 4433);

    for (size_t i = 0; i < count; i++) {
        struct identity identity;
        size_t size = 0;

        for (uint32_t n = 0; n < 100; n++) {
            identity = node_of(n);
            if (memcmp(identity.public_key, records[i].header.key, KEY_SIZE) == 0) {
                break;
            }
        }
        assert_int_equal(record_node_encode(bytes[i], &size, &records[i]), ERR_OK);
        assert_int_equal(signed_make(bytes[i], sizeof(bytes[i]), &size, &identity, bytes[i], size),
                         ERR_OK);
        bytes[i][size - 1] ^= forged ? 1 : 0;
        entries[i] = (Ziglan__NodeEntry)ZIGLAN__NODE_ENTRY__INIT;
        entries[i].record = control_bytes(bytes[i], size);
        list[i] = &entries[i];
    }
    nodes.entries = list;
    nodes.n_entries = count;
    home_relays_on_nodes(&scene->homes, &nodes, &teller, scene->now);
}

static void a_record_counts_only_if_it_was_asked_for_and_signed(void **state)
{
    struct scene scene;
    struct record_node records[HOME_LOOKUP_COUNT + 2];

    (void)state;
    scene_init(&scene);
    for (uint32_t i = 0; i < HOME_LOOKUP_COUNT + 2; i++) {
        records[i] = record_of(&scene, i + 1);
    }
    tell(&scene, records, 2, false);
    assert_int_equal(candidates_of(&scene), 0);
    scene.homes.asked = HOME_LOOKUP_COUNT;
    tell(&scene, records, 2, true);
    assert_int_equal(candidates_of(&scene), 0);
    scene.homes.asked = HOME_LOOKUP_COUNT;
    tell(&scene, records, HOME_LOOKUP_COUNT + 2, false);
    assert_int_equal(candidates_of(&scene), HOME_LOOKUP_COUNT);
    tell(&scene, records, HOME_LOOKUP_COUNT + 2, false); /* the question was answered */
    assert_int_equal(candidates_of(&scene), HOME_LOOKUP_COUNT);
    scene_fini(&scene);
}

static void what_is_no_relay_of_ours_is_passed_over(void **state)
{
    static const uint8_t none[KEY_SIZE] = {0};
    struct scene scene;
    struct record_node record;

    (void)state;
    scene_init(&scene);
    record = record_of(&scene, 1);
    record.protocols = RECORD_PROTOCOL_HTTP2_FLAG;
    take(&scene, &record);
    record = record_of(&scene, 1);
    record.service[0] = 'x';
    take(&scene, &record);
    record = record_of(&scene, 1);
    record.addresses_count = 0;
    take(&scene, &record);
    record = record_of(&scene, 1);
    record.addresses[0].port = 0;
    take(&scene, &record);
    record = record_of(&scene, 1);
    record.header.created_ms -= 2 * 3600 * 1000;
    take(&scene, &record);
    record = record_of(&scene, 1);
    memcpy(record.header.key, none, KEY_SIZE);
    take(&scene, &record);
    assert_int_equal(candidates_of(&scene), 0);
    scene_fini(&scene);
}

/* The relay that tells is at a public address. */
static void nobody_makes_a_host_send_into_its_own_network(void **state)
{
    static const char *const addresses[] = {"10.0.0.1:53",  "192.168.1.1:80", "127.0.0.1:4433",
                                            "[fe80::1]:80", "224.0.0.1:4433", "255.255.255.255:1",
                                            "0.0.0.0:4433", "100.64.0.1:22"};
    struct scene scene;

    (void)state;
    scene_init(&scene);
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        struct record_node record = record_of(&scene, 1);

        assert_true(endpoint_parse(&record.addresses[0], addresses[i], 0));
        take(&scene, &record);
        assert_int_equal(candidates_of(&scene), 0);
    }
    scene_fini(&scene);
}

static void one_network_has_two_places(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene);
    for (uint32_t n = 0; n < 20; n++) {
        struct record_node record = record_of(&scene, n + 1);

        record.addresses[0] = test_endpoint(n, 4433);
        take(&scene, &record);
    }
    assert_int_equal(candidates_of(&scene), HOME_PER_NETWORK_MAX);
    scene_fini(&scene);
}

static void an_older_record_changes_nothing_and_a_newer_one_moves_it(void **state)
{
    struct scene scene;
    struct record_node record;
    const struct home_candidate *one;

    (void)state;
    scene_init(&scene);
    record = record_of(&scene, 1);
    record.header.sequence = 5;
    take(&scene, &record);
    one = home_candidates_find(&scene.homes.candidates, record.header.key);
    record.addresses[0].port = 1;
    take(&scene, &record);
    record.header.sequence = 4;
    take(&scene, &record);
    assert_int_equal(one->address.port, 4433);
    record.header.sequence = 6;
    take(&scene, &record);
    assert_int_equal(one->address.port, 1);
    scene_fini(&scene);
}

/* ---- measuring ---- */

/* What is sent in so many seconds, to relays that answer after so long; 0: they do not. Returns how
 * many requests went. */
static unsigned measure(struct scene *scene, unsigned s, unsigned answer_ms)
{
    struct home_candidates *candidates = &scene->homes.candidates;
    struct {
        struct mono at;
        struct endpoint from;
        uint8_t id[STUN_ID_SIZE];
        bool used;
    } answers[64] = {0};
    unsigned sent = 0;

    for (unsigned ms = 0; ms < 1000 * s; ms += 5, scene->now = mono_add_ms(scene->now, 5)) {
        uint8_t request[STUN_REQUEST_SIZE];
        struct endpoint to;

        while (home_measure_next(candidates, &scene->ports.env, &to, request, scene->now)) {
            answers[sent % 64].at = mono_add_ms(scene->now, answer_ms);
            answers[sent % 64].from = to;
            answers[sent % 64].used = answer_ms > 0;
            memcpy(answers[sent % 64].id, request + STUN_HEADER_SIZE - STUN_ID_SIZE, STUN_ID_SIZE);
            sent++;
        }
        for (size_t i = 0; i < 64; i++) {
            uint8_t data[STUN_ANSWER_SIZE_MAX];
            uint8_t asked[STUN_REQUEST_SIZE];
            struct stun_message message;
            size_t size;

            if (!answers[i].used || !mono_due(answers[i].at, scene->now)) {
                continue;
            }
            answers[i].used = false;
            stun_request(asked, answers[i].id);
            assert_int_equal(stun_parse(&message, asked, sizeof(asked)), ERR_OK);
            assert_int_equal(stun_answer(data, &size, &message, &answers[i].from, NULL, NULL),
                             ERR_OK);
            struct dgram in = {.data = data, .size = size, .remote = answers[i].from};
            struct dgram strange = in;
            strange.remote.port++;
            assert_false(home_measure_on_answer(candidates, &strange, scene->now));
            assert_true(home_measure_on_answer(candidates, &in, scene->now));
            assert_false(home_measure_on_answer(candidates, &in, scene->now)); /* once */
        }
    }
    return sent;
}

static void a_relay_is_measured_by_three_requests_in_ten_minutes(void **state)
{
    struct scene scene;
    struct record_node record;
    const struct home_candidate *one;

    (void)state;
    scene_init(&scene);
    record = record_of(&scene, 1);
    take(&scene, &record);
    assert_true(home_measure_is_new(&scene.homes.candidates));
    assert_int_equal(measure(&scene, 5, 40), HOME_ROUND_REQUESTS);
    assert_false(home_measure_is_new(&scene.homes.candidates));
    one = home_candidates_find(&scene.homes.candidates, record.header.key);
    assert_in_range(one->quality.rtt_us, 40000, 46000);
    assert_int_equal(one->quality.loss_permille, 0);
    assert_int_equal(measure(&scene, 590, 40), 0);
    assert_int_equal(measure(&scene, 10, 40), HOME_ROUND_REQUESTS);
    assert_in_range(mono_ms_between(scene.now, home_measure_deadline(&scene.homes.candidates)),
                    580000, HOME_ROUND_MS);
    scene_fini(&scene);
}

/* Whoever tells of a victim makes a host send it six small requests. */
static void one_that_never_answers_is_asked_six_times_and_forgotten(void **state)
{
    struct scene scene;
    struct record_node record;

    (void)state;
    scene_init(&scene);
    record = record_of(&scene, 1);
    take(&scene, &record);
    assert_int_equal(measure(&scene, 300, 0), HOME_ROUND_REQUESTS * HOME_ROUNDS_IN_VAIN_MAX);
    assert_int_equal(candidates_of(&scene), 0);
    scene_fini(&scene);
}

static void of_too_many_the_worst_that_was_measured_makes_room(void **state)
{
    struct scene scene;
    struct record_node record;

    (void)state;
    scene_init(&scene);
    for (uint32_t n = 1; n <= HOME_CANDIDATES_MAX + 10; n++) {
        record = record_of(&scene, n);
        take(&scene, &record);
    }
    record = record_of(&scene, HOME_CANDIDATES_MAX + 1); /* there was no room for it */
    assert_null(home_candidates_find(&scene.homes.candidates, record.header.key));
    (void)measure(&scene, 5, 30);
    scene.homes.candidates.list[7].quality.rtt_us = 200000;
    scene.homes.candidates.list[9].quality.rtt_us = 300000;
    scene.homes.candidates.list[9].chosen = true;
    take(&scene, &record);
    assert_memory_equal(scene.homes.candidates.list[7].key, record.header.key, KEY_SIZE);
    scene_fini(&scene);
}

/* ---- questions ---- */

static unsigned lookups(struct scene *scene, unsigned s)
{
    unsigned count = 0;

    for (unsigned i = 0; i < s; i++) {
        scene->now = mono_add_ms(scene->now, 1000);
        home_relays_look(&scene->homes, NULL, 0, scene->now);
        count += home_relays_take_lookup(&scene->homes, scene->now);
    }
    return count;
}

static void a_host_without_home_relays_asks_ever_more_rarely(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene);
    assert_in_range(lookups(&scene, 60), 3, 6);
    assert_in_range(lookups(&scene, 3600), 5, 9);
    assert_in_range(lookups(&scene, 36000), 10, 20);
    home_relays_on_open(&scene.homes, scene.now);
    assert_in_range(lookups(&scene, 4), 1, 1);
    scene_fini(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_counts_only_if_it_was_asked_for_and_signed),
        cmocka_unit_test(what_is_no_relay_of_ours_is_passed_over),
        cmocka_unit_test(nobody_makes_a_host_send_into_its_own_network),
        cmocka_unit_test(one_network_has_two_places),
        cmocka_unit_test(an_older_record_changes_nothing_and_a_newer_one_moves_it),
        cmocka_unit_test(a_relay_is_measured_by_three_requests_in_ten_minutes),
        cmocka_unit_test(one_that_never_answers_is_asked_six_times_and_forgotten),
        cmocka_unit_test(of_too_many_the_worst_that_was_measured_makes_room),
        cmocka_unit_test(a_host_without_home_relays_asks_ever_more_rarely),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
