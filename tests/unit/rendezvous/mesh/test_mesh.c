/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Subnets of meshes (rendezvous/mesh/mesh.h): how relays come to know each other. */
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/subnet.h"

#include "rendezvous/store/store_memory.h"

/* Relays that all announce themselves and each know one that was there before. */
static struct subnet *grown(uint32_t count, uint64_t ms)
{
    struct subnet *subnet = subnet_new(count);

    for (uint32_t i = 0; i < count; i++) {
        subnet_announce(subnet, i);
        if (i > 0) {
            subnet_connect(subnet, i, i / 2);
        }
    }
    subnet_run(subnet, ms);
    return subnet;
}

static uint32_t least_known(const struct subnet *subnet)
{
    uint32_t least = subnet->count;

    for (uint32_t i = 0; i < subnet->count; i++) {
        uint32_t by = subnet_known_by(subnet, i);

        least = subnet->relays[i].down || by > least ? least : by;
    }
    return least;
}

static void relays_that_know_one_another_learn_of_all(void **state)
{
    struct subnet *subnet = grown(12, 60000);

    (void)state;
    assert_int_equal(least_known(subnet), 12);
    for (uint32_t i = 0; i < 12; i++) {
        const struct mesh_stats *stats = mesh_stats(subnet->relays[i].mesh);

        assert_in_range(stats->neighbours, 8, 11);
        assert_int_equal(stats->nodes, 12);
        assert_int_equal(stats->unproven, 0);
    }
    subnet_free(subnet);
}

static void a_relay_that_announces_nothing_is_known_by_nobody(void **state)
{
    struct subnet *subnet = subnet_new(3);

    (void)state;
    subnet_announce(subnet, 0);
    subnet_announce(subnet, 1);
    subnet_connect(subnet, 1, 0);
    subnet_connect(subnet, 2, 0);
    subnet_run(subnet, 30000);
    assert_true(subnet_knows(subnet, 2, 1));
    assert_int_equal(subnet_known_by(subnet, 2), 0);
    subnet_free(subnet);
}

static void a_new_relay_is_known_to_all_of_50_within_30_seconds(void **state)
{
    struct subnet *subnet = subnet_new(51);
    uint64_t ms = 0;

    (void)state;
    for (uint32_t i = 0; i < 50; i++) {
        subnet_announce(subnet, i);
        if (i > 0) {
            subnet_connect(subnet, i, i / 2);
        }
    }
    subnet_run(subnet, 180000);
    assert_int_equal(subnet_known_by(subnet, 49), 51 - 1);
    subnet_announce(subnet, 50);
    subnet_connect(subnet, 50, 7);
    while (subnet_known_by(subnet, 50) < 51) {
        subnet_run(subnet, 500);
        ms += 500;
        assert_true(ms <= 30000);
    }
    print_message("known to all of 50 after %u ms\n", (unsigned)ms);
    subnet_free(subnet);
}

/* What an idle relay sends: digests, and each record again four times a day. */
static void an_idle_relay_sends_little(void **state)
{
    struct subnet *subnet = grown(20, 120000);
    uint64_t bytes = subnet->relays[5].sent_bytes;

    (void)state;
    subnet_run(subnet, 600000);
    bytes = subnet->relays[5].sent_bytes - bytes;
    print_message("%u bytes in 600 s\n", (unsigned)bytes);
    assert_true(bytes < 600 * 100);
    subnet_free(subnet);
}

