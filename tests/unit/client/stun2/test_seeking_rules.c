/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What relays may make a host believe of the place of another one, and what not. */
#include "tests/support/fixture.h"

#include "client/stun2/guides.h"
#include "client/stun2/seeking.h"
#include "proto/base/bytes.h"
#include "proto/crypto/delegation.h"
#include "proto/crypto/signed.h"
#include "tests/support/env.h"
#include "tests/support/identities.h"
#include "tests/support/relay_set_fixture.h"

#include <stdio.h>

/* A host with a session to be to a ziglan of which only the key is known, and one to a relay that
 * tells things. */
struct world {
    struct relay_set_fixture base;
    struct identity ziglan, entry_relay, teller;
    struct guides guides;
    struct relay_session *sought, *from;
};

/* What a relay tells. */
struct told {
    Ziglan__NodeEntry entries[NODES_MAX], *list[NODES_MAX];
    uint8_t bytes[NODES_MAX][RECORD_OTHER_SIGNED_SIZE_MAX];
    uint8_t delegation[RECORD_SIGNED_SIZE_MAX];
    ProtobufCBinaryData record;
    Ziglan__Nodes nodes;
};

static struct url url_of(enum url_kind kind, const struct identity *whose)
{
    struct url url = {.kind = kind};

    memcpy(url.key, whose->public_key, KEY_SIZE);
    return url;
}

static struct world *world_new(void)
{
    struct world *w = calloc(1, sizeof(*w));
    struct url url;

    assert_non_null(w);
    relay_set_fixture_init(&w->base);
    w->ziglan = node_of(2);
    w->entry_relay = node_of(3);
    w->teller = node_of(4);
    assert_int_equal(guides_init(&w->guides, &w->base.set, w->base.store, &w->base.ports.env),
                     ERR_OK);
    url = url_of(URL_KIND_ZIGLAN, &w->ziglan);
    w->sought = relay_set_add(&w->base.set, &url, w->base.now);
    url = url_of(URL_KIND_RELAY, &w->teller);
    w->from = relay_set_add(&w->base.set, &url, w->base.now);
    assert_true(w->sought != NULL && w->from != NULL);
    assert_true(endpoint_parse(&w->from->remote, "192.0.2.7:4433", 0));
    seeking_expire(&w->base.set, w->base.now);
    return w;
}

static void world_free(struct world *w)
{
    relay_set_fixture_fini(&w->base);
    free(w);
}

/* ---- what is told ---- */

static void told_init(struct told *told)
{
    memset(told, 0, sizeof(*told));
    ziglan__nodes__init(&told->nodes);
    told->nodes.entries = told->list;
}

/* One more record: whose it says it is, who signed it, and where it is. */
static void tell(struct told *told, const struct identity *whose, const struct identity *signer,
                 uint64_t sequence, const char *address)
{
    size_t i = told->nodes.n_entries++;
    struct record_node node = {
        .header = {.sequence = sequence, .created_ms = TEST_WALL_MS, .lifetime_s = 3600},
        .service = RECORD_NODE_SERVICE,
        .addresses_count = 1,
    };
    uint8_t *out = told->bytes[i];
    size_t size = 0;

    memcpy(node.header.key, signer->public_key, KEY_SIZE);
    assert_true(endpoint_parse(&node.addresses[0], address, 0));
    assert_int_equal(record_node_encode(out, &size, &node), ERR_OK);
    assert_int_equal(signed_make(out, RECORD_OTHER_SIGNED_SIZE_MAX, &size, signer, out, size),
                     ERR_OK);
    memcpy(out + RECORD_KEY_OFFSET, whose->public_key, KEY_SIZE);
    ziglan__node_entry__init(&told->entries[i]);
    told->entries[i].record = control_bytes(out, size);
    told->list[i] = &told->entries[i];
}

/* One record alone, and how many addresses are known of the relay that is sought then. */
static size_t tell_one(struct world *w, const struct identity *whose, const struct identity *signer,
                       uint64_t sequence, const char *address)
{
    struct told *told = calloc(1, sizeof(*told));

    assert_non_null(told);
    told_init(told);
    tell(told, whose, signer, sequence, address);
    seeking_on_nodes(&w->base.set, w->from, &told->nodes, w->base.now);
    free(told);
    return w->sought->targets.count;
}

