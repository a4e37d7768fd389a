/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a host tells relays where it is: what it signs, when, and to whom. */
#include "client/core/core_internal.h"
#include "client/stun2/attachments.h"
#include "relayd/core/core.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/fixture.h"
#include "tests/support/host_fixture.h"
#include "tests/support/identities.h"
#include "tests/support/town.h"

static const uint8_t relay_key[KEY_SIZE] = {7};

/* A host that was started on this store signs one; returns its sequence. */
static uint64_t signed_after_start(struct store *store, struct test_env *ports)
{
    struct identity identity = fixture_identity('h');
    struct attachments attachments;
    struct record_attachment record;
    uint8_t bytes[ATTACHMENT_SIZE];

    assert_int_equal(attachments_init(&attachments, &identity, store, &ports->env), ERR_OK);
    assert_int_equal(attachments_make(&attachments, relay_key, bytes), ATTACHMENT_SIZE);
    assert_true(attachment_verify(&record, bytes, sizeof(bytes), identity.public_key,
                                  env_wall_ms(&ports->env)));
    assert_memory_equal(record.relay_key, relay_key, KEY_SIZE);
    assert_int_equal(record.expires_ms, env_wall_ms(&ports->env) + ATTACHMENT_MS_MAX);
    return record.header.sequence;
}

static void sequences_grow_over_restarts_and_with_a_clock_that_is_set_back(void **state)
{
    struct test_env ports;
    struct store *store;

    (void)state;
    assert_int_equal(identity_library_init(), ERR_OK);
    test_env_init(&ports, 7);
    assert_int_equal(store_memory_new(&store), ERR_OK);
    uint64_t first = signed_after_start(store, &ports);
    uint64_t second = signed_after_start(store, &ports);
    assert_true(second > first);
    ports.wall_ms -= UINT64_C(86400) * 1000;
    assert_true(signed_after_start(store, &ports) > second);
    store_close(store);
}

static void a_full_disk_keeps_no_host_from_being_found(void **state)
{
    struct test_env ports;
    struct store *store;

    (void)state;
    assert_int_equal(identity_library_init(), ERR_OK);
    test_env_init(&ports, 7);
    assert_int_equal(store_memory_new(&store), ERR_OK);
    store_memory_fail_write(store, 1);
    assert_true(signed_after_start(store, &ports) > 0);
    assert_int_equal(ports.errors, 1);
    store_close(store);
}

static uint64_t attached(struct relay_node *relay, struct mono now)
{
    struct relay_snapshot snapshot;

    relay_core_snapshot(relay->core, &snapshot, now);
    assert_int_equal(snapshot.counters.attachment_bad, 0);
    assert_int_equal(snapshot.counters.attachment_clock, 0);
    assert_int_equal(snapshot.counters.attachment_limit, 0);
    return snapshot.counters.attachment_ok;
}

/* Each Hello bears one, and half of its life later an Announce. */
static void a_host_is_attached_to_each_relay_that_it_uses_for_as_long(void **state)
{
    struct town *town = town_new();

    (void)state;
    for (size_t i = 0; i < TOWN_RELAYS; i++) {
        assert_int_equal(attached(&town->relays[i], town->now), TOWN_HOSTS);
    }
    street_run_ms(&town->street, ATTACHMENTS_RENEW_MS);
    for (size_t i = 0; i < TOWN_RELAYS; i++) {
        assert_int_equal(attached(&town->relays[i], town->now), 2 * TOWN_HOSTS);
    }
    street_run_ms(&town->street, ATTACHMENTS_RENEW_MS);
    for (size_t i = 0; i < TOWN_RELAYS; i++) {
        assert_int_equal(attached(&town->relays[i], town->now), 3 * TOWN_HOSTS);
        assert_int_equal(town_sessions_open(town->hosts[0].core), TOWN_RELAYS);
    }
    town_free(town);
}

/* Only the relays know: a session for a goodbye says nothing of where the host is. */
static void a_goodbye_is_said_without_an_attachment(void **state)
{
    struct lab *lab = lab_joined();
    uint8_t key[KEY_SIZE];
    uint64_t before = attached(&lab->relay, lab->now);

    (void)state;
    assert_int_equal(before, HOSTS);
    relay_node_stop(&lab->relay);
    run_ms(lab, 1000);
    assert_int_equal(host_core_leave(lab->hosts[0].core, "home", key, lab->now), ERR_OK);
    start_relay(lab);
    run_ms(lab, 20000);
    assert_true(host_core_said_farewell(lab->hosts[0].core, key));
    assert_int_equal(attached(&lab->relay, lab->now), 1); /* that of the host that stays */
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_grow_over_restarts_and_with_a_clock_that_is_set_back),
        cmocka_unit_test(a_full_disk_keeps_no_host_from_being_found),
        cmocka_unit_test(a_host_is_attached_to_each_relay_that_it_uses_for_as_long),
        cmocka_unit_test(a_goodbye_is_said_without_an_attachment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
