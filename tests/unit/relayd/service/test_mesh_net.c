/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Relays that know one of them come to know all, and stay one when some go, come back, or move. */
#include "relayd/service/mesh.h"

#include "tests/support/relay_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 6 };

/* All but the first know the first, and nobody else. */
static struct relay_net *net_of(size_t count, uint64_t seed)
{
    struct relay_net *net = relay_net_new(count, seed);

    relay_net_peers(net);
    relay_net_start(net);
    return net;
}

static bool knows(const struct relay_net *net, size_t i, size_t about)
{
    struct node_found found;

    return mesh_find(net->nodes[i].core->mesh.mesh, relay_net_key(net, about), &found);
}

/* How many relays that run know how many others that run, in all. */
static size_t known(const struct relay_net *net)
{
    size_t count = 0;

    for (size_t i = 0; i < net->count; i++) {
        for (size_t k = 0; k < net->count; k++) {
            count += i != k && net->nodes[i].core != NULL && net->nodes[k].core != NULL &&
                             knows(net, i, k)
                         ? 1
                         : 0;
        }
    }
    return count;
}

/* Seconds until so many know each other; gives up after `most`. */
static unsigned seconds_until(struct relay_net *net, size_t wanted, unsigned most)
{
    unsigned s = 0;

    while (known(net) < wanted && s < most) {
        relay_net_run(net, 1000);
        s++;
    }
    return s;
}

static void relays_that_know_one_come_to_know_all(void **state)
{
    struct relay_net *net = net_of(COUNT, 11);
    unsigned s = seconds_until(net, COUNT * (COUNT - 1), 120);

    (void)state;
    print_message("%u relays know each other after %u s\n", (unsigned)COUNT, s);
    assert_int_equal(known(net), COUNT * (COUNT - 1));
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(net->nodes[i].core->reach.state, REACH_STATE_PUBLIC);
        assert_true(endpoint_equal(&net->nodes[i].core->reach.address, &net->nodes[i].address));
        assert_non_null(net->nodes[i].core->delegation.hello.node_record);
    }
    relay_net_free(net);
}

/* To the last relay only those get through to whom it has sent: it is behind a NAT that lets
 * nothing else in. */
static struct endpoint sent_to[256];
static size_t sent_to_count;
static bool any_port; /* from the addresses to which it has sent, whatever the port */

static bool only_who_is_asked(struct relay_net *net, const struct endpoint *from,
                              const struct endpoint *to)
{
    const struct endpoint *last = &net->nodes[net->count - 1].address;
    const struct endpoint *other = endpoint_equal(from, last) ? to : from;
    bool asked = false;

    for (size_t i = 0; i < sent_to_count; i++) {
        asked = asked || endpoint_equal(&sent_to[i], other) ||
                (any_port && endpoint_same_ip(&sent_to[i], other));
    }
    if (endpoint_equal(from, last) && !asked) {
        assert_true(sent_to_count < sizeof(sent_to) / sizeof(sent_to[0]));
        sent_to[sent_to_count++] = *to;
    }
    return asked || !endpoint_equal(to, last);
}

static void who_lets_in_only_answers_is_never_taken_for_reachable(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed < 120; seed++) {
        struct relay_net *net = net_of(COUNT, seed);
        const struct reach_service *reach = &net->nodes[COUNT - 1].core->reach;

        sent_to_count = 0;
        any_port = seed % 2 == 0;
        net->lets = only_who_is_asked;
        /* Where all are its neighbours, they can tell the ports apart, but not the addresses. */
        for (int s = 0; s < (any_port ? 50 : 90); s++) {
            relay_net_run(net, 1000);
            if (reach->state == REACH_STATE_PUBLIC || reach->state == REACH_STATE_FULL_CONE) {
                print_message("seed %u, second %d\n", (unsigned)seed, s);
                fail();
            }
        }
        assert_false(knows(net, 1, COUNT - 1));
        relay_net_free(net);
    }
}

