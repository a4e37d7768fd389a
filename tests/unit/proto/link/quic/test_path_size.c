/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions over a path whose MTU shrinks; and losses that must not be taken for that. */
#include "proto/link/link.h"
#include "tests/support/controls.h"
#include "tests/support/fixture.h"
#include "tests/support/link_fixture.h"

static void send_large(struct net *net, int from, struct handle handle, size_t size)
{
    static const uint8_t body[8192] = {5};

    assert_true(link_hub_datagram(net->hubs[from], handle, body, 33, body, size - 33));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_that_shrinks_is_noticed_by_both_ends),
        cmocka_unit_test(control_passes_a_path_that_shrank),
        cmocka_unit_test(loss_and_silence_do_not_make_packets_smaller),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
