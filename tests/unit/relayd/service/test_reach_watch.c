/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A relay behind a full-cone NAT, whose address or port changes while it runs. */
#include "relayd/service/reach_watch.h"

#include "tests/support/relay_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 6, SEEDS = 2, NOTICED_MS = 8000, KNOWN_MS = 15000 };

static const uint8_t inside_ip[4] = {192, 168, 7, 2}, first_ip[4] = {198, 51, 100, 30},
                     other_ip[4] = {198, 51, 100, 31};

/* All but the first know the first; the one at home is behind a NAT. */
static struct relay_net *net_of(uint64_t seed, size_t home)
{
    struct relay_net *net = relay_net_new(COUNT, seed);

    net->nodes[home].address = endpoint_v4(inside_ip, 4433);
    net->outside[home] = endpoint_v4(first_ip, 4433);
    relay_net_peers(net);
    relay_net_start(net);
    relay_net_run(net, 120000 + seed * 1700); /* another moment between two looks at the mapping */
    assert_int_equal(net->nodes[home].core->reach.state, REACH_STATE_FULL_CONE);
    for (size_t i = 0; i < COUNT; i++) { /* and they say so in their records */
        assert_int_equal(net->nodes[i].core->mesh.own.nat_kind,
                         i == home ? RECORD_NODE_NAT_FULL_CONE : RECORD_NODE_NAT_PUBLIC);
    }
    assert_true(endpoint_equal(&net->nodes[home].core->reach.address, &net->outside[home]));
    return net;
}

/* All others believe that it is where it is. */
static bool all_know(const struct relay_net *net, size_t home)
{
    for (size_t i = 0; i < COUNT; i++) {
        struct node_found found;

        if (i != home &&
            (!mesh_find(net->nodes[i].core->mesh.mesh, relay_net_key(net, home), &found) ||
             !endpoint_equal(&found.address, &net->outside[home]))) {
            return false;
        }
    }
    return true;
}

/* It is where it is from now on: by when does it know itself, and by when do all know? */
static void expect_known(struct relay_net *net, size_t home)
{
    const struct reach_service *reach = &net->nodes[home].core->reach;
    struct mono began = net->now, noticed = MONO_NEVER;

    while (!all_know(net, home) && mono_ms_between(began, net->now) < 120000) {
        relay_net_run(net, 100);
        if (noticed.ns == MONO_NEVER.ns && endpoint_equal(&reach->address, &net->outside[home]) &&
            reach->until.ns == MONO_NEVER.ns) {
            noticed = net->now;
        }
    }
    print_message("noticed after %u ms, known to all after %u ms\n",
                  (unsigned)mono_ms_between(began, noticed),
                  (unsigned)mono_ms_between(began, net->now));
    assert_true(mono_ms_between(began, noticed) <= NOTICED_MS);
    assert_true(mono_ms_between(began, net->now) <= KNOWN_MS);
    assert_int_equal(reach->state, REACH_STATE_FULL_CONE);
}

static void the_provider_gives_it_another_address(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct relay_net *net = net_of(seed, COUNT - 1);

        assert_true(all_know(net, COUNT - 1));
        net->outside[COUNT - 1] = endpoint_v4(other_ip, 4433);
        expect_known(net, COUNT - 1);
        relay_net_free(net);
    }
}

static void the_router_gives_it_another_port(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct relay_net *net = net_of(seed, COUNT - 1);

        net->outside[COUNT - 1].port = 5433;
        expect_known(net, COUNT - 1);
        relay_net_free(net);
    }
}

/* The sessions that others dialled cannot follow it. */
static void it_is_found_again_where_all_others_dialled_it(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct relay_net *net = net_of(seed, 0);

        net->outside[0] = endpoint_v4(other_ip, 4433);
        expect_known(net, 0);
        relay_net_free(net);
    }
}

static bool cut;

static bool passes(const struct relay_net *net, size_t from, size_t to)
{
    return !cut || (from != net->count - 1 && to != net->count - 1);
}

static void it_comes_back_elsewhere_after_a_while_without_a_line(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct relay_net *net = net_of(seed, COUNT - 1);

        cut = true;
        net->passes = passes;
        relay_net_run(net, 15000 * seed);
        net->outside[COUNT - 1] = endpoint_v4(other_ip, 5433);
        cut = false;
        expect_known(net, COUNT - 1);
        relay_net_free(net);
    }
}

/* What looking at the mapping costs, and that it stays as it is. */
static void it_sends_little_while_nothing_changes(void **state)
{
    struct relay_net *net = net_of(1, COUNT - 1);
    uint64_t home = net->sent[COUNT - 1].bytes, public = net->sent[1].bytes;

    (void)state;
    relay_net_run(net, 1000000);
    home = (net->sent[COUNT - 1].bytes - home) / 1000;
    public = (net->sent[1].bytes - public) / 1000;
    print_message("the relay at home sends %u bytes a second, a public one %u\n", (unsigned)home,
                  (unsigned)public);
    assert_true(home < 200);
    assert_true(all_know(net, COUNT - 1));
    relay_net_free(net);
}

