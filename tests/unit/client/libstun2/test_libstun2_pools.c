/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Applications meet others of their type by the pools of a relay, and find relays that have one. */
#include "client/stun2/stun2.h"

#include "tests/support/app_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { APPS = 3 };

struct pool {
    struct relay_net *net;
    struct app_guest apps[APPS];
};

static void pool_init(struct pool *pool, size_t relays, bool measured, uint64_t seed)
{
    pool->net = app_net_new(relays, seed);
    for (uint8_t i = 0; i < APPS; i++) {
        struct app_guest *app = &pool->apps[i];

        app_guest_init(app, pool->net, (uint8_t)(i + 1), &app_pair_restricted);
        app_guest_relay(app, 0);
        if (measured) {
            assert_int_equal(stun2_set_nat_kind(app->agent, STUN2_NAT_P_RC, app_guest_now(app)),
                             STUN2_OK);
        }
    }
    relay_net_run(pool->net, 500);
}

static void pool_fini(struct pool *pool)
{
    for (size_t i = 0; i < APPS; i++) {
        app_guest_fini(&pool->apps[i]);
    }
    app_net_free(pool->net);
}

static void join(struct app_guest *app, const char *name)
{
    assert_int_equal(stun2_pool_join(app->agent, app->relay, name, app_guest_now(app)), STUN2_OK);
    app_guest_settle(app);
}

static void ask(struct app_guest *app, const char *name)
{
    uint64_t punch;

    assert_int_equal(stun2_pool_punch(app->agent, app->relay, name, &punch, app_guest_now(app)),
                     STUN2_OK);
    app_guest_settle(app);
}

static void who_asks_meets_who_joined(void **state)
{
    struct pool pool;
    const struct stun2_event *joined, *open, *other;

    (void)state;
    pool_init(&pool, 1, true, 1);
    join(&pool.apps[0], "chat");
    relay_net_run(pool.net, 100);
    joined = app_guest_event(&pool.apps[0], STUN2_EVENT_POOL_JOINED);
    assert_non_null(joined);
    assert_int_equal(joined->pool_size, 1);
    assert_int_equal(joined->pool_limit, 500);
    assert_string_equal(joined->app, "chat");
    ask(&pool.apps[1], "chat");
    relay_net_run(pool.net, 500);
    assert_null(app_guest_event(&pool.apps[0], STUN2_EVENT_ASKED)); /* to have joined is a yes */
    open = app_guest_event(&pool.apps[1], STUN2_EVENT_OPEN);
    other = app_guest_event(&pool.apps[0], STUN2_EVENT_OPEN);
    assert_non_null(open);
    assert_non_null(other);
    assert_string_equal(open->app, "chat");
    assert_string_equal(other->app, "chat");
    assert_memory_equal(open->key, stun2_key(pool.apps[0].agent), STUN2_KEY_SIZE);
    assert_int_equal(open->listens + other->listens, 1);
    app_guest_send(&pool.apps[1], &open->address, "hello");
    relay_net_run(pool.net, 100);
    assert_true(app_guest_has(&pool.apps[0], &other->address, "hello"));
    pool_fini(&pool);
}

static void an_empty_pool_gives_nobody(void **state)
{
    struct pool pool;

    (void)state;
    pool_init(&pool, 1, true, 2);
    join(&pool.apps[0], "chat");
    relay_net_run(pool.net, 100);
    ask(&pool.apps[0], "chat"); /* there is only this one itself */
    relay_net_run(pool.net, 200);
    assert_int_equal(app_guest_event(&pool.apps[0], STUN2_EVENT_FAILED)->code,
                     STUN2_FAILURE_NOT_FOUND);
    join(&pool.apps[1], "other");
    relay_net_run(pool.net, 200);
    assert_int_equal(app_guest_event(&pool.apps[1], STUN2_EVENT_POOL_LEFT)->code,
                     STUN2_FAILURE_UNSUPPORTED);
    pool_fini(&pool);
}

static void one_that_is_met_already_is_said(void **state)
{
    struct pool pool;

    (void)state;
    pool_init(&pool, 1, true, 3);
    join(&pool.apps[0], "chat");
    relay_net_run(pool.net, 100);
    ask(&pool.apps[1], "chat");
    relay_net_run(pool.net, 500);
    ask(&pool.apps[1], "chat");
    ask(&pool.apps[1], "chat"); /* and a third time, which waits for the second */
    relay_net_run(pool.net, 2000);
    assert_int_equal(app_guest_count(&pool.apps[1], STUN2_EVENT_OPEN), 1);
    assert_int_equal(app_guest_count(&pool.apps[1], STUN2_EVENT_FAILED), 2);
    assert_int_equal(app_guest_event(&pool.apps[1], STUN2_EVENT_FAILED)->code, STUN2_FAILURE_KNOWN);
    app_guest_send(&pool.apps[1], &app_guest_event(&pool.apps[1], STUN2_EVENT_OPEN)->address,
                   "still");
    relay_net_run(pool.net, 100);
    assert_true(app_guest_has(&pool.apps[0],
                              &app_guest_event(&pool.apps[0], STUN2_EVENT_OPEN)->address, "still"));
    pool_fini(&pool);
}