/* The relay answers a Locate with a delegation. */
static void tell_delegation(struct world *w, const struct identity *ziglan,
                            const struct identity *relay)
{
    struct told *told = calloc(1, sizeof(*told));
    Ziglan__Located located = ZIGLAN__LOCATED__INIT;
    size_t size;

    assert_non_null(told);
    told_init(told);
    assert_int_equal(
        delegation_sign(told->delegation, &size, ziglan, relay->public_key, 1, TEST_WALL_MS),
        ERR_OK);
    told->record = control_bytes(told->delegation, size);
    located.records = &told->record;
    located.n_records = 1;
    seeking_on_located(&w->base.set, w->from, &located, w->base.now);
    free(told);
}

/* ---- tests ---- */

static void only_who_has_a_delegation_of_the_ziglan_is_its_entry_point(void **state)
{
    struct world *w = world_new();
    struct identity stranger = node_of(9);

    (void)state;
    /* Nobody named this relay yet. */
    assert_int_equal(tell_one(w, &w->entry_relay, &w->entry_relay, 5, "198.51.100.1:4433"), 0);
    tell_delegation(w, &stranger, &w->entry_relay); /* signed by another ziglan */
    assert_int_equal(w->sought->sought.places_count, 0);
    tell_delegation(w, &w->ziglan, &w->entry_relay);
    assert_int_equal(w->sought->sought.places_count, 1);
    assert_int_equal(tell_one(w, &w->entry_relay, &w->entry_relay, 5, "198.51.100.1:4433"), 1);
    world_free(w);
}

static void what_a_relay_did_not_sign_or_what_is_older_moves_nothing(void **state)
{
    struct world *w = world_new();
    struct identity stranger = node_of(9);

    (void)state;
    tell_delegation(w, &w->ziglan, &w->entry_relay);
    assert_int_equal(tell_one(w, &w->entry_relay, &w->entry_relay, 5, "198.51.100.1:4433"), 1);
    assert_int_equal(tell_one(w, &w->entry_relay, &stranger, 6, "203.0.113.1:4433"), 1);
    assert_int_equal(tell_one(w, &stranger, &stranger, 6, "203.0.113.1:4433"), 1);
    assert_int_equal(tell_one(w, &w->entry_relay, &w->entry_relay, 5, "203.0.113.1:4433"), 1);
    assert_int_equal(tell_one(w, &w->entry_relay, &w->entry_relay, 4, "203.0.113.1:4433"), 1);
    w->base.ports.wall_ms = TEST_WALL_MS + 2 * 3600 * 1000; /* it was recorded two hours ago */
    assert_int_equal(tell_one(w, &w->entry_relay, &w->entry_relay, 6, "203.0.113.1:4433"), 1);
    w->base.ports.wall_ms = TEST_WALL_MS;
    assert_int_equal(w->sought->sought.places[0].sequence, 5);
    assert_int_equal(tell_one(w, &w->entry_relay, &w->entry_relay, 6, "203.0.113.1:4433"), 1);
    assert_int_equal(w->sought->sought.places[0].sequence, 6);
    assert_int_equal(w->sought->targets.list[0].ip[12], 203);
    world_free(w);
}

static void addresses_of_special_purpose_are_not_dialled_because_a_relay_says_so(void **state)
{
    static const struct {
        const char *from, *address;
        size_t targets;
    } cases[] = {
        {"192.0.2.7:4433", "10.0.0.1:4433", 0},  {"192.0.2.7:4433", "127.0.0.1:22", 0},
        {"10.9.9.9:4433", "10.0.0.1:4433", 1},   {"10.9.9.9:4433", "192.168.0.1:4433", 0},
        {"127.0.0.1:4433", "127.0.0.2:4433", 1}, {"10.9.9.9:4433", "198.51.100.1:4433", 1},
        {"192.0.2.7:4433", "224.0.0.1:4433", 0},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct world *w = world_new();

        assert_true(endpoint_parse(&w->from->remote, cases[i].from, 0));
        tell_delegation(w, &w->ziglan, &w->entry_relay);
        if (tell_one(w, &w->entry_relay, &w->entry_relay, 5, cases[i].address) !=
            cases[i].targets) {
            fail_msg("%s tells %s", cases[i].from, cases[i].address);
        }
        world_free(w);
    }
}

