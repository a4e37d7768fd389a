/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A relay whose router lets a port in for it: others measure that port, and only then it counts. */
#include "relayd/service/mesh.h"

#include "tests/support/relay_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 6, PORT = 6000, SENT_MAX = 256 };

static size_t home; /* the last relay */

/* Before the last relay is a router that lets in answers, and all that comes to one port. */
static struct endpoint sent_to[SENT_MAX];
static size_t sent_to_count;
static uint16_t open_port; /* 0: none */

static bool router(struct relay_net *net, const struct endpoint *from, const struct endpoint *to)
{
    const struct endpoint *own = &net->nodes[home].address;
    const struct endpoint *other = endpoint_same_ip(from, own) ? to : from;

    for (size_t i = 0; i < sent_to_count; i++) {
        if (endpoint_equal(&sent_to[i], other)) {
            return true;
        }
    }
    if (endpoint_same_ip(from, own) && from->port == own->port) {
        assert_true(sent_to_count < SENT_MAX);
        sent_to[sent_to_count++] = *to;
        return true;
    }
    return !endpoint_same_ip(to, own) || to->port == open_port;
}

static struct relay_net *net_of_so_many(size_t count, uint64_t seed, uint16_t port)
{
    struct relay_net *net = relay_net_new(count, seed);

    home = count - 1;
    sent_to_count = 0;
    open_port = port;
    net->lets = router;
    relay_net_peers(net);
    relay_net_start(net);
    return net;
}

static struct relay_net *net_of(uint64_t seed, uint16_t port)
{
    return net_of_so_many(COUNT, seed, port);
}

static bool is_reached(const struct relay_net *net)
{
    enum reach_state state = net->nodes[home].core->reach.state;

    return state == REACH_STATE_PUBLIC || state == REACH_STATE_FULL_CONE;
}

static bool is_known_at(const struct relay_net *net, size_t by, uint16_t port)
{
    struct node_found found;

    return mesh_find(net->nodes[by].core->mesh.mesh, relay_net_key(net, home), &found) &&
           endpoint_same_ip(&found.address, &net->nodes[home].address) &&
           found.address.port == port;
}

static void a_mapped_port_is_measured_and_then_announced(void **state)
{
    struct relay_net *net = net_of(3, PORT);
    struct relay_core *core = net->nodes[home].core;
    unsigned s = 0;

    (void)state;
    relay_net_run(net, 60000);
    assert_false(is_reached(net));
    relay_core_mapped(core, PORT, net->now);
    for (; s < 60 && !is_reached(net); s++) {
        relay_net_run(net, 1000);
    }
    print_message("reached %u s after it was mapped\n", s);
    assert_true(is_reached(net));
    assert_int_equal(core->reach.address.port, PORT);
    relay_net_run(net, 60000);
    for (size_t i = 0; i < home; i++) {
        assert_true(is_known_at(net, i, PORT));
    }
    relay_net_free(net);
}

/* The results of that round are of another port. */
static void a_mapping_that_comes_during_a_round_is_measured_in_the_next_one(void **state)
{
    struct relay_net *net = net_of(7, PORT);
    struct relay_core *core = net->nodes[home].core;
    unsigned s = 0;

    (void)state;
    while (core->reach.state != REACH_STATE_CHECKING) {
        relay_net_run(net, 100);
    }
    relay_net_run(net, 1000);
    assert_int_equal(core->reach.state, REACH_STATE_CHECKING);
    relay_core_mapped(core, PORT, net->now);
    for (; s < 60 && !is_reached(net); s++) {
        relay_net_run(net, 1000);
    }
    print_message("reached %u s after it was mapped\n", s);
    assert_true(s <= 10);
    assert_int_equal(core->reach.address.port, PORT);
    relay_net_free(net);
}

static void what_a_router_only_says_is_believed_by_nobody(void **state)
{
    struct relay_net *net = net_of(4, 0);

    (void)state;
    relay_core_mapped(net->nodes[home].core, PORT, net->now);
    for (unsigned s = 0; s < 120; s++) {
        relay_net_run(net, 1000);
        assert_false(is_reached(net));
    }
    for (size_t i = 0; i < home; i++) {
        assert_false(is_known_at(net, i, PORT));
    }
    relay_net_free(net);
}

