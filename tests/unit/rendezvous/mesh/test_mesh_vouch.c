/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a new relay believes because its neighbours do (rendezvous/mesh/mesh_vouch.h). The relay
 * under test is number 0.
 */
#include "rendezvous/mesh/mesh_vouch.h"

#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/subnet.h"

enum { STRANGER = 100, NEIGHBOURS_MAX = 12 };

static struct subnet *subnet;

/* Relay 0 dials so many others. */
static void start(uint32_t neighbours)
{
    subnet = subnet_new(1 + neighbours);
    for (uint32_t i = 0; i <= neighbours; i++) {
        subnet_announce(subnet, i);
    }
    for (uint32_t i = 1; i <= neighbours; i++) {
        subnet_connect(subnet, 0, i);
    }
    subnet_run(subnet, 10000);
}

/* Neighbour n tells that it believes the stranger's record. */
static void vouch(uint32_t n)
{
    struct identity stranger = node_of(STRANGER);
    uint8_t buckets[NODE_BUCKETS / 8] = {0};
    Ziglan__NodeRef ref = ZIGLAN__NODE_REF__INIT, *refs[] = {&ref};
    Ziglan__NodeSummary summary = ZIGLAN__NODE_SUMMARY__INIT;
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;

    ref.key = control_bytes(stranger.public_key, KEY_SIZE);
    ref.sequence = 1;
    summary.buckets = control_bytes(buckets, sizeof(buckets));
    summary.refs = refs;
    summary.n_refs = 1;
    control.body_case = ZIGLAN__CONTROL__BODY_NODE_SUMMARY;
    control.node_summary = &summary;
    assert_true(mesh_on_control(subnet->relays[0].mesh, subnet->relays[n].identity.public_key,
                                &control, subnet->now));
}

/* Neighbour 1 tells the record itself, which nobody attests. */
static void tell(void)
{
    struct identity stranger = node_of(STRANGER);
    struct endpoint address = subnet_address(STRANGER);
    struct part record = subnet_record(subnet, &stranger, &address, 1);

    subnet_tell(subnet, 0, &subnet->relays[1].identity, &record, NULL, 0);
}

static bool believed(void)
{
    struct identity stranger = node_of(STRANGER);
    struct node_found found;

    return mesh_find(subnet->relays[0].mesh, stranger.public_key, &found);
}

/* So many of so many neighbours vouch: is it believed? */
static bool vouched_by(uint32_t vouching, uint32_t neighbours)
{
    bool is;

    start(neighbours);
    for (uint32_t i = 1; i <= vouching; i++) {
        vouch(i);
    }
    tell();
    is = believed();
    subnet_free(subnet);
    return is;
}

static void three_quarters_of_the_neighbours_and_four_at_least_must_vouch(void **state)
{
    (void)state;
    assert_false(vouched_by(3, 3));
    assert_true(vouched_by(4, 4));
    assert_false(vouched_by(3, 4));
    assert_false(vouched_by(5, 8));
    assert_true(vouched_by(6, 8));
    assert_false(vouched_by(5, 7));
    assert_true(vouched_by(6, 7));
}

static void who_dialled_us_does_not_vouch(void **state)
{
    (void)state;
    start(4);
    subnet_kill(subnet, 4);
    subnet->relays[4].down = false;
    subnet_connect(subnet, 4, 0);
    for (uint32_t i = 1; i <= 4; i++) {
        vouch(i);
    }
    tell();
    assert_false(believed());
    subnet_free(subnet);
}

static void after_ten_minutes_nobody_vouches(void **state)
{
    (void)state;
    start(8);
    subnet_run(subnet, MESH_VOUCH_MS);
    for (uint32_t i = 1; i <= 8; i++) {
        vouch(i);
    }
    tell();
    assert_false(believed());
    subnet_free(subnet);
}

/* It holds no attestations of three relays, so nobody hears of it; and as nobody answers at its
 * address, it is forgotten. */