static void a_pool_is_joined_again_after_the_relay_was_restarted(void **state)
{
    struct pool pool;

    (void)state;
    pool_init(&pool, 1, true, 4);
    join(&pool.apps[0], "chat");
    relay_net_run(pool.net, 100);
    relay_node_stop(&pool.net->nodes[0]);
    relay_net_run(pool.net, 1000);
    relay_net_start_one(pool.net, 0);
    relay_net_run(pool.net, 60000);
    assert_int_equal(app_guest_count(&pool.apps[0], STUN2_EVENT_POOL_JOINED), 2);
    assert_int_equal(app_guest_count(&pool.apps[0], STUN2_EVENT_RELAY_CLOSED), 1);
    assert_int_equal(app_guest_count(&pool.apps[0], STUN2_EVENT_RELAY_OPEN), 2);
    ask(&pool.apps[1], "chat");
    relay_net_run(pool.net, 1000);
    assert_non_null(app_guest_event(&pool.apps[1], STUN2_EVENT_OPEN));
    pool_fini(&pool);
}

static void to_leave_a_pool_is_to_be_met_no_more(void **state)
{
    struct pool pool;

    (void)state;
    pool_init(&pool, 1, true, 5);
    join(&pool.apps[0], "chat");
    relay_net_run(pool.net, 100);
    stun2_pool_leave(pool.apps[0].agent, pool.apps[0].relay, "chat");
    app_guest_settle(&pool.apps[0]);
    relay_net_run(pool.net, 100);
    ask(&pool.apps[1], "chat");
    relay_net_run(pool.net, 500);
    assert_int_equal(app_guest_event(&pool.apps[1], STUN2_EVENT_FAILED)->code,
                     STUN2_FAILURE_NOT_FOUND);
    assert_int_equal(app_guest_count(&pool.apps[0], STUN2_EVENT_OPEN), 0);
    pool_fini(&pool);
}

static void a_pool_waits_for_the_kind_of_nat(void **state)
{
    struct pool pool;

    (void)state;
    pool_init(&pool, 1, false, 6);
    join(&pool.apps[0], "chat");
    relay_net_run(pool.net, 1000);
    assert_int_equal(app_guest_count(&pool.apps[0], STUN2_EVENT_MEASURE_FIRST), 1);
    assert_null(app_guest_event(&pool.apps[0], STUN2_EVENT_POOL_JOINED));
    app_guest_measure(&pool.apps[0]);
    assert_non_null(app_guest_event(&pool.apps[0], STUN2_EVENT_POOL_JOINED));
    pool_fini(&pool);
}

static void relays_that_have_a_pool_are_found(void **state)
{
    const int kinds[] = {STUN2_NAT_SYM};
    struct pool pool;
    const struct stun2_event *found;
    uint64_t relay;

    (void)state;
    pool_init(&pool, 4, true, 7);
    relay_net_run(pool.net, 120000); /* they tell each other, and attest */
    assert_int_equal(stun2_find(pool.apps[0].agent, pool.apps[0].relay, "chat", NULL, 0, 10,
                                app_guest_now(&pool.apps[0])),
                     STUN2_OK);
    app_guest_settle(&pool.apps[0]);
    relay_net_run(pool.net, 5000);
    assert_int_equal(app_guest_event(&pool.apps[0], STUN2_EVENT_FIND_END)->code, 0);
    print_message("%zu found\n", app_guest_count(&pool.apps[0], STUN2_EVENT_FOUND));
    assert_true(app_guest_count(&pool.apps[0], STUN2_EVENT_FOUND) >= 3);
    found = app_guest_event(&pool.apps[0], STUN2_EVENT_FOUND);
    assert_string_equal(found->app, "chat");
    assert_int_equal(
        stun2_relay_add(pool.apps[0].agent, found->text, &relay, NULL, pool.net->now.ns), STUN2_OK);
    app_guest_settle(&pool.apps[0]);
    app_guest_forget(&pool.apps[0]);
    assert_int_equal(stun2_find(pool.apps[0].agent, pool.apps[0].relay, "chat", kinds, 1, 10,
                                app_guest_now(&pool.apps[0])),
                     STUN2_OK);
    app_guest_settle(&pool.apps[0]);
    relay_net_run(pool.net, 5000);
    assert_non_null(app_guest_event(&pool.apps[0], STUN2_EVENT_FIND_END));
    assert_null(app_guest_event(&pool.apps[0], STUN2_EVENT_FOUND)); /* none is behind such a NAT */
    pool_fini(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_asks_meets_who_joined),
        cmocka_unit_test(an_empty_pool_gives_nobody),
        cmocka_unit_test(one_that_is_met_already_is_said),
        cmocka_unit_test(a_pool_is_joined_again_after_the_relay_was_restarted),
        cmocka_unit_test(to_leave_a_pool_is_to_be_met_no_more),
        cmocka_unit_test(a_pool_waits_for_the_kind_of_nat),
        cmocka_unit_test(relays_that_have_a_pool_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