/* Another router is before it, or the mapping is for another line. */
static void a_mapping_that_does_not_work_does_not_stand_in_the_way_of_what_does(void **state)
{
    struct relay_net *net = net_of(5, 0);
    const struct reach_service *reach = &net->nodes[home].core->reach;

    (void)state;
    open_port = net->nodes[home].address.port;
    relay_core_mapped(net->nodes[home].core, PORT, net->now);
    relay_net_run(net, 120000);
    assert_true(is_reached(net));
    assert_int_equal(reach->address.port, net->nodes[home].address.port);
    relay_net_free(net);
}

static void a_mapping_that_goes_is_forgotten(void **state)
{
    struct relay_net *net = net_of(6, PORT);

    (void)state;
    relay_core_mapped(net->nodes[home].core, PORT, net->now);
    relay_net_run(net, 90000);
    assert_true(is_reached(net));
    open_port = 0;
    sent_to_count = 0;
    relay_core_mapped(net->nodes[home].core, 0, net->now);
    relay_net_run(net, 60000);
    assert_false(is_reached(net));
    relay_net_free(net);
}

/* There are only neighbours, to whom a NAT may be open; but not at a port that no packet of ours is
 * seen at. */
static void neighbours_prove_a_mapped_port_that_no_packet_opened(void **state)
{
    static const uint8_t inside[4] = {192, 168, 1, 2};
    struct relay_net *net = net_of_so_many(2, 9, PORT);
    struct reach_service *reach = &net->nodes[home].core->reach;

    (void)state;
    relay_net_run(net, 60000);
    relay_core_mapped(net->nodes[home].core, PORT, net->now);
    for (unsigned s = 0; s < 60 && !is_reached(net); s++) {
        reach->local = endpoint_v4(inside, 4433); /* it is behind a NAT */
        relay_net_run(net, 1000);
    }
    assert_true(is_reached(net));
    assert_int_equal(reach->reached, 0);
    assert_true(reach->by_port > 0);
    assert_false(endpoint_is_none(&reach->watch.open)); /* that is beyond doubt */
    relay_net_free(net);
}

/* A job that relay 0 passes on to relay 1. Returns how many dials that makes. */
static size_t dials_for(struct relay_net *net, const struct endpoint *target)
{
    struct relay_core *core = net->nodes[1].core;
    Ziglan__ReachJob body = ZIGLAN__REACH_JOB__INIT;
    Ziglan__Address address = ZIGLAN__ADDRESS__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint8_t somebody[KEY_SIZE] = {9};
    size_t used = 0;

    address.ip = control_ip(target);
    address.port = target->port;
    body.id = 77;
    body.subject = control_bytes(somebody, KEY_SIZE);
    body.address = &address;
    message.body_case = ZIGLAN__CONTROL__BODY_REACH_JOB;
    message.reach_job = &body;
    reach_jobs_on_job(&core->reach.jobs,
                      neighbour_of_key(&core->base.neighbours, relay_net_key(net, 0))->client,
                      message.reach_job, net->now);
    for (size_t i = 0; i < REACH_DIALS_MAX; i++) {
        used += core->mesh.dials.list[i].used ? 1 : 0;
    }
    return used;
}

/* Two relays behind one router: it need not let the one in from inside to the other. */
static void who_comes_from_ones_own_address_is_not_measured(void **state)
{
    static const uint8_t elsewhere[4] = {203, 0, 113, 77}, inside[4] = {192, 168, 1, 2};
    struct relay_net *net = net_of(8, PORT);
    struct endpoint target = net->nodes[1].address;

    (void)state;
    relay_net_run(net, 60000);
    target.port = PORT;
    net->nodes[1].core->reach.local = endpoint_v4(inside, 4433);
    assert_int_equal(dials_for(net, &target), 0);
    target = endpoint_v4(elsewhere, PORT);
    assert_int_equal(dials_for(net, &target), 1);
    relay_net_free(net);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mapped_port_is_measured_and_then_announced),
        cmocka_unit_test(a_mapping_that_comes_during_a_round_is_measured_in_the_next_one),
        cmocka_unit_test(what_a_router_only_says_is_believed_by_nobody),
        cmocka_unit_test(a_mapping_that_does_not_work_does_not_stand_in_the_way_of_what_does),
        cmocka_unit_test(a_mapping_that_goes_is_forgotten),
        cmocka_unit_test(neighbours_prove_a_mapped_port_that_no_packet_opened),
        cmocka_unit_test(who_comes_from_ones_own_address_is_not_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