static void what_neighbours_vouch_for_is_not_told_and_is_dialled(void **state)
{
    struct node_found found[NEIGHBOURS_MAX];
    struct identity stranger = node_of(STRANGER);
    struct mesh *mesh;

    (void)state;
    start(8);
    mesh = subnet->relays[0].mesh;
    uint64_t root = node_table_root(mesh->table);
    for (uint32_t i = 1; i <= 8; i++) {
        vouch(i);
    }
    tell();
    assert_true(believed());
    assert_int_equal(node_table_root(mesh->table), root);
    size_t count = mesh_sample(mesh, found, NEIGHBOURS_MAX);
    assert_int_equal(count, 8);
    for (size_t i = 0; i < count; i++) {
        assert_memory_not_equal(found[i].key, stranger.public_key, KEY_SIZE);
    }
    subnet_run(subnet, 20000);
    for (uint32_t i = 1; i <= 8; i++) {
        assert_false(subnet_knows(subnet, i, 0) &&
                     mesh_find(subnet->relays[i].mesh, stranger.public_key, &found[0]));
    }
    assert_int_equal(mesh_stats(mesh)->vouched, 1);
    subnet_run(subnet, 5 * 60 * 1000);
    assert_false(believed());
    assert_int_equal(node_table_vouched_count(mesh->table), 0);
    subnet_free(subnet);
}

/* A subnet of which each relay was reached by few: the new one had to dial two thirds itself. */
static void a_new_relay_knows_all_others_in_seconds(void **state)
{
    enum { MANY = 60 };
    uint32_t seconds = 0;

    (void)state;
    subnet = subnet_new(MANY + 1);
    for (uint32_t i = 0; i < MANY; i++) {
        subnet_announce(subnet, i);
        if (i > 0) {
            subnet_connect(subnet, i, i / 2);
        }
    }
    subnet_run(subnet, 5 * 60 * 1000);
    assert_int_equal(mesh_stats(subnet->relays[0].mesh)->nodes, MANY);
    struct mesh *mesh;
    struct mesh_config config = {.identity = &subnet->relays[MANY].identity,
                                 .shelf = subnet->shelf};
    mesh_free(subnet->relays[MANY].mesh); /* it begins only now */
    assert_int_equal(mesh_new(&mesh, &config, &subnet->ports.env, subnet->now), ERR_OK);
    subnet->relays[MANY].mesh = mesh;
    mesh_own_addresses(mesh, &subnet->relays[MANY].address, 1);
    subnet_announce(subnet, MANY);
    subnet_connect(subnet, MANY, 0);
    for (; mesh_stats(mesh)->nodes < MANY + 1 && seconds < 600; seconds++) {
        subnet_run(subnet, 1000);
    }
    print_message("knows %u others after %u s\n", MANY, seconds);
    assert_in_range(seconds, 0, 15);
    subnet_run(subnet, 60000);
    assert_int_equal(node_table_vouched_count(mesh->table), 0); /* all is attested by now */
    subnet_free(subnet);
}

static void a_set_of_hashes_holds_what_was_put_in_up_to_its_bound(void **state)
{
    struct mesh_hashes hashes = {.count = 0};

    (void)state;
    assert_false(mesh_hashes_has(&hashes, 5));
    assert_false(mesh_hashes_add(&hashes, 0));
    for (uint64_t i = 1; i <= MESH_HASHES_MAX; i++) {
        assert_true(mesh_hashes_add(&hashes, i * UINT64_C(0x9e3779b97f4a7c15)));
    }
    assert_true(mesh_hashes_add(&hashes, UINT64_C(0x9e3779b97f4a7c15)));
    assert_int_equal(hashes.count, MESH_HASHES_MAX);
    assert_false(mesh_hashes_add(&hashes, 7));
    for (uint64_t i = 1; i <= MESH_HASHES_MAX; i++) {
        assert_true(mesh_hashes_has(&hashes, i * UINT64_C(0x9e3779b97f4a7c15)));
    }
    assert_false(mesh_hashes_has(&hashes, 7));
    mesh_hashes_clear(&hashes);
    for (uint64_t i = 1; i < 1000; i++) { /* all for one place: some are not taken */
        (void)mesh_hashes_add(&hashes, i << 32);
    }
    assert_true(mesh_hashes_has(&hashes, UINT64_C(1) << 32));
    mesh_hashes_clear(&hashes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_quarters_of_the_neighbours_and_four_at_least_must_vouch),
        cmocka_unit_test(who_dialled_us_does_not_vouch),
        cmocka_unit_test(after_ten_minutes_nobody_vouches),
        cmocka_unit_test(what_neighbours_vouch_for_is_not_told_and_is_dialled),
        cmocka_unit_test(a_new_relay_knows_all_others_in_seconds),
        cmocka_unit_test(a_set_of_hashes_holds_what_was_put_in_up_to_its_bound),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
