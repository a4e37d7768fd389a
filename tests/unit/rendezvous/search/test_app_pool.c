/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pools of applications: who gets in, who makes room, who is picked. */
#include "rendezvous/search/app_pool.h"

#include "tests/support/endpoints.h"
#include "tests/support/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct test_env ports;
    struct app_pools *pools;
    struct mono now;
    bool displaced;
    uint8_t left[KEY_SIZE];
};

static void config_put(struct app_pool_config *config, const char *app)
{
    (void)snprintf(config->apps[config->apps_count++], RECORD_APP_SIZE, "%s", app);
}

/* Pools "one" and "two" of this limit. */
static void fixture_init(struct fixture *f, uint32_t limit)
{
    struct app_pool_config config = {.limit = limit};

    *f = (struct fixture){.now = {NS_PER_S}};
    test_env_init(&f->ports, 5);
    assert_int_equal(app_pools_new(&f->pools, &f->ports.env), ERR_OK);
    config_put(&config, "one");
    config_put(&config, "two");
    app_pools_configure(f->pools, &config);
}

static void fixture_fini(struct fixture *f)
{
    app_pools_free(f->pools);
}

/* Application number n, a member of the ziglan. */
static struct app_pool_joiner joiner(uint16_t n)
{
    struct app_pool_joiner out = {.nat_kind = 3, .address = test_endpoint(1, 1000)};

    memset(out.key, 0x22, KEY_SIZE);
    out.key[0] = (uint8_t)(n >> 8);
    out.key[1] = (uint8_t)n;
    return out;
}

/* The same as a stranger from network number `net`. */
static struct app_pool_joiner stranger(uint16_t n, uint8_t net)
{
    struct app_pool_joiner out = joiner(n);

    out.stranger = true;
    out.address.ip[14] = net;
    return out;
}

static enum verdict join(struct fixture *f, const char *app, struct app_pool_joiner who)
{
    f->now = mono_add_ms(f->now, 1);
    return app_pools_join(f->pools, app, &who, &f->displaced, f->left, f->now);
}

static uint32_t size_of(struct fixture *f, const char *app)
{
    uint32_t size, limit;

    assert_true(app_pools_size(f->pools, app, &size, &limit));
    return size;
}

static void who_did_not_measure_its_nat_gets_into_no_pool(void **state)
{
    struct fixture f;
    struct app_pool_joiner who = joiner(1);

    (void)state;
    fixture_init(&f, 10);
    who.nat_kind = 0;
    assert_int_equal(join(&f, "one", who), VERDICT_MEASURE_FIRST);
    assert_int_equal(join(&f, "three", joiner(1)), VERDICT_UNSUPPORTED);
    assert_int_equal(app_pools_stats(f.pools)->members, 0);
    fixture_fini(&f);
}

static void a_full_pool_takes_nobody_more(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, 500);
    for (uint16_t n = 0; n < 500; n++) {
        assert_int_equal(join(&f, "one", joiner(n)), VERDICT_OK);
    }
    assert_int_equal(join(&f, "one", joiner(7)), VERDICT_OK); /* it is in already */
    assert_int_equal(join(&f, "one", joiner(500)), VERDICT_LIMIT);
    assert_int_equal(size_of(&f, "one"), 500);
    assert_int_equal(join(&f, "two", joiner(500)), VERDICT_OK);
    app_pools_leave(f.pools, "one", joiner(3).key);
    assert_int_equal(join(&f, "one", joiner(500)), VERDICT_OK);
    fixture_fini(&f);
}

static void strangers_of_one_network_have_an_eighth(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, 80);
    for (uint16_t n = 0; n < 10; n++) {
        assert_int_equal(join(&f, "one", stranger(n, 1)), VERDICT_OK);
    }
    assert_int_equal(join(&f, "one", stranger(10, 1)), VERDICT_LIMIT);
    assert_int_equal(join(&f, "one", stranger(10, 2)), VERDICT_OK);
    assert_int_equal(join(&f, "two", stranger(10, 1)), VERDICT_OK);
    assert_int_equal(app_pools_stats(f.pools)->refused_net, 1);
    fixture_fini(&f);
}

static void the_oldest_stranger_makes_room_for_a_member(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, 3);
    assert_int_equal(join(&f, "one", joiner(1)), VERDICT_OK);
    assert_int_equal(join(&f, "one", stranger(2, 2)), VERDICT_OK);
    assert_int_equal(join(&f, "one", stranger(3, 3)), VERDICT_OK);
    assert_int_equal(join(&f, "one", stranger(4, 4)), VERDICT_LIMIT);
    assert_int_equal(join(&f, "one", joiner(5)), VERDICT_OK);
    assert_true(f.displaced);
    assert_memory_equal(f.left, stranger(2, 2).key, KEY_SIZE);
    assert_int_equal(join(&f, "one", joiner(6)), VERDICT_OK);
    assert_memory_equal(f.left, stranger(3, 3).key, KEY_SIZE);
    assert_int_equal(join(&f, "one", joiner(7)), VERDICT_LIMIT);
    assert_false(f.displaced);
    assert_int_equal(size_of(&f, "one"), 3);
    fixture_fini(&f);
}

