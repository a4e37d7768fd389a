/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of nodes and its index (rendezvous/mesh/node_table.h, node_index.h, node_shelf.h). */
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/rng.h"
#include "tests/support/subnet.h"

#include "rendezvous/mesh/node_index.h"
#include "rendezvous/mesh/node_prefix.h"
#include "rendezvous/mesh/node_table.h"

enum { PLACES = 64, STEPS = 20000 };

/* Few hashes, so that chains are long and wrap around. */
static uint64_t few_hashes(const void *context, uint32_t place)
{
    const uint8_t *values = context;

    return (uint64_t)values[place] % 7 * 3 + 60;
}

static uint32_t found_at(const struct node_index *index, uint64_t hash, uint32_t wanted)
{
    uint32_t cursor = 0, place, count = 0;

    while (node_index_next(index, hash, &cursor, &place)) {
        count += place == wanted;
    }
    return count;
}

static void an_index_finds_what_a_naive_twin_has(void **state)
{
    uint8_t values[PLACES];
    bool in[PLACES] = {false};
    struct node_index index = {.hash_of = few_hashes, .context = values};
    struct rng rng;

    (void)state;
    rng = rng_stream(7, "index");
    for (int i = 0; i < STEPS; i++) {
        uint32_t place = (uint32_t)(rng_u64(&rng) % PLACES),
                 to = (uint32_t)(rng_u64(&rng) % PLACES);

        if (!in[place]) {
            values[place] = (uint8_t)rng_u64(&rng);
            assert_int_equal(node_index_add(&index, place), ERR_OK);
            in[place] = true;
        } else if (!in[to] && i % 3 == 0) {
            node_index_move(&index, place, to);
            values[to] = values[place];
            in[to] = true;
            in[place] = false;
        } else {
            node_index_remove(&index, place);
            in[place] = false;
        }
        for (uint32_t at = 0; at < PLACES; at++) {
            if (found_at(&index, few_hashes(values, at), at) != (uint32_t)in[at]) {
                fail_msg("step %d, place %u", i, at);
            }
        }
    }
    node_index_fini(&index);
}

static void equal_bytes_stand_on_the_shelf_once(void **state)
{
    struct subnet *subnet = subnet_new(1);
    struct identity identity = node_of(5);
    struct endpoint address = subnet_address(5);
    struct part record = subnet_record(subnet, &identity, &address, 1);
    struct node_item *a, *b;

    (void)state;
    assert_int_equal(
        node_shelf_take(subnet->shelf, &a, RECORD_TYPE_NODE, record.bytes, record.size), NODE_OK);
    assert_int_equal(
        node_shelf_take(subnet->shelf, &b, RECORD_TYPE_NODE, record.bytes, record.size), NODE_OK);
    assert_ptr_equal(a, b);
    assert_int_equal(node_shelf_count(subnet->shelf), 1);
    record.bytes[record.size - 1] ^= 1;
    assert_int_equal(
        node_shelf_take(subnet->shelf, &b, RECORD_TYPE_NODE, record.bytes, record.size),
        NODE_FORGED);
    assert_null(b);
    assert_int_equal(
        node_shelf_take(subnet->shelf, &b, RECORD_TYPE_ATTESTATION, record.bytes, record.size),
        NODE_MALFORMED);
    node_item_release(subnet->shelf, a);
    assert_int_equal(node_shelf_count(subnet->shelf), 1);
    node_item_release(subnet->shelf, a);
    assert_int_equal(node_shelf_count(subnet->shelf), 0);
    subnet_free(subnet);
}

/* A relay of this number, in the network 99.0.net.0/24 or 2001:db8:net::/48. */
static struct node_item *item_of(struct subnet *subnet, uint32_t n, uint8_t net, bool v6,
                                 uint64_t sequence)
{
    struct identity identity = node_of(n);
    uint8_t ip[16] = {0x20, 1, 0xd, 0xb8, 0, net, (uint8_t)n, 1};
    uint8_t ip4[4] = {99, 0, net, (uint8_t)n};
    struct endpoint address = v6 ? endpoint_v6(ip, 1) : endpoint_v4(ip4, 1);
    struct part record = subnet_record(subnet, &identity, &address, sequence);
    struct node_item *item;

    assert_int_equal(
        node_shelf_take(subnet->shelf, &item, RECORD_TYPE_NODE, record.bytes, record.size),
        NODE_OK);
    return item;
}

static enum node_room put(struct subnet *subnet, struct node_table *table, uint32_t n, uint8_t net,
                          bool v6, uint64_t sequence)
{
    struct node_item *item = item_of(subnet, n, net, v6, sequence);
    enum node_room room = node_table_room(table, item);

    if (room == NODE_ROOM_OK) {
        assert_non_null(node_table_put(table, item, NULL, 0, false, n));
    }
    node_item_release(subnet->shelf, item);
    return room;
}