static void a_relay_that_nobody_reaches_does_not_announce_itself(void **state)
{
    struct relay_net *net = net_of(COUNT, 12);

    (void)state;
    sent_to_count = 0;
    any_port = false;
    net->lets = only_who_is_asked;
    relay_net_run(net, 90000);
    assert_int_equal(net->nodes[COUNT - 1].core->reach.state, REACH_STATE_NOT_REACHABLE);
    assert_int_equal(net->nodes[COUNT - 1].core->reach.fault, REACH_FAULT_CLOSED);
    assert_null(net->nodes[COUNT - 1].core->delegation.hello.node_record);
    assert_false(knows(net, 1, COUNT - 1));
    assert_true(knows(net, COUNT - 1, 1)); /* it knows the others all the same */
    /* The port is opened: it is found out by itself. */
    net->lets = NULL;
    relay_net_run(net, 300000);
    assert_int_equal(net->nodes[COUNT - 1].core->reach.state, REACH_STATE_PUBLIC);
    assert_int_equal(known(net), COUNT * (COUNT - 1));
    relay_net_free(net);
}

static bool halves(const struct relay_net *net, size_t from, size_t to)
{
    return (from < net->count / 2) == (to < net->count / 2);
}

static void a_partition_heals(void **state)
{
    struct relay_net *net = net_of(COUNT, 13);

    (void)state;
    (void)seconds_until(net, COUNT * (COUNT - 1), 120);
    net->passes = halves;
    relay_net_run(net, 600000);
    net->passes = NULL;
    relay_net_run(net, 120000);
    for (size_t i = 1; i < COUNT; i++) {
        assert_non_null(neighbour_of_key(relay_net_neighbours(net, i), relay_net_key(net, 0)));
    }
    assert_int_equal(known(net), COUNT * (COUNT - 1));
    relay_net_free(net);
}

static void the_subnet_survives_its_first_relay_and_restarts(void **state)
{
    struct relay_net *net = net_of(COUNT, 14);
    uint64_t opened;

    (void)state;
    (void)seconds_until(net, COUNT * (COUNT - 1), 120);
    relay_net_run(net, 60000);
    relay_node_stop(&net->nodes[0]);
    relay_net_run(net, 120000);
    for (size_t i = 1; i < COUNT; i++) {
        assert_true(relay_net_neighbours(net, i)->count > 1);
    }
    /* One restarts, and knows all at once, from its store: it needs nobody of its configuration. */
    relay_core_shutdown(net->nodes[1].core, 1000, false, net->now);
    relay_net_run(net, 400);
    relay_node_stop(&net->nodes[1]);
    relay_node_start(&net->nodes[1], net->now);
    for (size_t i = 2; i < COUNT; i++) {
        assert_true(knows(net, 1, i));
    }
    opened = net->nodes[1].core->base.counters.neighbours_opened;
    relay_net_run(net, 60000);
    assert_true(net->nodes[1].core->base.counters.neighbours_opened > opened);
    assert_int_equal(net->nodes[1].core->reach.state, REACH_STATE_PUBLIC);
    relay_net_free(net);
}

static void what_a_relay_learned_just_before_it_stopped_is_kept(void **state)
{
    struct relay_net *net = net_of(COUNT, 16);

    (void)state;
    (void)seconds_until(net, COUNT * (COUNT - 1), 120);
    relay_core_shutdown(net->nodes[1].core, 1000, false, net->now);
    relay_net_run(net, 400);
    relay_node_stop(&net->nodes[1]);
    relay_node_start(&net->nodes[1], net->now);
    for (size_t i = 2; i < COUNT; i++) {
        assert_true(knows(net, 1, i));
    }
    relay_net_free(net);
}

static void an_idle_relay_sends_little(void **state)
{
    struct relay_net *net = net_of(COUNT, 15);
    uint64_t before;

    (void)state;
    (void)seconds_until(net, COUNT * (COUNT - 1), 120);
    relay_net_run(net, 120000);
    before = net->nodes[1].core->base.counters.received_bytes;
    relay_net_run(net, 600000);
    before = net->nodes[1].core->base.counters.received_bytes - before;
    print_message("an idle relay of %u receives %u bytes a second\n", (unsigned)COUNT,
                  (unsigned)(before / 600));
    assert_true(before / 600 < 2000);
    relay_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relays_that_know_one_come_to_know_all),
        cmocka_unit_test(a_relay_that_nobody_reaches_does_not_announce_itself),
        cmocka_unit_test(who_lets_in_only_answers_is_never_taken_for_reachable),
        cmocka_unit_test(a_partition_heals),
        cmocka_unit_test(the_subnet_survives_its_first_relay_and_restarts),
        cmocka_unit_test(what_a_relay_learned_just_before_it_stopped_is_kept),
        cmocka_unit_test(an_idle_relay_sends_little),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
