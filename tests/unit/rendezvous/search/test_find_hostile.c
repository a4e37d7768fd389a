/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searches among neighbours that flood, break the rules, and lie. */
#include "tests/support/find_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A Find as peer 0 sends it to peer 1. */
static void find_post(struct find_net *net, size_t origin, uint64_t number, uint32_t hops)
{
    Ziglan__Find body = ZIGLAN__FIND__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    char *apps[] = {control_text("chess")};

    body.apps = apps;
    body.n_apps = 1;
    body.count = 24;
    body.origin = control_bytes(net->peers[origin].key, KEY_SIZE);
    body.query = number;
    body.hops = hops;
    message.body_case = ZIGLAN__CONTROL__BODY_FIND;
    message.find = &body;
    find_net_post(net, 0, 1, &message);
}

static void a_flood_of_queries_is_cut_at_the_link(void **state)
{
    struct find_net *net = find_net_chain(4);
    const struct find_stats *stats = find_stats(net->peers[1].find);
    uint64_t flood = 2000;

    (void)state;
    for (uint64_t i = 0; i < flood; i++) {
        find_post(net, 0, i, FIND_HOPS_MAX);
        find_net_run(net, 10);
    }
    /* 20 s: what is taken in does not exceed the link's share, and what goes out is less still */
    find_net_run(net, FIND_NET_HOP_MS);
    assert_int_equal(stats->queries, 17);
    assert_int_equal(stats->limit_link, flood - stats->queries);
    assert_int_equal(stats->sent, 13);
    assert_int_equal(find_stats(net->peers[2].find)->limit_link, 0);
    assert_true(stats->remembered <= stats->queries);
    find_net_free(net);
}

static void queries_that_break_the_rules_are_ignored(void **state)
{
    struct find_net *net = find_net_chain(3);
    const struct find_stats *stats = find_stats(net->peers[1].find);
    Ziglan__Find empty = ZIGLAN__FIND__INIT;

    (void)state;
    find_post(net, 0, 1, 0);
    find_post(net, 1, 2, 2);             /* its own */
    find_post(net, 2, 3, FIND_HOPS_MAX); /* who begins must be who sends */
    find_post(net, 0, 4, 2);             /* who sends must begin with all hops */
    find_net_run(net, 100);
    find_on_find(net->peers[1].find, net->peers[0].key, &empty, net->now);
    assert_int_equal(stats->malformed, 5);
    assert_int_equal(stats->remembered + stats->sent, 0);
    find_net_free(net);
}

/* Peer `from` tells peer 0 that `about` helps `app`. */
static void result_post(struct find_net *net, size_t from, uint64_t number, size_t about,
                        const char *app, size_t times)
{
    struct find_result result;
    struct find_relay relay = find_net_relay(&net->peers[about]);

    relay.app = app;
    find_result_begin(&result);
    for (size_t i = 0; i < times; i++) {
        assert_true(find_result_add(&result, &relay, true));
    }
    result.body.origin = control_bytes(net->peers[0].key, KEY_SIZE);
    result.body.query = number;
    find_net_post(net, from, 0, &result.control);
}

/* The number of the query that lies in the last letter. */
static uint64_t number_posted(struct find_net *net)
{
    const struct find_letter *letter = &net->letters[(net->last - 1) % FIND_NET_LETTERS_MAX];
    Ziglan__Control *message;

    assert_int_equal(control_unpack(&message, &net->arena, letter->bytes, letter->size), ERR_OK);
    return message->find->query;
}

