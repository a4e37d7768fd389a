/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A relay whose ziglan's key is elsewhere: which delegation it takes, and when it asks for the
 * next. */
#include "proto/crypto/delegation.h"
#include "relayd/core/core.h"
#include "relayd/service/operator.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/delegations.h"
#include "tests/support/env.h"
#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

enum { HOUR_MS = 3600 * 1000, DAY_HOURS = 24 };

/* One relay core in a time of its own, and the lines that it wrote about its delegation. */
struct relay {
    struct test_env ports;
    struct mono now;
    struct identity identity, ziglan, other;
    struct relay_config cfg;
    struct store *store;
    struct relay_core *core;
    unsigned ends_soon, over, refused;
    uint8_t delegation[RECORD_SIGNED_SIZE_MAX];
    size_t delegation_size;
};

static void note(void *context, enum trace_level level, const char *event, const char *text)
{
    struct relay *r = context;

    if (strcmp(event, "ziglan.delegation") == 0) {
        r->ends_soon += level == TRACE_LEVEL_WARN && strstr(text, "ends_soon=1") != NULL ? 1 : 0;
        r->over += level == TRACE_LEVEL_WARN && strstr(text, "over=1") != NULL ? 1 : 0;
        r->refused += level == TRACE_LEVEL_ERROR ? 1 : 0;
    }
}

/* Sign a delegation of `ziglan` for the relay `entry`, and put it into the settings. */
static void sign(struct relay *r, const struct identity *ziglan, const struct identity *entry,
                 uint32_t days)
{
    assert_int_equal(delegation_sign(r->delegation, &r->delegation_size, ziglan, entry->public_key,
                                     days, test_env_wall_ms(&r->ports)),
                     ERR_OK);
    r->cfg.delegation = r->delegation;
    r->cfg.delegation_size = r->delegation_size;
}

static struct relay *relay_new(void)
{
    struct relay *r = calloc(1, sizeof(*r));
    struct identity *identities[3];

    assert_non_null(r);
    r->now.ns = NS_PER_S;
    test_env_init(&r->ports, 0);
    r->ports.clock = &r->now;
    r->ports.note = note;
    r->ports.note_context = r;
    assert_int_equal(identity_library_init(), ERR_OK);
    assert_int_equal(link_library_init(&r->ports.env), ERR_OK);
    assert_int_equal(store_memory_new(&r->store), ERR_OK);
    identities[0] = &r->identity;
    identities[1] = &r->ziglan;
    identities[2] = &r->other;
    for (size_t i = 0; i < 3; i++) {
        uint8_t seed[IDENTITY_SEED_SIZE] = {(uint8_t)(i + 1)};

        identity_from_seed(identities[i], seed);
    }
    r->cfg = (struct relay_config){
        .identity = &r->identity, .ziglan_name = "home", .public_hosts = "192.0.2.1"};
    return r;
}

static void relay_free(struct relay *r)
{
    relay_core_free(r->core);
    store_close(r->store);
    link_library_fini();
    free(r);
}

static int start(struct relay *r)
{
    return relay_core_new(&r->core, &r->cfg, r->store, &r->ports.env, r->now);
}

static void run_hours(struct relay *r, unsigned hours)
{
    for (unsigned i = 0; i < hours; i++) {
        r->now = mono_add_ms(r->now, HOUR_MS);
        relay_core_expire(r->core, r->now);
    }
}

static void a_delegation_is_of_one_ziglan_for_one_relay(void **state)
{
    struct relay *r = relay_new();
    uint8_t key[KEY_SIZE];

    (void)state;
    sign(r, &r->ziglan, &r->other, 30);
    assert_int_equal(start(r), ERR_SYSTEM);
    assert_null(r->core);
    assert_int_equal(r->refused, 1);
    sign(r, &r->ziglan, &r->identity, 30);
    r->delegation[r->delegation_size - 1] ^= 1;
    assert_int_equal(start(r), ERR_SYSTEM);
    assert_int_equal(r->refused, 2);
    r->delegation[r->delegation_size - 1] ^= 1;
    assert_int_equal(start(r), ERR_OK);
    assert_int_equal(r->refused, 2);
    assert_true(relay_core_ziglan_key(r->core, key));
    assert_memory_equal(key, r->ziglan.public_key, KEY_SIZE);

    /* While it runs it stays the relay of that ziglan. */
    sign(r, &r->other, &r->identity, 30);
    relay_core_reload(r->core, &r->cfg, r->now);
    assert_int_equal(r->refused, 3);
    assert_true(relay_core_ziglan_key(r->core, key));
    assert_memory_equal(key, r->ziglan.public_key, KEY_SIZE);
    sign(r, &r->ziglan, &r->identity, 30);
    relay_core_reload(r->core, &r->cfg, r->now);
    assert_int_equal(r->refused, 3);
    relay_free(r);
}

