/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions over a path whose MTU shrinks; and losses that must not be taken for that. */
#include "proto/link/link.h"
#include "tests/support/controls.h"
#include "tests/support/fixture.h"
#include "tests/support/link_fixture.h"

/* False if the queue is full. */
static bool send_one(struct net *net, int from, struct handle handle, size_t size)
{
    static const uint8_t body[8192] = {5};

    return link_hub_datagram(net->hubs[from], handle, body, 33, body, size - 33);
}

static void send_large(struct net *net, int from, struct handle handle, size_t size)
{
    assert_true(send_one(net, from, handle, size));
}

/* Now and then a large datagram goes each way. Both ends notice that such packets no longer arrive,
 * find the size that still passes, and find the old size again when the path takes it again. */
static void path_that_shrinks_is_noticed_by_both_ends(void **state)
{
    enum { SIZE = 1380 };
    static struct net net;
    struct handle client, server;

    (void)state;
    net_init(&net, 30);
    net.wire.size_max = 1472;
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    net_run(&net, 5000);
    assert_true(link_hub_datagram_size(net.hubs[NET_CLIENT], client) >= SIZE);
    assert_true(link_hub_datagram_size(net.hubs[NET_SERVER], server) >= SIZE);
    net.wire.size_max = 1300;
    for (int i = 0; i < 2; i++) {
        send_large(&net, NET_CLIENT, client, SIZE);
        send_large(&net, NET_SERVER, server, SIZE);
        net_run(&net, 1000);
    }
    memset(net.datagrams, 0, sizeof(net.datagrams));
    for (int i = 0; i < 5; i++) {
        send_large(&net, NET_CLIENT, client, SIZE);
        send_large(&net, NET_SERVER, server, SIZE);
        net_run(&net, 1000);
    }
    assert_int_equal(net.datagrams[NET_SERVER], 5);
    assert_int_equal(net.datagrams[NET_CLIENT], 5);
    assert_in_range(link_hub_datagram_size(net.hubs[NET_CLIENT], client), 1180, 1232);
    assert_int_equal(net_count(&net, NET_CLIENT, LINK_EVENT_STALLED), 0);
    assert_null(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED));
    net.wire.size_max = 1472;
    net_run(&net, 60000);
    send_large(&net, NET_CLIENT, client, SIZE);
    send_large(&net, NET_SERVER, server, SIZE);
    net_run(&net, 2000);
    assert_true(link_hub_datagram_size(net.hubs[NET_CLIENT], client) >= SIZE);
    assert_true(link_hub_datagram_size(net.hubs[NET_SERVER], server) >= SIZE);
    net_fini(&net);
}

/* Control passes a path that shrank, because its packets need not be large. */
static void control_passes_a_path_that_shrank(void **state)
{
    static struct net net;
    static uint8_t large[CONTROL_SIZE_MAX];
    struct handle client, server;
    size_t size = controls_changes(large, 7);

    (void)state;
    net_init(&net, 31);
    net.wire.size_max = 8972;
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    net_run(&net, 30000);
    assert_true(link_hub_datagram_size(net.hubs[NET_SERVER], server) > 8000);
    net.wire.size_max = 1252;
    net.wire.loss_per_mille = 50;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(link_hub_control(net.hubs[NET_SERVER], server, large, size), ERR_OK);
    }
    net_run(&net, 8000);
    assert_int_equal(net_count(&net, NET_CLIENT, LINK_EVENT_CONTROL), 20);
    net_fini(&net);
}

/* Losses of packets of all sizes, and a path that is down for a while, do not change the size. */
static void loss_and_silence_do_not_make_packets_smaller(void **state)
{
    enum { SIZE = 1380 };
    static struct net net;
    struct handle client, server;

    (void)state;
    net_init(&net, 32);
    net.wire.size_max = 1472;
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    net_run(&net, 5000);
    for (int i = 0; i < 3000; i++) {
        net.wire.loss_per_mille = i % 500 < 50 ? 300 : 50;
        net.wire.cut = i % 1000 > 950;
        send_large(&net, NET_CLIENT, client, SIZE);
        send_large(&net, NET_SERVER, server, SIZE);
        net_run(&net, 10);
    }
    assert_int_equal(link_hub_stats(net.hubs[NET_CLIENT])->dgram_capsule_sent, 0);
    assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->dgram_capsule_sent, 0);
    net_fini(&net);
}

/* How a flow of large datagrams comes. */
struct flow {
    uint64_t delay_us; /* of the wire */
    unsigned at_once, every_ms;
    bool both_ways;
};

static void flow_for(struct net *net, const struct flow *flow, struct handle client,
                     struct handle server, uint64_t ms)
{
    enum { SIZE = 1280 };

    for (uint64_t passed = 0; passed < ms; passed += flow->every_ms) {
        for (unsigned i = 0; i < flow->at_once; i++) {
            (void)send_one(net, NET_SERVER, server, SIZE);
            if (flow->both_ways) {
                (void)send_one(net, NET_CLIENT, client, SIZE);
            }
        }
        net_run(net, flow->every_ms);
    }
}

/* For how long nothing of the flow came to this end from now on, in ms; at most limit_ms. */
static unsigned heals_after_ms(struct net *net, const struct flow *flow, const struct handle *at,
                               int end, unsigned limit_ms)
{
    unsigned ms = 0;

    do {
        memset(net->datagrams, 0, sizeof(net->datagrams));
        flow_for(net, flow, at[NET_CLIENT], at[NET_SERVER], flow->every_ms);
        ms += flow->every_ms;
    } while (net->datagrams[end] == 0 && ms < limit_ms);
    return ms;
}

/* Large datagrams fill the window and the queue when the path shrinks, so nothing small goes out by
 * itself. What is still sent then must be small, or nothing is ever answered; and it must be sent
 * soon. */
static void flow_of_large_datagrams_goes_on_after_the_path_shrank(void **state)
{
    enum { LIMIT_MS = 1000 };
    static const struct flow flows[] = {
        {500, 1, 50, false},  {500, 10, 10, false},   {500, 40, 5, true},    {10000, 4, 5, false},
        {10000, 40, 5, true}, {50000, 40, 10, false}, {50000, 40, 10, true}, {50000, 4, 50, false},
        {50000, 1, 20, true}};

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(flows); i++) {
        static struct net net;
        struct handle client, server, at[2];

        net_init(&net, 33 + i);
        net.wire.size_max = 1372;
        net.wire.delay_us = flows[i].delay_us;
        net_start(&net);
        assert_true(net_open(&net, &client, &server));
        net_run(&net, 5000);
        at[NET_CLIENT] = client;
        at[NET_SERVER] = server;
        flow_for(&net, &flows[i], client, server, 1000);
        net.wire.size_max = 1272;
        flow_for(&net, &flows[i], client, server, flows[i].delay_us / 1000 + 10); /* on their way */
        unsigned ms = heals_after_ms(&net, &flows[i], at, NET_CLIENT, 3 * LIMIT_MS);

        if (flows[i].both_ways) {
            unsigned other_ms = heals_after_ms(&net, &flows[i], at, NET_SERVER, 3 * LIMIT_MS);

            ms = other_ms > ms ? other_ms : ms;
        }
        print_message("flow %zu: healed after %u ms\n", i, ms);
        assert_true(ms <= LIMIT_MS);
        net_fini(&net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_that_shrinks_is_noticed_by_both_ends),
        cmocka_unit_test(control_passes_a_path_that_shrank),
        cmocka_unit_test(flow_of_large_datagrams_goes_on_after_the_path_shrank),
        cmocka_unit_test(loss_and_silence_do_not_make_packets_smaller),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