static void two_halves_of_a_cut_subnet_know_all_again_when_it_heals(void **state)
{
    struct subnet *subnet = grown(16, 60000);
    uint64_t sent = 0;

    (void)state;
    assert_int_equal(least_known(subnet), 16);
    for (uint32_t i = 0; i < 16; i++) {
        subnet->relays[i].island = i % 2;
    }
    subnet_cut(subnet);
    subnet->ports.wall_ms += 4 * 3600 * UINT64_C(1000);
    subnet_run(subnet, 60000);
    for (uint32_t i = 0; i < 16; i++) {
        subnet_announce(subnet, i); /* which the other half does not hear */
    }
    subnet_run(subnet, 30000);
    for (uint32_t i = 0; i < 16; i++) {
        subnet->relays[i].island = 0;
        sent -= subnet->relays[i].sent;
    }
    subnet_connect(subnet, 0, 1);
    subnet_run(subnet, 60000);
    for (uint32_t i = 0; i < 16; i++) {
        struct node_found found;

        assert_true(mesh_find(subnet->relays[i == 4 ? 5 : 4].mesh,
                              subnet->relays[i].identity.public_key, &found));
        assert_int_equal(found.sequence, mesh_own_sequence(subnet->relays[i].mesh));
        sent += subnet->relays[i].sent;
    }
    print_message("%u messages\n", (unsigned)sent);
    subnet_free(subnet);
}

static void what_is_renewed_no_more_is_forgotten_after_a_day(void **state)
{
    struct subnet *subnet = grown(6, 60000);

    (void)state;
    subnet_kill(subnet, 5);
    for (int i = 0; i < 4; i++) {
        subnet->ports.wall_ms += 6 * 3600 * UINT64_C(1000);
        for (uint32_t n = 0; n < 5; n++) {
            subnet_announce(subnet, n);
        }
        subnet_run(subnet, 60000);
    }
    assert_int_equal(subnet_known_by(subnet, 5), 0);
    subnet_run(subnet, 20 * 60000);
    for (uint32_t n = 0; n < 5; n++) {
        assert_int_equal(mesh_stats(subnet->relays[n].mesh)->nodes, 5);
        assert_int_equal(subnet_known_by(subnet, n), 5);
    }
    subnet_free(subnet);
}

static void neighbours_that_are_gone_are_replaced(void **state)
{
    struct subnet *subnet = grown(20, 120000);

    (void)state;
    for (uint32_t i = 0; i < 7; i++) {
        subnet_kill(subnet, i);
    }
    subnet_run(subnet, 30000);
    for (uint32_t i = 7; i < 20; i++) {
        assert_in_range(mesh_stats(subnet->relays[i].mesh)->neighbours, 8, 20);
    }
    subnet_free(subnet);
}

static void a_new_address_is_told_at_once(void **state)
{
    struct subnet *subnet = grown(12, 120000);
    struct endpoint moved = subnet_address(200);
    uint32_t told = 0;

    (void)state;
    subnet->relays[3].address = moved;
    subnet_announce(subnet, 3);
    subnet_run(subnet, 10000);
    for (uint32_t i = 0; i < 12; i++) {
        struct node_found found;

        told += mesh_find(subnet->relays[i].mesh, subnet->relays[3].identity.public_key, &found) &&
                endpoint_equal(&found.address, &moved);
    }
    assert_int_equal(told, 12);
    subnet_free(subnet);
}

/* ---- the store ---- */

static struct mesh *restart(struct subnet *subnet, uint32_t n, struct store *store)
{
    struct subnet_relay *relay = &subnet->relays[n];
    struct mesh_config config = {.identity = &relay->identity, .shelf = subnet->shelf};

    mesh_free(relay->mesh);
    assert_int_equal(mesh_new(&relay->mesh, &config, &subnet->ports.env, subnet->now), ERR_OK);
    assert_int_equal(mesh_load(relay->mesh, store, subnet->now), ERR_OK);
    return relay->mesh;
}

