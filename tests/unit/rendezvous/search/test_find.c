/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searches over several relays: how far they go, how often, and what silence does to them. */
#include "tests/support/find_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint64_t peers_asked(const struct find_net *net)
{
    uint64_t count = 0;

    for (size_t i = 0; i < net->count; i++) {
        count += find_stats(net->peers[i].find)->queries;
    }
    return count;
}

static void what_is_known_here_is_answered_at_once(void **state)
{
    struct find_net *net = find_net_chain(2);

    (void)state;
    find_net_help(&net->peers[0], true, 1);
    assert_int_equal(find_net_look(net, 0, 1, 1, true), VERDICT_OK);
    assert_int_equal(net->peers[0].answers, 1);
    assert_int_equal(net->peers[0].found_peers[0], 0);
    assert_int_equal(net->finds, 0);
    find_net_free(net);
}

static void who_may_not_search_is_told_what_is_known_here(void **state)
{
    struct find_net *net = find_net_chain(2);

    (void)state;
    find_net_help(&net->peers[1], true, 1);
    assert_int_equal(find_net_look(net, 0, 1, 5, false), VERDICT_OK);
    assert_int_equal(net->peers[0].answers, 1);
    assert_int_equal(net->peers[0].found, 0);
    assert_int_equal(net->finds, 0);
    find_net_free(net);
}

static void a_search_goes_four_hops_far_and_comes_back(void **state)
{
    struct find_net *net = find_net_chain(6);

    (void)state;
    find_net_help(&net->peers[4], true, 1);
    find_net_help(&net->peers[5], true, 1); /* five hops: too far */
    assert_int_equal(find_net_look(net, 0, 1, 1, true), VERDICT_OK);
    find_net_run(net, 8 * FIND_NET_HOP_MS + 50);
    assert_int_equal(net->peers[0].answers, 1);
    assert_int_equal(net->peers[0].found, 1);
    assert_int_equal(net->peers[0].found_peers[0], 4);
    assert_int_equal(find_stats(net->peers[5].find)->queries, 0);
    assert_int_equal(net->finds, 4);
    assert_int_equal(net->results, 4);
    find_net_free(net);
}

static void who_knows_enough_passes_nothing_on(void **state)
{
    struct find_net *net = find_net_chain(4);

    (void)state;
    find_net_help(&net->peers[1], true, 1);
    find_net_help(&net->peers[3], true, 1);
    assert_int_equal(find_net_look(net, 0, 1, 1, true), VERDICT_OK);
    find_net_run(net, 3000);
    assert_int_equal(net->peers[0].found_peers[0], 1);
    assert_int_equal(net->finds, 1);
    find_net_free(net);
}

static void loops_and_duplicates_are_passed_on_once(void **state)
{
    struct find_net *net = find_net_clique(6);

    (void)state;
    find_net_help(&net->peers[3], true, 1);
    assert_int_equal(find_net_look(net, 0, 1, 24, true), VERDICT_OK);
    find_net_run(net, 3000);
    assert_int_equal(net->peers[0].answers, 1);
    assert_int_equal(net->peers[0].found, 1); /* though it may have come on several ways */
    for (size_t i = 1; i < 6; i++) {
        const struct find_stats *stats = find_stats(net->peers[i].find);

        assert_int_equal(stats->queries, 1);
        assert_true(stats->sent <= FIND_FANOUT);
    }
    assert_true(net->finds <= FIND_FANOUT * 6);
    find_net_run(net, FIND_REMEMBER_MS);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(find_stats(net->peers[i].find)->remembered, 0);
        assert_int_equal(find_deadline(net->peers[i].find).ns, MONO_NEVER.ns);
    }
    find_net_free(net);
}

static void silent_neighbours_cost_two_seconds_and_nothing_else(void **state)
{
    struct find_net *net = find_net_clique(4);

    (void)state;
    find_net_help(&net->peers[2], true, 1);
    net->peers[1].silent = net->peers[3].silent = true;
    assert_int_equal(find_net_look(net, 0, 1, 3, true), VERDICT_OK);
    find_net_run(net, FIND_WAIT_MS - 100);
    assert_int_equal(net->peers[0].answers, 0);
    find_net_run(net, 200);
    assert_int_equal(net->peers[0].answers, 1);
    assert_int_equal(net->peers[0].found, 1);
    assert_int_equal(net->peers[0].found_peers[0], 2);
    assert_int_equal(find_stats(net->peers[0].find)->waiting, 0);
    find_net_free(net);
}