static void only_what_was_asked_for_and_is_believed_comes_through(void **state)
{
    struct find_net *net = find_net_new(6, 3);
    const struct find_stats *stats = find_stats(net->peers[0].find);
    uint64_t number;

    (void)state;
    find_net_link(net, 0, 1);
    net->peers[1].silent = true; /* the test speaks for it */
    find_net_help(&net->peers[2], true, 1);
    find_net_help(&net->peers[3], true, 1);
    find_net_help(&net->peers[5], true, 1);
    net->peers[3].forged = true;
    assert_int_equal(find_net_look(net, 0, 1, 24, true), VERDICT_OK);
    number = number_posted(net);
    result_post(net, 2, number, 2, "chess", 1);     /* was not asked */
    result_post(net, 1, number + 1, 2, "chess", 1); /* another query */
    result_post(net, 1, number, 3, "chess", 1);     /* not believed */
    result_post(net, 1, number, 4, "chess", 1);     /* its record does not say so */
    result_post(net, 1, number, 2, "other", 1);     /* not wanted */
    result_post(net, 1, number, 2, "poker", 1);     /* wanted, but its record does not say so */
    result_post(net, 1, number, 2, "chess", 3);     /* good, once */
    find_net_run(net, 100);
    assert_int_equal(stats->results_unwanted, 2);
    assert_int_equal(stats->relays_refused, 4);
    /* Seven of 24 are spent; what is beyond is not even looked at. */
    result_post(net, 1, number, 3, "chess", 12);
    result_post(net, 1, number, 3, "chess", 12);
    result_post(net, 1, number, 5, "chess", 1);
    find_net_run(net, 3000);
    assert_int_equal(stats->relays_refused, 4 + 17);
    assert_int_equal(net->peers[0].found, 1);
    assert_int_equal(net->peers[0].found_peers[0], 2);
    result_post(net, 1, number, 2, "chess", 1); /* nobody waits any more */
    find_net_run(net, 100);
    assert_int_equal(net->peers[0].answers, 1);
    find_net_free(net);
}

static void a_liar_takes_nothing_from_what_others_find(void **state)
{
    struct find_net *net = find_net_new(5, 4);
    uint64_t number;

    (void)state;
    find_net_link(net, 0, 1);
    find_net_link(net, 0, 2);
    find_net_help(&net->peers[2], true, 1);
    find_net_help(&net->peers[3], true, 1);
    net->peers[3].forged = true;
    net->peers[1].silent = true;
    assert_int_equal(find_net_look(net, 0, 1, 24, true), VERDICT_OK);
    number = number_posted(net);
    result_post(net, 1, number, 3, "chess", 12);
    result_post(net, 1, number, 3, "chess", 12);
    find_net_run(net, 3000);
    assert_int_equal(net->peers[0].found, 1);
    assert_int_equal(net->peers[0].found_peers[0], 2);
    find_net_free(net);
}

/* A relay of which a neighbour told is dialled, and believed before the client is answered. */
static void what_becomes_believed_in_time_is_told(void **state)
{
    struct find_net *net = find_net_new(4, 7);
    uint64_t number;

    (void)state;
    find_net_link(net, 0, 1);
    find_net_help(&net->peers[2], true, 1);
    find_net_help(&net->peers[3], true, 1);
    net->peers[2].forged = net->peers[3].forged = true;
    net->peers[1].silent = true;
    assert_int_equal(find_net_look(net, 0, 1, 24, true), VERDICT_OK);
    number = number_posted(net);
    result_post(net, 1, number, 2, "chess", 2);
    result_post(net, 1, number, 3, "chess", 1);
    find_net_run(net, 1000);
    net->peers[2].forged = false;
    find_net_run(net, 2000);
    assert_int_equal(net->peers[0].answers, 1);
    assert_int_equal(net->peers[0].found, 1);
    assert_int_equal(net->peers[0].found_peers[0], 2);
    find_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_of_queries_is_cut_at_the_link),
        cmocka_unit_test(queries_that_break_the_rules_are_ignored),
        cmocka_unit_test(only_what_was_asked_for_and_is_believed_comes_through),
        cmocka_unit_test(a_liar_takes_nothing_from_what_others_find),
        cmocka_unit_test(what_becomes_believed_in_time_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