static void what_is_believed_survives_a_restart(void **state)
{
    struct subnet *subnet = grown(12, 60000);
    struct store *store;
    struct mesh *mesh = subnet->relays[4].mesh;
    uint64_t sequence = mesh_own_sequence(mesh);
    struct node_found before, after;

    (void)state;
    assert_int_equal(store_memory_new(&store), ERR_OK);
    assert_true(mesh_save_due(mesh, subnet->now));
    assert_int_equal(mesh_save(mesh, store, subnet->now), ERR_OK);
    assert_false(mesh_save_due(mesh, subnet->now));
    assert_int_equal(store_memory_count(store, STORE_TABLE_NODES), 12);
    assert_true(mesh_find(mesh, subnet->relays[9].identity.public_key, &before));
    uint64_t known_since_ms = before.known_since_ms;
    subnet_kill(subnet, 4);
    subnet_run(subnet, 1000);
    mesh = restart(subnet, 4, store);
    assert_int_equal(mesh_stats(mesh)->nodes, 11); /* the own record is made anew */
    assert_true(mesh_own_sequence(mesh) == sequence);
    assert_true(mesh_find(mesh, subnet->relays[9].identity.public_key, &after));
    assert_true(after.known_since_ms == known_since_ms);
    /* A day later nothing of it counts. */
    subnet->ports.wall_ms += 25 * 3600 * UINT64_C(1000);
    mesh = restart(subnet, 4, store);
    assert_int_equal(mesh_stats(mesh)->nodes, 0);
    assert_true(mesh_save_due(mesh, mono_add_ms(subnet->now, MESH_SAVE_MS_MIN)));
    assert_int_equal(mesh_save(mesh, store, subnet->now), ERR_OK);
    assert_int_equal(store_memory_count(store, STORE_TABLE_NODES), 1);
    store_close(store);
    subnet_free(subnet);
}

static void a_store_that_fails_is_written_again(void **state)
{
    struct subnet *subnet = grown(6, 60000);
    struct mesh *mesh = subnet->relays[2].mesh;
    struct store *store;

    (void)state;
    assert_int_equal(store_memory_new(&store), ERR_OK);
    store_memory_fail_write(store, 3);
    assert_int_equal(mesh_save(mesh, store, subnet->now), ERR_SYSTEM);
    assert_int_equal(store_memory_count(store, STORE_TABLE_NODES), 0);
    assert_false(mesh_save_due(mesh, subnet->now));
    subnet->now = mono_add_ms(subnet->now, MESH_SAVE_MS_MIN);
    assert_true(mesh_save_due(mesh, subnet->now));
    assert_int_equal(mesh_save(mesh, store, subnet->now), ERR_OK);
    assert_int_equal(store_memory_count(store, STORE_TABLE_NODES), 6);
    assert_int_equal(mesh_stats(mesh)->store_failed, 1);
    store_close(store);
    subnet_free(subnet);
}

static void what_is_damaged_in_the_store_is_left_out(void **state)
{
    struct subnet *subnet = grown(6, 60000);
    struct mesh *mesh = subnet->relays[2].mesh;
    uint8_t value[STORE_VALUE_SIZE_MAX];
    struct store *store;
    size_t size;

    (void)state;
    assert_int_equal(store_memory_new(&store), ERR_OK);
    assert_int_equal(mesh_save(mesh, store, subnet->now), ERR_OK);
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_NODES, NULL, 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(store_next(store, &cursor, value, sizeof(value), &size), ERR_OK);
        value[40 * i + 20] ^= 1;
        if (i == 1) {
            size -= 30;
        }
        assert_int_equal(
            store_write(store, STORE_TABLE_NODES, cursor.key, cursor.key_size, value, size),
            ERR_OK);
    }
    mesh = restart(subnet, 2, store);
    assert_in_range(mesh_stats(mesh)->nodes, 1, 2);
    store_close(store);
    subnet_free(subnet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relays_that_know_one_another_learn_of_all),
        cmocka_unit_test(a_relay_that_announces_nothing_is_known_by_nobody),
        cmocka_unit_test(a_new_relay_is_known_to_all_of_50_within_30_seconds),
        cmocka_unit_test(an_idle_relay_sends_little),
        cmocka_unit_test(two_halves_of_a_cut_subnet_know_all_again_when_it_heals),
        cmocka_unit_test(what_is_renewed_no_more_is_forgotten_after_a_day),
        cmocka_unit_test(neighbours_that_are_gone_are_replaced),
        cmocka_unit_test(a_new_address_is_told_at_once),
        cmocka_unit_test(what_is_believed_survives_a_restart),
        cmocka_unit_test(a_store_that_fails_is_written_again),
        cmocka_unit_test(what_is_damaged_in_the_store_is_left_out),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