static void a_network_has_few_rows(void **state)
{
    struct subnet *subnet = subnet_new(1);
    struct node_table *table;

    (void)state;
    assert_int_equal(node_table_new(&table, subnet->shelf, 14, &subnet->ports.env), ERR_OK);
    for (uint32_t n = 0; n < NODE_PER_V4_MAX; n++) {
        assert_int_equal(put(subnet, table, n, 1, false, 1), NODE_ROOM_OK);
    }
    assert_int_equal(put(subnet, table, 9, 1, false, 1), NODE_ROOM_PREFIX);
    assert_int_equal(put(subnet, table, 2, 1, false, 2), NODE_ROOM_OK); /* a known one */
    assert_int_equal(put(subnet, table, 2, 2, false, 3), NODE_ROOM_OK); /* it moves away */
    assert_int_equal(put(subnet, table, 9, 1, false, 1), NODE_ROOM_OK);
    for (uint32_t n = 20; n < 20 + NODE_PER_V6_MAX; n++) {
        assert_int_equal(put(subnet, table, n, 1, true, 1), NODE_ROOM_OK);
    }
    assert_int_equal(put(subnet, table, 40, 1, true, 1), NODE_ROOM_PREFIX);
    assert_int_equal(put(subnet, table, 40, 2, true, 1), NODE_ROOM_OK);
    assert_int_equal(put(subnet, table, 41, 3, true, 1), NODE_ROOM_ALL); /* 14 are all */
    struct node_row *row = node_table_find(table, node_item_key(node_table_at(table, 3)->node));
    assert_true(row->known_since_ms != 0);
    node_table_free(table);
    subnet_free(subnet);
}

/* Random changes in two tables in different orders: equal content, equal digests. */
static void digests_follow_from_the_content_alone(void **state)
{
    struct subnet *subnet = subnet_new(1);
    struct node_table *tables[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(node_table_new(&tables[i], subnet->shelf, 100, &subnet->ports.env),
                         ERR_OK);
    }
    for (uint32_t n = 0; n < 60; n++) {
        assert_int_equal(put(subnet, tables[0], n, (uint8_t)n, false, 1 + n % 2), NODE_ROOM_OK);
        assert_int_equal(put(subnet, tables[1], 59 - n, (uint8_t)(59 - n), false, 1), NODE_ROOM_OK);
    }
    assert_true(node_table_root(tables[0]) != node_table_root(tables[1]));
    for (uint32_t n = 1; n < 60; n += 2) {
        assert_int_equal(put(subnet, tables[1], n, (uint8_t)n, false, 2), NODE_ROOM_OK);
    }
    assert_true(node_table_root(tables[0]) == node_table_root(tables[1]));
    for (int bucket = 0; bucket < NODE_BUCKETS; bucket++) {
        assert_true(node_table_bucket(tables[0], (uint8_t)bucket) ==
                    node_table_bucket(tables[1], (uint8_t)bucket));
        assert_int_equal(node_table_bucket_count(tables[0], (uint8_t)bucket),
                         node_table_bucket_count(tables[1], (uint8_t)bucket));
    }
    while (node_table_count(tables[0]) > 0) {
        node_table_remove(tables[0], node_table_at(tables[0], node_table_count(tables[0]) / 2));
        for (size_t i = 0; i < node_table_count(tables[0]); i++) {
            struct node_row *row = node_table_at(tables[0], i);

            assert_ptr_equal(node_table_find(tables[0], node_item_key(row->node)), row);
        }
    }
    assert_true(node_table_root(tables[0]) == 0);
    node_table_free(tables[0]);
    node_table_free(tables[1]);
    subnet_free(subnet);
}

static void prefixes_of_both_families_differ(void **state)
{
    struct endpoint a, b;

    (void)state;
    assert_true(endpoint_parse(&a, "192.0.2.1:1", 0) && endpoint_parse(&b, "192.0.2.99:2", 0));
    assert_true(node_prefix(&a) == node_prefix(&b));
    assert_true(endpoint_parse(&b, "192.0.3.1:1", 0));
    assert_true(node_prefix(&a) != node_prefix(&b) && node_prefix_wide(&a) == node_prefix_wide(&b));
    assert_true(endpoint_parse(&a, "[2001:db8:1::1]:1", 0));
    assert_true(endpoint_parse(&b, "[2001:db8:1:2::1]:1", 0));
    assert_true(node_prefix(&a) == node_prefix(&b));
    assert_true(endpoint_parse(&b, "[2001:db8:2::1]:1", 0));
    assert_true(node_prefix(&a) != node_prefix(&b) && node_prefix_wide(&a) == node_prefix_wide(&b));
    assert_true(endpoint_parse(&a, "[0:c0:2::1]:1", 0) && endpoint_parse(&b, "0.192.0.2:1", 0));
    assert_true(node_prefix(&a) != node_prefix(&b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_index_finds_what_a_naive_twin_has),
        cmocka_unit_test(equal_bytes_stand_on_the_shelf_once),
        cmocka_unit_test(a_network_has_few_rows),
        cmocka_unit_test(digests_follow_from_the_content_alone),
        cmocka_unit_test(prefixes_of_both_families_differ),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