static void the_place_of_a_relay_is_remembered_over_a_restart(void **state)
{
    struct world *w = world_new();
    struct url url = url_of(URL_KIND_ZIGLAN, &w->ziglan);

    (void)state;
    tell_delegation(w, &w->ziglan, &w->entry_relay);
    (void)tell_one(w, &w->entry_relay, &w->entry_relay, 5, "198.51.100.1:4433");
    seeking_expire(&w->base.set, w->base.now);
    relay_set_fini(&w->base.set);
    assert_int_equal(relay_set_init(&w->base.set, &w->base.identity, w->base.store,
                                    &w->base.ports.env, w->base.now),
                     ERR_OK);
    w->sought = relay_set_add(&w->base.set, &url, w->base.now);
    seeking_expire(&w->base.set, w->base.now);
    assert_int_equal(w->sought->targets.count, 1);
    assert_memory_equal(w->sought->sought.places[0].key, w->entry_relay.public_key, KEY_SIZE);
    assert_int_equal(w->sought->sought.places[0].sequence, 5);
    assert_int_equal(relay_place_remove(w->base.store, url.key), ERR_OK); /* it was left */
    relay_set_redirect(&w->base.set, w->sought, &url, w->base.now);
    seeking_expire(&w->base.set, w->base.now);
    assert_int_equal(w->sought->targets.count, 0);
    world_free(w);
}

static void a_relay_that_signs_without_end_makes_few_writes(void **state)
{
    struct world *w = world_new();
    struct relay_place place;
    char address[ENDPOINT_TEXT_SIZE];
    uint64_t stored = 0;
    size_t writes = 0;
    bool found;

    (void)state;
    tell_delegation(w, &w->ziglan, &w->entry_relay);
    for (uint64_t i = 1; i <= 300; i++) { /* five a second, each at another address */
        (void)snprintf(address, sizeof(address), "198.51.100.%u:4433", (unsigned)(i % 200) + 1);
        (void)tell_one(w, &w->entry_relay, &w->entry_relay, i, address);
        seeking_expire(&w->base.set, w->base.now);
        w->base.now = mono_add_ms(w->base.now, 200);
        assert_int_equal(relay_place_get(w->base.store, w->ziglan.public_key, &place, &found),
                         ERR_OK);
        writes += found && place.sequence != stored;
        stored = found ? place.sequence : 0;
    }
    assert_in_range(writes, 1, 300 * 200 / SEEKING_STORE_MS + 1);
    assert_true(
        mono_due(seeking_deadline(&w->base.set), mono_add_ms(w->base.now, SEEKING_STORE_MS)));
    seeking_expire(&w->base.set, mono_add_ms(w->base.now, SEEKING_STORE_MS));
    assert_int_equal(relay_place_get(w->base.store, w->ziglan.public_key, &place, &found), ERR_OK);
    assert_int_equal(place.sequence, 300); /* the last one is stored all the same */
    world_free(w);
}

static void guides_are_taken_once_for_a_question_and_have_a_bound(void **state)
{
    struct world *w = world_new();
    struct told *told = calloc(1, sizeof(*told));
    char address[ENDPOINT_TEXT_SIZE];

    (void)state;
    assert_non_null(told);
    for (uint8_t round = 0; round < 5; round++) {
        told_init(told);
        for (uint8_t i = 0; i < NODES_MAX; i++) {
            struct identity relay = node_of((uint8_t)(20 + NODES_MAX * round + i));

            (void)snprintf(address, sizeof(address), "198.51.%u.%u:4433", round, i + 1U);
            tell(told, &relay, &relay, 1, address);
        }
        guides_on_nodes(&w->guides, w->from, GUIDES_REQUEST_ID, &told->nodes, w->base.now);
        assert_int_equal(w->guides.count, round * GUIDES_PER_RELAY < GUIDES_MAX
                                              ? round * GUIDES_PER_RELAY
                                              : GUIDES_MAX); /* nobody asked */
        w->guides.asked[0] = w->from->number;
        guides_on_nodes(&w->guides, w->from, 0, &told->nodes, w->base.now);
        guides_on_nodes(&w->guides, w->from, GUIDES_REQUEST_ID, &told->nodes, w->base.now);
        guides_on_nodes(&w->guides, w->from, GUIDES_REQUEST_ID, &told->nodes, w->base.now);
    }
    assert_int_equal(w->guides.count, GUIDES_MAX);
    assert_int_equal(guides_init(&w->guides, &w->base.set, w->base.store, &w->base.ports.env),
                     ERR_OK);
    assert_int_equal(w->guides.count, GUIDES_MAX);
    free(told);
    world_free(w);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_who_has_a_delegation_of_the_ziglan_is_its_entry_point),
        cmocka_unit_test(what_a_relay_did_not_sign_or_what_is_older_moves_nothing),
        cmocka_unit_test(addresses_of_special_purpose_are_not_dialled_because_a_relay_says_so),
        cmocka_unit_test(the_place_of_a_relay_is_remembered_over_a_restart),
        cmocka_unit_test(a_relay_that_signs_without_end_makes_few_writes),
        cmocka_unit_test(guides_are_taken_once_for_a_question_and_have_a_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