/* ---- what the NAT lets in ---- */

enum { MANY = 14 };

static uint8_t sent_to[RELAY_NET_MAX]; /* by relay */

/* The last one's NAT lets in only relays to which it has sent, at any of their ports. */
static bool only_whom_it_sent_to(struct relay_net *net, const struct endpoint *from,
                                 const struct endpoint *to)
{
    const struct endpoint *home = &net->outside[net->count - 1];
    bool out = endpoint_equal(from, home);

    for (size_t i = 0; i + 1 < net->count; i++) {
        if (out && endpoint_same_ip(&net->nodes[i].address, to)) {
            sent_to[i] = 1;
        } else if (endpoint_equal(to, home) && endpoint_same_ip(&net->nodes[i].address, from)) {
            return sent_to[i] != 0;
        }
    }
    return true;
}

static struct relay_net *restricted_net(size_t count, uint64_t seed)
{
    struct relay_net *net = relay_net_new(count, seed);

    memset(sent_to, 0, sizeof(sent_to));
    net->nodes[count - 1].address = endpoint_v4(inside_ip, 4433);
    net->outside[count - 1] = endpoint_v4(first_ip, 4433);
    net->lets = only_whom_it_sent_to;
    relay_net_peers(net);
    relay_net_start(net);
    return net;
}

static void who_is_reached_by_neighbours_only_is_not_taken_for_reachable(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct relay_net *net = restricted_net(MANY, seed);
        const struct reach_service *reach = &net->nodes[MANY - 1].core->reach;
        unsigned restricted = 0;

        for (unsigned s = 0; s < 1800; s++) {
            relay_net_run(net, 1000);
            assert_int_not_equal(reach->state, REACH_STATE_FULL_CONE);
            restricted += reach->fault == REACH_FAULT_RESTRICTED ? 1 : 0;
        }
        print_message("it is called restricted in %u of 1800 s\n", restricted);
        assert_null(net->nodes[MANY - 1].core->delegation.hello.node_record);
        /* Its owner forwards the port. */
        net->lets = NULL;
        for (unsigned s = 0; s < 3600 && reach->state != REACH_STATE_FULL_CONE; s += 10) {
            relay_net_run(net, 10000);
        }
        assert_int_equal(reach->state, REACH_STATE_FULL_CONE);
        assert_false(reach_is_doubtful(reach));
        relay_net_free(net);
    }
}

/* Nobody is there to whom it does not send: others' word must do, and it is told that. */
static void where_all_are_neighbours_their_word_does_and_is_doubted(void **state)
{
    struct relay_net *net = restricted_net(2, 3);
    const struct reach_service *reach = &net->nodes[1].core->reach;

    (void)state;
    relay_net_run(net, 60000);
    assert_int_equal(reach->state, REACH_STATE_FULL_CONE);
    assert_true(reach_is_doubtful(reach));
    assert_true(mono_ms_between(net->now, reach->next_at) <= REACH_DOUBT_MS);
    relay_net_free(net);
}

static bool nobody_measures(struct relay_net *net, const struct endpoint *from,
                            const struct endpoint *to)
{
    (void)net;
    (void)to;
    return from->port != RELAY_NET_SECOND_PORT;
}

static void one_round_that_fails_withdraws_no_record_and_two_do(void **state)
{
    struct relay_net *net = net_of(2, COUNT - 1);
    struct relay_core *core = net->nodes[COUNT - 1].core;

    (void)state;
    net->lets = nobody_measures;
    core->reach.next_at = net->now;
    relay_net_run(net, 5000);
    assert_int_equal(core->reach.retry.silent, 1);
    assert_non_null(core->delegation.hello.node_record);
    net->lets = NULL;
    relay_net_run(net, 10000);
    assert_int_equal(core->reach.retry.silent, 0);
    assert_non_null(core->delegation.hello.node_record);

    net->lets = nobody_measures;
    core->reach.next_at = net->now;
    relay_net_run(net, 15000);
    assert_int_equal(core->reach.state, REACH_STATE_NOT_REACHABLE);
    assert_null(core->delegation.hello.node_record);
    relay_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_provider_gives_it_another_address),
        cmocka_unit_test(the_router_gives_it_another_port),
        cmocka_unit_test(it_is_found_again_where_all_others_dialled_it),
        cmocka_unit_test(it_comes_back_elsewhere_after_a_while_without_a_line),
        cmocka_unit_test(it_sends_little_while_nothing_changes),
        cmocka_unit_test(who_is_reached_by_neighbours_only_is_not_taken_for_reachable),
        cmocka_unit_test(where_all_are_neighbours_their_word_does_and_is_doubted),
        cmocka_unit_test(one_round_that_fails_withdraws_no_record_and_two_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