static void its_end_is_told_once_a_day_from_a_week_before(void **state)
{
    struct relay *r = relay_new();

    (void)state;
    sign(r, &r->ziglan, &r->identity, 10);
    assert_int_equal(start(r), ERR_OK);
    run_hours(r, 3 * DAY_HOURS - 1);
    assert_int_equal(r->ends_soon + r->over, 0);
    run_hours(r, 2);
    assert_int_equal(r->ends_soon, 1);
    run_hours(r, DAY_HOURS - 2);
    assert_int_equal(r->ends_soon, 1);
    run_hours(r, 3);
    assert_int_equal(r->ends_soon, 2);

    /* One that ends later is the remedy, one of another ziglan is none. */
    sign(r, &r->other, &r->identity, 10);
    relay_core_reload(r->core, &r->cfg, r->now);
    run_hours(r, 26);
    assert_int_equal(r->ends_soon, 3);
    sign(r, &r->ziglan, &r->identity, 8);
    relay_core_reload(r->core, &r->cfg, r->now);
    run_hours(r, DAY_HOURS - 1);
    assert_int_equal(r->ends_soon, 3);
    run_hours(r, 7 * DAY_HOURS + 1);
    assert_in_range(r->ends_soon, 9, 10);
    assert_int_equal(r->over, 0);
    run_hours(r, 2 * 25);
    assert_in_range(r->ends_soon, 9, 10);
    assert_int_equal(r->over, 2);
    relay_free(r);
}

static void with_the_key_at_hand_nobody_is_bothered(void **state)
{
    struct relay *r = relay_new();

    (void)state;
    r->cfg.ziglan_identity = &r->ziglan;
    assert_int_equal(start(r), ERR_OK);
    run_hours(r, 40 * DAY_HOURS);
    assert_int_equal(r->ends_soon + r->over + r->refused, 0);
    relay_free(r);
}

static void a_relay_without_a_ziglan_has_no_members(void **state)
{
    struct relay *r = relay_new();
    struct directory_terms terms = {.uses = 1};
    struct operator_member member;
    struct who_fits who;
    uint8_t key[KEY_SIZE] = {0};
    char url[URL_SIZE_MAX];

    (void)state;
    assert_int_equal(start(r), ERR_OK);
    assert_false(relay_core_ziglan_key(r->core, key));
    assert_int_equal(operator_invite(relay_core_operator(r->core), &terms, url), VERDICT_NOT_FOUND);
    memset(key, 0, sizeof(key));
    assert_int_equal(operator_member_next(relay_core_operator(r->core), key, &member, r->now),
                     VERDICT_NOT_FOUND);
    assert_int_equal(operator_revoke(relay_core_operator(r->core), "nas", &who, r->now),
                     VERDICT_NOT_FOUND);
    assert_int_equal(operator_restore(relay_core_operator(r->core), "nas", &who, r->now),
                     VERDICT_NOT_FOUND);
    run_hours(r, 2); /* and nothing to keep in order */
    sign(r, &r->ziglan, &r->identity, 30);
    relay_core_reload(r->core, &r->cfg, r->now); /* only a start makes it one's entry point */
    assert_false(relay_core_ziglan_key(r->core, key));
    relay_free(r);
}

/* At its start a relay knows its own key only; at a reload it also knows its ziglan's. It takes a
 * delegation that is not in force, because its own clock may be wrong. */
static void every_wrong_delegation_is_refused(void **state)
{
    struct relay *r = relay_new();

    (void)state;
    for (size_t i = 0; i < delegation_case_count; i++) {
        const struct delegation_case *c = &delegation_cases[i];
        struct part part =
            delegation_case_make(c, &r->ziglan, &r->identity, test_env_wall_ms(&r->ports));
        bool taken = delegation_case_is(c, false, true) != DELEGATION_NOT_BELIEVED;
        bool kept = delegation_case_is(c, true, true) != DELEGATION_NOT_BELIEVED;
        unsigned refused = r->refused;
        int rc;

        r->cfg.delegation = part.bytes;
        r->cfg.delegation_size = part.size;
        rc = start(r);
        if (rc != (taken ? ERR_OK : ERR_SYSTEM)) {
            fail_msg("start: %s: %s", c->name, err_name(rc));
        }
        assert_int_equal(r->refused - refused, taken ? 0 : 1);
        relay_core_free(r->core);
        sign(r, &r->ziglan, &r->identity, 30);
        assert_int_equal(start(r), ERR_OK);
        refused = r->refused;
        r->cfg.delegation = part.bytes;
        r->cfg.delegation_size = part.size;
        relay_core_reload(r->core, &r->cfg, r->now);
        if (r->refused - refused != (kept ? 0U : 1U)) {
            fail_msg("reload: %s", c->name);
        }
        relay_core_free(r->core);
        r->core = NULL;
    }
    relay_free(r);
}