static void a_client_searches_once_in_two_seconds(void **state)
{
    struct find_net *net = find_net_chain(2);

    (void)state;
    assert_int_equal(find_net_look(net, 0, 1, 1, true), VERDICT_OK);
    assert_int_equal(find_net_look(net, 0, 1, 1, true), VERDICT_LIMIT);
    assert_int_equal(find_net_look(net, 0, 2, 1, true), VERDICT_OK); /* another one may */
    assert_int_equal(find_stats(net->peers[0].find)->limit_client, 1);
    find_net_run(net, 2100);
    assert_int_equal(find_net_look(net, 0, 1, 1, true), VERDICT_OK);
    find_net_free(net);
}

static void a_client_asks_five_times_at_once_and_strangers_share(void **state)
{
    struct find_net *net = find_net_chain(1);
    const struct find_stats *stats = find_stats(net->peers[0].find);
    struct find_asker member = {.client = 1, .request_id = 9, .member = true};
    Ziglan__Find body = ZIGLAN__FIND__INIT;
    char *apps[] = {control_text("chess")};
    size_t answered = 0;

    (void)state;
    for (size_t i = 0; i < 20; i++) {
        answered += find_net_look(net, 0, 1, 1, false) == VERDICT_OK ? 1 : 0;
    }
    assert_int_equal(answered, FIND_ASKS_BURST);
    find_net_run(net, 1000);
    assert_int_equal(find_net_look(net, 0, 1, 1, false), VERDICT_OK);
    for (uint64_t i = 10; i < 10 + 2 * FIND_STRANGERS_BURST; i++) {
        answered += find_net_look(net, 0, i, 1, false) == VERDICT_OK ? 1 : 0;
    }
    assert_true(answered <= FIND_ASKS_BURST + FIND_STRANGERS_BURST);
    assert_int_equal(find_net_look(net, 0, 5, 1, false), VERDICT_LIMIT);
    assert_true(stats->limit_asks > FIND_STRANGERS_BURST);
    body.apps = apps;
    body.n_apps = 1;
    body.count = 1;
    assert_int_equal(find_ask(net->peers[0].find, &member, &body, net->now), VERDICT_OK);
    find_net_free(net);
}

static void a_flood_of_clients_sends_a_link_one_query_in_two_seconds(void **state)
{
    struct find_net *net = find_net_chain(2);

    (void)state;
    for (uint64_t i = 0; i < 200; i++) {
        (void)find_net_look(net, 0, i, 1, true);
        find_net_run(net, 100);
    }
    /* 20 s: 10 queries, and the burst */
    assert_true(net->finds >= 10 && net->finds <= 10 + FIND_LINK_BURST_OUT + 1);
    assert_int_equal(find_stats(net->peers[1].find)->limit_link, 0);
    assert_true(find_stats(net->peers[0].find)->waiting <= FIND_SEARCHES_MAX);
    find_net_free(net);
}

static void more_clients_than_may_wait_are_refused(void **state)
{
    struct find_net *net = find_net_new(FIND_NEIGHBOURS_MAX, 5);
    size_t refused = 0;

    (void)state;
    for (size_t i = 1; i < net->count; i++) {
        find_net_link(net, 0, i);
    }
    for (uint64_t i = 0; i < FIND_SEARCHES_MAX / 2 + 10; i++) {
        refused += find_net_look(net, 0, i, 1, true) == VERDICT_LIMIT ? 1 : 0;
    }
    assert_int_equal(refused, 10); /* strangers have half */
    for (uint64_t i = 0; i < FIND_SEARCHES_MAX / 2 + 10; i++) {
        refused += find_net_look_member(net, 0, 1000 + i, 1) == VERDICT_LIMIT ? 1 : 0;
    }
    assert_int_equal(refused, 20);
    assert_int_equal(find_stats(net->peers[0].find)->limit_waiting, 20);
    find_net_run(net, 3000);
    assert_int_equal(net->peers[0].answers, FIND_SEARCHES_MAX);
    find_net_free(net);
}

static void kinds_of_nat_are_heeded(void **state)
{
    struct find_query query;
    struct record_node node = {.nat_kind = 3, .apps = {"chess"}, .apps_count = 1};
    Ziglan__Find body = ZIGLAN__FIND__INIT;
    char *apps[] = {control_text("chess")};
    uint32_t kinds[] = {1, 3};

    (void)state;
    body.apps = apps;
    body.n_apps = 1;
    body.count = 1;
    body.nat_kinds = kinds;
    body.n_nat_kinds = 2;
    assert_true(find_query_take(&query, &body));
    assert_string_equal(find_query_match(&query, &node), "chess");
    node.nat_kind = 2;
    assert_null(find_query_match(&query, &node));
    body.n_nat_kinds = 0;
    assert_true(find_query_take(&query, &body));
    assert_non_null(find_query_match(&query, &node));
    body.count = 0;
    assert_false(find_query_take(&query, &body));
    body.count = 1;
    body.n_apps = 0;
    assert_false(find_query_take(&query, &body));
}

