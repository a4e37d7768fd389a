/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which pool a host takes where some are in use, and what it keeps where it shares one. */
#include "client/engine/interface.h"
#include "client/engine/pool_choice.h"

#include "rendezvous/store/store_memory.h"
#include "tests/support/fixture.h"

static void a_pool_is_taken_that_hides_nothing(void **state)
{
    static const struct {
        const char *what;
        struct netused used[3];
        size_t count;
        const char *want;
    } cases[] = {
        {"a home", {{NETUSED_NETWORK, {192, 168, 1, 0}, 24}}, 1, "100.64.0.0/16"},
        {"a carrier's network", {{NETUSED_NETWORK, {100, 64, 0, 0}, 10}}, 1, "10.213.0.0/16"},
        {"a small part of it", {{NETUSED_NETWORK, {100, 99, 7, 0}, 24}}, 1, "10.213.0.0/16"},
        {"an address of another mesh",
         {{NETUSED_ADDRESS, {100, 101, 2, 3}, 32}},
         1,
         "10.213.0.0/16"},
        {"a carrier's DNS server", {{NETUSED_RESOLVER, {100, 64, 0, 1}, 32}}, 1, "10.213.0.0/16"},
        {"our own resolver, listed by hand",
         {{NETUSED_RESOLVER, {100, 64, 0, 53}, 32}},
         1,
         "100.64.0.0/16"},
        {"a router at that address", {{NETUSED_ROUTER, {100, 64, 0, 53}, 32}}, 1, "10.213.0.0/16"},
        {"a carrier and one office",
         {{NETUSED_NETWORK, {100, 64, 0, 0}, 10}, {NETUSED_NETWORK, {10, 213, 4, 0}, 22}},
         2,
         "10.187.0.0/16"},
        {"a carrier and a large office",
         {{NETUSED_NETWORK, {100, 64, 0, 0}, 10}, {NETUSED_NETWORK, {10, 0, 0, 0}, 8}},
         2,
         "172.29.0.0/16"},
        {"all private networks",
         {{NETUSED_NETWORK, {100, 64, 0, 0}, 10},
          {NETUSED_NETWORK, {10, 0, 0, 0}, 8},
          {NETUSED_NETWORK, {128, 0, 0, 0}, 1}},
         3,
         "100.64.0.0/16"},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct pool_choice choice = {0};
        char text[ADDRPLAN_POOL_TEXT_SIZE];

        for (size_t k = 0; k < cases[i].count; k++) {
            pool_choice_strike(&choice, &cases[i].used[k]);
        }
        struct addrplan_pool pool;
        bool free = pool_choice_take(&choice, &pool);
        bool all_used = i == TEST_COUNT(cases) - 1;

        assert_int_equal(free, !all_used);
        if (strcmp(addrplan_pool_text(&pool, text), cases[i].want) != 0) {
            fail_msg("%s: %s", cases[i].what, text);
        }
    }
}

static void the_pool_is_stored(void **state)
{
    struct addrplan_pool pool = {.base = 0x0ad50000, .prefix_bits = 16};
    struct addrplan_pool read = {0};
    struct store *store;
    int rc;

    (void)state;
    assert_int_equal(store_memory_new(&store), ERR_OK);
    assert_false(pool_choice_read(store, &read, &rc));
    assert_int_equal(rc, ERR_OK);
    assert_int_equal(pool_choice_write(store, &pool), ERR_OK);
    assert_true(pool_choice_read(store, &read, &rc));
    assert_int_equal(read.base, pool.base);
    assert_int_equal(read.prefix_bits, 16);
    /* Damage is no pool. */
    assert_int_equal(store_write(store, STORE_TABLE_META, "pool", 4, "\x0a\xd5\0\0\x40", 5),
                     ERR_OK);
    assert_false(pool_choice_read(store, &read, &rc));
    assert_int_equal(store_write(store, STORE_TABLE_META, "pool", 4, "\x0a", 1), ERR_OK);
    assert_false(pool_choice_read(store, &read, &rc));
    store_close(store);
}

/* A machine with many routes by one router, and a DNS server, which is told after them. */
static void a_router_of_many_routes_leaves_room_for_others_to_be_kept(void **state)
{
    static const uint8_t router[4] = {100, 64, 0, 1}, dns[4] = {100, 64, 0, 5};
    struct interface_kept kept = {0};

    (void)state;
    for (int i = 0; i < 2 * INTERFACE_KEPT_MAX; i++) {
        interface_kept_add(&kept, router);
    }
    interface_kept_add(&kept, dns);
    assert_int_equal(kept.count, 2);
    assert_memory_equal(kept.list[0], router, sizeof(router));
    assert_memory_equal(kept.list[1], dns, sizeof(dns));
    for (uint8_t i = 0; i < 2 * INTERFACE_KEPT_MAX; i++) {
        interface_kept_add(&kept, (const uint8_t[4]){100, 64, 1, i});
    }
    assert_int_equal(kept.count, INTERFACE_KEPT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_is_taken_that_hides_nothing),
        cmocka_unit_test(the_pool_is_stored),
        cmocka_unit_test(a_router_of_many_routes_leaves_room_for_others_to_be_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