static void a_stranger_that_became_a_member_keeps_its_place(void **state)
{
    struct fixture f;

    (void)state;
    fixture_init(&f, 2);
    assert_int_equal(join(&f, "one", stranger(1, 1)), VERDICT_OK);
    assert_int_equal(join(&f, "one", stranger(2, 2)), VERDICT_OK);
    assert_int_equal(join(&f, "one", joiner(1)), VERDICT_OK);
    assert_int_equal(join(&f, "one", joiner(3)), VERDICT_OK);
    assert_memory_equal(f.left, stranger(2, 2).key, KEY_SIZE);
    assert_int_equal(join(&f, "one", joiner(4)), VERDICT_LIMIT);
    fixture_fini(&f);
}

static void anybody_but_the_asker_is_picked_and_each_as_often(void **state)
{
    struct fixture f;
    unsigned picked[5] = {0};
    uint8_t key[KEY_SIZE];

    (void)state;
    fixture_init(&f, 10);
    assert_false(app_pools_pick(f.pools, "one", joiner(0).key, key));
    assert_int_equal(join(&f, "one", joiner(2)), VERDICT_OK);
    assert_false(app_pools_pick(f.pools, "one", joiner(2).key, key));
    for (uint16_t n = 0; n < 5; n++) {
        assert_int_equal(join(&f, "one", joiner(n)), VERDICT_OK);
    }
    for (unsigned i = 0; i < 4000; i++) {
        assert_true(app_pools_pick(f.pools, "one", joiner(2).key, key));
        picked[key[1]]++;
    }
    assert_int_equal(picked[2], 0);
    for (unsigned n = 0; n < 5; n++) {
        assert_true(n == 2 || (picked[n] > 850 && picked[n] < 1150));
    }
    /* Who is in no pool, or in that of another type, may ask too. */
    assert_true(app_pools_pick(f.pools, "one", joiner(9).key, key));
    assert_false(app_pools_pick(f.pools, "two", joiner(9).key, key));
    fixture_fini(&f);
}

static void who_is_gone_is_in_no_pool(void **state)
{
    struct fixture f;
    uint8_t key[KEY_SIZE];

    (void)state;
    fixture_init(&f, 10);
    assert_int_equal(join(&f, "one", joiner(1)), VERDICT_OK);
    assert_int_equal(join(&f, "two", joiner(1)), VERDICT_OK);
    assert_int_equal(join(&f, "two", joiner(2)), VERDICT_OK);
    app_pools_leave_all(f.pools, joiner(1).key);
    app_pools_leave_all(f.pools, joiner(1).key);
    assert_int_equal(app_pools_stats(f.pools)->members, 1);
    assert_true(app_pools_pick(f.pools, "two", joiner(1).key, key));
    assert_memory_equal(key, joiner(2).key, KEY_SIZE);
    fixture_fini(&f);
}

static void a_pool_outlives_a_configuration_that_keeps_it(void **state)
{
    struct fixture f;
    struct app_pool_config config = {.limit = 1};
    uint32_t size, limit;

    (void)state;
    fixture_init(&f, 10);
    assert_int_equal(join(&f, "one", joiner(1)), VERDICT_OK);
    assert_int_equal(join(&f, "two", joiner(1)), VERDICT_OK);
    assert_int_equal(join(&f, "two", joiner(2)), VERDICT_OK);
    config_put(&config, "three");
    config_put(&config, "two");
    app_pools_configure(f.pools, &config);
    assert_false(app_pools_size(f.pools, "one", &size, &limit));
    assert_true(app_pools_size(f.pools, "two", &size, &limit));
    assert_int_equal(size, 2);
    assert_int_equal(limit, 1);
    assert_int_equal(join(&f, "two", joiner(3)), VERDICT_LIMIT);
    assert_int_equal(app_pools_stats(f.pools)->members, 2);
    fixture_fini(&f);
}

/* Random joins and leaves against a naive list. */
static void random_comings_and_goings_keep_the_pool_whole(void **state)
{
    struct fixture f;
    struct rng rng = {11};
    bool in[64] = {false};
    uint32_t count = 0;

    (void)state;
    fixture_init(&f, 40);
    for (unsigned i = 0; i < 20000; i++) {
        uint16_t n = (uint16_t)rng_below(&rng, 64);
        uint8_t key[KEY_SIZE];

        if (rng_below(&rng, 2) == 0) {
            enum verdict want = in[n] || count < 40 ? VERDICT_OK : VERDICT_LIMIT;

            assert_int_equal(join(&f, "one", joiner(n)), want);
            count += !in[n] && want == VERDICT_OK ? 1 : 0;
            in[n] = in[n] || want == VERDICT_OK;
        } else {
            app_pools_leave(f.pools, "one", joiner(n).key);
            count -= in[n] ? 1 : 0;
            in[n] = false;
        }
        assert_int_equal(size_of(&f, "one"), count);
        if (app_pools_pick(f.pools, "one", joiner(n).key, key)) {
            assert_true(key[1] != n && in[key[1]]);
        } else {
            assert_true(count == (in[n] ? 1 : 0));
        }
    }
    fixture_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_did_not_measure_its_nat_gets_into_no_pool),
        cmocka_unit_test(a_full_pool_takes_nobody_more),
        cmocka_unit_test(strangers_of_one_network_have_an_eighth),
        cmocka_unit_test(the_oldest_stranger_makes_room_for_a_member),
        cmocka_unit_test(a_stranger_that_became_a_member_keeps_its_place),
        cmocka_unit_test(anybody_but_the_asker_is_picked_and_each_as_often),
        cmocka_unit_test(who_is_gone_is_in_no_pool),
        cmocka_unit_test(a_pool_outlives_a_configuration_that_keeps_it),
        cmocka_unit_test(random_comings_and_goings_keep_the_pool_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