/* 24 relays, each with attestations, come back through another one. */
static void many_relays_come_in_several_messages(void **state)
{
    struct find_net *net = find_net_new(40, 6);

    (void)state;
    find_net_link(net, 0, 1);
    find_net_link(net, 1, 2);
    net->peers[2].knows = true;
    for (size_t i = 3; i < 40; i++) {
        find_net_link(net, 2, i);
        find_net_help(&net->peers[i], true, 1);
    }
    assert_int_equal(find_net_look(net, 0, 1, 24, true), VERDICT_OK);
    find_net_run(net, 4 * FIND_NET_HOP_MS + 50);
    assert_int_equal(net->peers[0].found, 24);
    assert_int_equal(net->finds, 2); /* who knows enough asks nobody */
    assert_int_equal(net->results, 4);
    find_net_free(net);
}

/* What searches in many nets came to, in all. */
struct reach {
    uint64_t asked, finds, found, any_found;
};

enum { REACH_RUNS = 40, REACH_HELPERS = 15 };

/* 300 relays with 8 random neighbours each; some help, so many percent are silent. */
static struct find_net *random_net(uint64_t seed, uint32_t silent)
{
    struct find_net *net = find_net_new(FIND_NET_MAX, seed);

    for (size_t i = 0; i < net->count; i++) {
        for (size_t tries = 0; tries < 100 && net->peers[i].neighbours_count < 8; tries++) {
            size_t other = rng_below(&net->rng, FIND_NET_MAX);

            if (net->peers[other].neighbours_count < 8) {
                find_net_link(net, i, other);
            }
        }
    }
    for (size_t i = 0; i < REACH_HELPERS; i++) {
        find_net_help(&net->peers[1 + rng_below(&net->rng, FIND_NET_MAX - 1)], true, 1);
    }
    for (size_t i = 1; i < net->count; i++) {
        net->peers[i].silent = rng_below(&net->rng, 100) < silent;
    }
    return net;
}

static struct reach reach_measure(uint32_t silent)
{
    struct reach reach = {0};

    for (uint64_t run = 0; run < REACH_RUNS; run++) {
        struct find_net *net = random_net(100 + run, silent);

        assert_int_equal(find_net_look(net, 0, 1, 24, true), VERDICT_OK);
        find_net_run(net, 3000);
        reach.asked += peers_asked(net);
        reach.finds += net->finds;
        reach.found += net->peers[0].found;
        reach.any_found += net->peers[0].found > 0 ? 1 : 0;
        find_net_free(net);
    }
    print_message("%u %% silent: a search reaches %.1f of 300 relays with %.1f queries; of 15 that "
                  "help it finds %.1f, and at least one in %.0f %%\n",
                  (unsigned)silent, (double)reach.asked / REACH_RUNS,
                  (double)reach.finds / REACH_RUNS, (double)reach.found / REACH_RUNS,
                  100.0 * (double)reach.any_found / REACH_RUNS);
    return reach;
}

/* The figures of docs/protocol.md, section 17: how far a search gets, and what it costs, when every
 * relay knows only itself. */
static void a_search_reaches_a_third_of_three_hundred_relays(void **state)
{
    struct reach all = reach_measure(0), some = reach_measure(20);

    (void)state;
    assert_true(all.asked / REACH_RUNS >= 80 && all.finds / REACH_RUNS <= 3 + 9 + 27 + 81);
    assert_true(all.any_found >= REACH_RUNS * 9 / 10);
    assert_true(some.any_found >= REACH_RUNS * 7 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_known_here_is_answered_at_once),
        cmocka_unit_test(who_may_not_search_is_told_what_is_known_here),
        cmocka_unit_test(a_search_goes_four_hops_far_and_comes_back),
        cmocka_unit_test(who_knows_enough_passes_nothing_on),
        cmocka_unit_test(loops_and_duplicates_are_passed_on_once),
        cmocka_unit_test(silent_neighbours_cost_two_seconds_and_nothing_else),
        cmocka_unit_test(a_client_searches_once_in_two_seconds),
        cmocka_unit_test(a_client_asks_five_times_at_once_and_strangers_share),
        cmocka_unit_test(a_flood_of_clients_sends_a_link_one_query_in_two_seconds),
        cmocka_unit_test(more_clients_than_may_wait_are_refused),
        cmocka_unit_test(kinds_of_nat_are_heeded),
        cmocka_unit_test(many_relays_come_in_several_messages),
        cmocka_unit_test(a_search_reaches_a_third_of_three_hundred_relays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
