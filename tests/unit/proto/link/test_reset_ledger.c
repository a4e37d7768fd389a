/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server that crashed and starts again tells its old peers that their sessions are gone, before
 * they send anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/link/reset_ledger.h"
#include "tests/support/link_fixture.h"

enum { PLACES = 2000 };

static struct link_reset_row ledger[PLACES];

static void begin(struct net *net, uint64_t seed)
{
    memset(ledger, 0, sizeof(ledger));
    net_init(net, seed);
    net->configs[NET_SERVER].ledger = ledger;
    net->configs[NET_SERVER].ledger_capacity = PLACES;
    net_start(net);
}

/* The server dies without a word and comes back, with the ledger as it was or without one. */
static void crash(struct net *net, bool ledger_there)
{
    link_hub_free(net->hubs[NET_SERVER]);
    net->configs[NET_SERVER].ledger = ledger_there ? ledger : NULL;
    net_hub_start(net, NET_SERVER);
}

static size_t rows_used(void)
{
    size_t count = 0;

    for (size_t i = 0; i < PLACES; i++) {
        count += ledger[i].used;
    }
    return count;
}

static void a_silent_client_learns_of_a_crash_at_once(void **state)
{
    static struct net net;
    struct handle client, server;
    const struct net_event *closed;

    (void)state;
    for (int with_ledger = 0; with_ledger < 2; with_ledger++) {
        begin(&net, 20);
        assert_true(net_open(&net, &client, &server));
        net_run(&net, 3000);
        assert_int_equal(rows_used(), 1);
        crash(&net, with_ledger == 1);
        net_run(&net, 50);
        closed = net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED);
        if (with_ledger == 1) {
            assert_non_null(closed);
            assert_int_equal(closed->event.reason, LINK_REASON_RESET);
            assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->resets_told, 1);
            assert_int_equal(rows_used(), 0);
        } else {
            assert_null(closed);
        }
        net_fini(&net);
    }
}

static void a_client_that_moved_is_told_where_it_is_now(void **state)
{
    static const uint8_t new_ip[4] = {203, 0, 113, 77};
    static struct net net;
    struct handle client, server;
    struct endpoint any = {.port = 0};

    (void)state;
    begin(&net, 21);
    assert_true(net_open(&net, &client, &server));
    net_run(&net, 2000);
    net.addrs[NET_CLIENT] = endpoint_v4(new_ip, 6000);
    link_hub_migrate(net.hubs[NET_CLIENT], client, &any, net.now);
    net_run(&net, 3000);
    assert_int_equal(rows_used(), 1);
    crash(&net, true);
    net_run(&net, 50);
    assert_non_null(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED));
    assert_int_equal(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED)->event.reason,
                     LINK_REASON_RESET);
    net_fini(&net);
}

static void who_left_in_order_is_not_in_the_ledger(void **state)
{
    static struct net net;
    struct handle client, server;

    (void)state;
    begin(&net, 22);
    assert_true(net_open(&net, &client, &server));
    net_run(&net, 1000);
    assert_int_equal(rows_used(), 1);
    link_hub_close(net.hubs[NET_CLIENT], client, 0x100, "bye", net.now);
    net_run(&net, 5000);
    assert_int_equal(rows_used(), 0);
    crash(&net, true);
    net_run(&net, 100);
    assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->resets_told, 0);
    net_fini(&net);
}

/* A peer comes into the ledger only when both Hellos are verified, so its address is, too. */
static void strangers_are_not_in_the_ledger(void **state)
{
    static struct net net;
    uint8_t wrong_key[KEY_SIZE] = {1};

    (void)state;
    begin(&net, 23);
    (void)net_dial(&net, LINK_WANT_RELAY, wrong_key);
    net_run(&net, 1000);
    assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->accepted, 1);
    assert_int_equal(rows_used(), 0);
    net_fini(&net);
}

static void many_are_told_a_few_at_a_time(void **state)
{
    static struct net net;
    const uint8_t ip[4] = {203, 0, 113, 9};
    uint64_t told = 0;
    unsigned turns = 0;

    (void)state;
    begin(&net, 24);
    link_hub_free(net.hubs[NET_SERVER]);
    for (size_t i = 0; i < PLACES; i++) {
        ledger[i] = (struct link_reset_row){.local = net.addrs[NET_SERVER],
                                            .remote = endpoint_v4(ip, (uint16_t)(i + 1)),
                                            .used = i % 2 == 0 ? 1 : 7};
    }
    net_hub_start(&net, NET_SERVER);
    for (size_t i = 0; i < PLACES; i++) {
        assert_int_not_equal(ledger[i].used, 1);
    }
    while (told < PLACES / 2) {
        net_transmit(&net, NET_SERVER);
        assert_in_range(net.box.items_count, 1, RESET_LEDGER_PER_TURN);
        told += net.box.items_count;
        turns++;
        net_transmit(&net, NET_SERVER); /* nothing more in the same instant */
        assert_int_equal(net.box.items_count, 0);
        net.now = told < PLACES / 2 ? link_hub_deadline(net.hubs[NET_SERVER]) : net.now;
    }
    assert_int_equal(told, PLACES / 2); /* a row that was not written in full is none */
    assert_true(turns >= PLACES / 2 / RESET_LEDGER_PER_TURN);
    net_run(&net, 1000);
    assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->resets_told, PLACES / 2);
    net_fini(&net);
}

/* Connections for which a small ledger has no row are left out. */
static void a_small_ledger_is_not_overrun(void **state)
{
    static struct net net;
    struct handle client, server;

    (void)state;
    memset(ledger, 0, sizeof(ledger));
    net_init(&net, 25);
    net.configs[NET_SERVER].ledger = ledger;
    net.configs[NET_SERVER].ledger_capacity = 0;
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    net_run(&net, 1000);
    assert_int_equal(rows_used(), 0);
    net_fini(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_client_learns_of_a_crash_at_once),
        cmocka_unit_test(a_client_that_moved_is_told_where_it_is_now),
        cmocka_unit_test(who_left_in_order_is_not_in_the_ledger),
        cmocka_unit_test(strangers_are_not_in_the_ledger),
        cmocka_unit_test(many_are_told_a_few_at_a_time),
        cmocka_unit_test(a_small_ledger_is_not_overrun),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