/* A member joins and its frames pass at a relay that never saw the ziglan's key. */
static void a_delegation_stands_for_the_ziglan_s_key(void **state)
{
    struct world *w = world_new(NULL);
    uint8_t first[RECORD_SIGNED_SIZE_MAX];
    uint8_t second[RECORD_SIGNED_SIZE_MAX];
    uint8_t foreign[RECORD_SIGNED_SIZE_MAX];
    size_t first_size = 0;
    size_t second_size = 0;
    size_t foreign_size = 0;
    const uint8_t *key = w->relay.identity.public_key;

    (void)state;
    must(delegation_sign(first, &first_size, &w->relay.ziglan_identity, key, 1,
                         test_env_wall_ms(&w->ports)),
         "sign");
    must(delegation_sign(second, &second_size, &w->relay.ziglan_identity, key, 90,
                         test_env_wall_ms(&w->ports)),
         "sign");
    must(delegation_sign(foreign, &foreign_size, &w->relay.identity, key, 90,
                         test_env_wall_ms(&w->ports)),
         "sign");
    relay_node_stop(&w->relay);
    w->relay.cfg.ziglan_identity = NULL;
    w->relay.cfg.delegation = first;
    w->relay.cfg.delegation_size = first_size;
    world_core_start(w);
    world_members(w, 2);
    assert_true(client_frame_passes(w, &w->clients[0], &w->clients[1]));

    /* Another ziglan's is not taken, and the first one ends after a day: no session opens. */
    w->relay.cfg.delegation = foreign;
    w->relay.cfg.delegation_size = foreign_size;
    relay_core_reload(w->relay.core, &w->relay.cfg, w->now);
    w->ports.wall_ms += UINT64_C(25) * 3600 * 1000;
    client_dial(w, &w->clients[2]);
    assert_false(w->clients[2].open);
    w->relay.cfg.delegation = second;
    w->relay.cfg.delegation_size = second_size;
    relay_core_reload(w->relay.core, &w->relay.cfg, w->now);
    client_dial(w, &w->clients[2]);
    assert_true(w->clients[2].open);
    world_free(w);
}

/* Hosts take a delegation only if it is in force by their clock. So a relay whose clock was set
 * must renew it at once, and not at its next housekeeping. */
static void a_clock_that_was_set_renews_the_delegation_at_once(void **state)
{
    static const uint64_t days_ms = UINT64_C(40) * 24 * 3600 * 1000;
    struct world *w = world_new(NULL);
    struct relay_snapshot snapshot;

    (void)state;
    w->ports.wall_ms += days_ms;
    client_dial(w, &w->clients[0]);
    assert_true(w->clients[0].open);
    w->ports.wall_ms -= days_ms;
    client_dial(w, &w->clients[1]);
    assert_true(w->clients[1].open);
    relay_core_snapshot(w->relay.core, &snapshot, w->now);
    assert_int_equal(snapshot.counters.clock_steps, 2);
    world_free(w);
}

static void a_foreign_delegation_starts_nothing(void **state)
{
    struct world *w = world_new(NULL);
    struct relay_core *core = NULL;
    uint8_t bytes[RECORD_SIGNED_SIZE_MAX];
    size_t size = 0;

    (void)state;
    must(delegation_sign(bytes, &size, &w->relay.ziglan_identity, w->clients[0].identity.public_key,
                         90, test_env_wall_ms(&w->ports)),
         "sign");
    w->relay.cfg.ziglan_identity = NULL;
    w->relay.cfg.delegation = bytes;
    w->relay.cfg.delegation_size = size;
    assert_int_equal(relay_core_new(&core, &w->relay.cfg, w->relay.store, &w->ports.env, w->now),
                     ERR_SYSTEM);
    bytes[size - 1] ^= 1;
    assert_int_equal(relay_core_new(&core, &w->relay.cfg, w->relay.store, &w->ports.env, w->now),
                     ERR_SYSTEM);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_delegation_is_of_one_ziglan_for_one_relay),
        cmocka_unit_test(every_wrong_delegation_is_refused),
        cmocka_unit_test(its_end_is_told_once_a_day_from_a_week_before),
        cmocka_unit_test(with_the_key_at_hand_nobody_is_bothered),
        cmocka_unit_test(a_relay_without_a_ziglan_has_no_members),
        cmocka_unit_test(a_delegation_stands_for_the_ziglan_s_key),
        cmocka_unit_test(a_clock_that_was_set_renews_the_delegation_at_once),
        cmocka_unit_test(a_foreign_delegation_starts_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
