/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a session goes through: a server that restarts, silence, and a client that moves. */
#include "proto/link/link.h"
#include "proto/link/quic/conn.h"
#include "proto/link/quic/hub.h"
#include "tests/support/fixture.h"
#include "tests/support/link_fixture.h"

static void restarted_server_resets_old_connections_at_once(void **state)
{
    static struct net net;
    struct handle client, server;
    const struct net_event *closed;

    (void)state;
    for (int same = 0; same < 2; same++) {
        net_init(&net, 10);
        net_start(&net);
        assert_true(net_open(&net, &client, &server));
        link_hub_free(net.hubs[NET_SERVER]);
        net.configs[NET_SERVER].reset_secret[0] ^= same == 1 ? 0 : 1;
        net_hub_start(&net, NET_SERVER);
        (void)link_hub_datagram(net.hubs[NET_CLIENT], client, (const uint8_t *)"x", 1, NULL, 0);
        net_run(&net, 50);
        assert_true(link_hub_stats(net.hubs[NET_SERVER])->reset_sent > 0);
        closed = net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED);
        if (same == 1) {
            assert_non_null(closed);
            assert_int_equal(closed->event.reason, LINK_REASON_RESET);
        } else {
            assert_null(closed); /* a token that is not the server's resets nothing */
        }
        net_fini(&net);
    }
}

/* Neither end knows the connection: what one says is for the other one more packet of it. */
static void two_ends_without_state_soon_fall_silent(void **state)
{
    static struct net net;
    static uint8_t bytes[1200];

    (void)state;
    net_init(&net, 12);
    net_start(&net);
    for (size_t first = 1; first <= sizeof(bytes); first += first < 64 ? 1 : 284) {
        size_t size = first;
        unsigned resets = 0;

        memset(bytes, 0x55, size); /* a short header: 0x40 is set, 0x80 is not */
        for (;;) {
            const struct dgram in = {.local = net.addrs[NET_SERVER],
                                     .remote = net.addrs[NET_CLIENT],
                                     .data = bytes,
                                     .size = size};

            outbox_clear(&net.box);
            link_hub_receive(net.hubs[NET_SERVER], &in, net.now);
            link_hub_transmit(net.hubs[NET_SERVER], &net.box, net.now);
            if (net.box.items_count == 0) {
                break;
            }
            resets++;
            size = net.box.items[0].size;
            memcpy(bytes, net.box.bytes + net.box.items[0].offset, size);
        }
        assert_int_equal(resets, first <= RESET_SIZE_MIN ? 0 : first <= RESET_SIZE_MAX ? 1 : 2);
        net.now = mono_add_ms(net.now, 100);
    }
    net_fini(&net);
}

static void silence_after_data_is_a_stall_once(void **state)
{
    static struct net net;
    struct handle client, server;
    const uint8_t byte = 1;

    (void)state;
    net_init(&net, 11);
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    net_run(&net, 5000);
    assert_int_equal(net_count(&net, NET_CLIENT, LINK_EVENT_STALLED), 0);
    net.wire.cut = true;
    (void)link_hub_datagram(net.hubs[NET_CLIENT], client, &byte, 1, NULL, 0);
    net_run(&net, 900);
    assert_int_equal(net_count(&net, NET_CLIENT, LINK_EVENT_STALLED), 0);
    net_run(&net, 200);
    assert_int_equal(net_count(&net, NET_CLIENT, LINK_EVENT_STALLED), 1);
    net_run(&net, 3000);
    assert_int_equal(net_count(&net, NET_CLIENT, LINK_EVENT_STALLED), 1);
    net.wire.cut = false;
    net_run(&net, 10000);
    net.wire.cut = true;
    (void)link_hub_datagram(net.hubs[NET_CLIENT], client, &byte, 1, NULL, 0);
    net_run(&net, 1200);
    assert_int_equal(net_count(&net, NET_CLIENT, LINK_EVENT_STALLED), 2);
    assert_int_equal(net_count(&net, NET_SERVER, LINK_EVENT_STALLED), 0);
    net_fini(&net);
}

static bool eat_for_server(struct net *net, struct wire_packet *p)
{
    return !endpoint_equal(&p->to, &net->addrs[NET_SERVER]);
}

/* A lost packet is repeated after the peer's last packet came: from the repetition on, the peer
 * owes an answer. */
static void silence_after_an_answer_to_something_else_is_a_stall(void **state)
{
    static struct net net;
    struct handle client, server;
    const uint8_t byte = 1;

    (void)state;
    net_init(&net, 15);
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    net_run(&net, 5000);
    net.hook = eat_for_server;
    (void)link_hub_datagram(net.hubs[NET_CLIENT], client, &byte, 1, NULL, 0);
    (void)link_hub_datagram(net.hubs[NET_SERVER], server, &byte, 1, NULL, 0);
    net_run(&net, 8);
    assert_int_equal(net.datagrams[NET_CLIENT], 1);
    net.wire.cut = true;
    net_run(&net, 900);
    assert_int_equal(net_count(&net, NET_CLIENT, LINK_EVENT_STALLED), 0);
    net_run(&net, 400);
    assert_int_equal(net_count(&net, NET_CLIENT, LINK_EVENT_STALLED), 1);
    net_fini(&net);
}

static void moved_client_is_followed_after_validation(void **state)
{
    static const uint8_t new_ip[4] = {203, 0, 113, 77};
    static struct net net;
    struct handle client, server;
    struct endpoint any = {.port = 0}, remote;
    const uint8_t byte = 1;

    (void)state;
    for (int migrate = 0; migrate < 2; migrate++) {
        net_init(&net, 12);
        net_start(&net);
        assert_true(net_open(&net, &client, &server));
        net.addrs[NET_CLIENT] = endpoint_v4(new_ip, 6000);
        if (migrate == 1) {
            link_hub_migrate(net.hubs[NET_CLIENT], client, &any, net.now);
        } else {
            (void)link_hub_datagram(net.hubs[NET_CLIENT], client, &byte, 1, NULL, 0);
        }
        net_run(&net, 1000);
        assert_int_equal(net_count(&net, NET_SERVER, LINK_EVENT_MOVED), 1);
        assert_true(endpoint_equal(&net_find(&net, NET_SERVER, LINK_EVENT_MOVED)->event.remote,
                                   &net.addrs[NET_CLIENT]));
        remote = conn_find(&net.hubs[NET_SERVER]->shared.tables, server)->carrier.remote;
        assert_true(endpoint_equal(&remote, &net.addrs[NET_CLIENT]));
        memset(net.datagrams, 0, sizeof(net.datagrams));
        assert_true(link_hub_datagram(net.hubs[NET_CLIENT], client, &byte, 1, NULL, 0));
        assert_true(link_hub_datagram(net.hubs[NET_SERVER], server, &byte, 1, NULL, 0));
        net_run(&net, 100);
        assert_int_equal(net.datagrams[NET_SERVER], 1);
        assert_int_equal(net.datagrams[NET_CLIENT], 1);
        assert_null(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED));
        net_fini(&net);
    }
}

static void client_may_move_many_times(void **state)
{
    static struct net net;
    struct handle client, server;
    struct endpoint any = {.port = 0};

    (void)state;
    net_init(&net, 13);
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    for (int i = 0; i < 12; i++) {
        net.addrs[NET_CLIENT].port = (uint16_t)(7000 + i);
        link_hub_migrate(net.hubs[NET_CLIENT], client, &any, net.now);
        net_run(&net, 1000);
    }
    assert_int_equal(net_count(&net, NET_SERVER, LINK_EVENT_MOVED), 12);
    assert_null(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED));
    assert_null(net_find(&net, NET_SERVER, LINK_EVENT_CLOSED));
    net_fini(&net);
}

/* As between two Wi-Fis: where it was before, it need not prove anew that it is there. */
static void client_that_comes_back_is_followed(void **state)
{
    static struct net net;
    const uint32_t stays_ms[] = {100, 1000, 30000, 300000};
    struct handle client, server;
    struct endpoint any = {.port = 0}, remote;
    size_t moves = 0;

    (void)state;
    net_init(&net, 15);
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    for (size_t i = 0; i < 12; i++) {
        net.addrs[NET_CLIENT].port = (uint16_t)(i % 2 == 0 ? 7000 : 7001);
        link_hub_migrate(net.hubs[NET_CLIENT], client, &any, net.now);
        net_run(&net, 1000);
        moves++;
        assert_int_equal(net_count(&net, NET_SERVER, LINK_EVENT_MOVED), moves);
        remote = conn_find(&net.hubs[NET_SERVER]->shared.tables, server)->carrier.remote;
        assert_true(endpoint_equal(&remote, &net.addrs[NET_CLIENT]));
        net_run(&net, stays_ms[i / 3]);
    }
    assert_null(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED));
    net_fini(&net);
}

/* Packets seem to come from another address, as an observer could copy them. Nobody answers there,
 * so the server must not follow. */
static bool copy_from_elsewhere(struct net *net, struct wire_packet *p)
{
    static const uint8_t elsewhere[4] = {203, 0, 113, 66};

    if (endpoint_equal(&p->to, &net->addrs[NET_SERVER])) {
        p->from = endpoint_v4(elsewhere, 9);
    }
    return true;
}

static void address_that_does_not_answer_moves_nothing(void **state)
{
    static struct net net;
    struct handle client, server;
    struct endpoint remote;
    const uint8_t byte = 1;

    (void)state;
    net_init(&net, 14);
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    net.hook = copy_from_elsewhere;
    (void)link_hub_datagram(net.hubs[NET_CLIENT], client, &byte, 1, NULL, 0);
    net_run(&net, 20);
    net.hook = NULL;
    net_run(&net, 5000);
    assert_int_equal(net_count(&net, NET_SERVER, LINK_EVENT_MOVED), 0);
    remote = conn_find(&net.hubs[NET_SERVER]->shared.tables, server)->carrier.remote;
    assert_true(endpoint_equal(&remote, &net.addrs[NET_CLIENT]));
    memset(net.datagrams, 0, sizeof(net.datagrams));
    (void)link_hub_datagram(net.hubs[NET_CLIENT], client, &byte, 1, NULL, 0);
    (void)link_hub_datagram(net.hubs[NET_SERVER], server, &byte, 1, NULL, 0);
    net_run(&net, 3000);
    assert_int_equal(net.datagrams[NET_SERVER], 1);
    assert_int_equal(net.datagrams[NET_CLIENT], 1);
    net_fini(&net);
}

/* Whatever a handshake has come to, its client learns at once that nothing will come of it. */
static void a_server_that_ends_tells_who_is_no_session_yet(void **state)
{
    static const uint8_t nobody[KEY_SIZE];
    static struct net net;
    struct handle client, server;
    size_t half = 0;

    (void)state;
    for (unsigned ms = 15; ms < 100; ms += 5) {
        net_init(&net, 17);
        net_start(&net);
        assert_true(net_open(&net, &client, &server));
        net.wire.delay_us = 10000;
        (void)net_dial(&net, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key);
        net_run(&net, ms);
        half += net_count(&net, NET_CLIENT, LINK_EVENT_OPEN) == 1 ? 1 : 0;
        link_hub_shut(net.hubs[NET_SERVER], 0, "the relay stops", net.now);
        net_run(&net, 40);
        assert_int_equal(net_count(&net, NET_CLIENT, LINK_EVENT_CLOSED), 2);
        (void)net_dial(&net, LINK_WANT_RELAY, nobody);
        net_run(&net, 40);
        assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->connections, 0);
        net_fini(&net);
    }
    assert_in_range(half, 3, 16); /* handshakes in several of their parts */
}

/* How many datagrams both send in so many ms. */
static unsigned sent_in(struct net *net, uint64_t ms)
{
    uint64_t before = net->wire.sent;

    net_run(net, ms);
    return (unsigned)(net->wire.sent - before);
}

static void an_idle_session_sends_something_as_often_as_is_wanted(void **state)
{
    static struct net net;
    struct handle client, server;
    unsigned seldom, often;

    (void)state;
    net_init(&net, 18);
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    net_run(&net, 20000);
    seldom = sent_in(&net, 60000);
    link_hub_keepalive(net.hubs[NET_CLIENT], client, 5000, net.now);
    often = sent_in(&net, 60000);
    print_message("datagrams a minute: %u, then %u\n", seldom, often);
    assert_in_range(seldom, 6, 12); /* each is answered */
    assert_in_range(often, 22, 36);
    /* It is not the accepting side's to choose. */
    link_hub_keepalive(net.hubs[NET_SERVER], server, 100, net.now);
    assert_in_range(sent_in(&net, 60000), 22, 36);
    /* After a ping it is as often as before. */
    link_hub_ping(net.hubs[NET_CLIENT], client, net.now);
    net_run(&net, 1000);
    assert_in_range(sent_in(&net, 60000), 22, 36);
    net_fini(&net);
}

static void to_ask_for_an_answer_takes_few_packets(void **state)
{
    static struct net net;
    struct handle client, server;
    unsigned sent;

    (void)state;
    net_init(&net, 19);
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    net_run(&net, 20000);
    net.wire.delay_us = 100000;
    link_hub_ping(net.hubs[NET_CLIENT], client, net.now);
    sent = sent_in(&net, 1000);
    print_message("%u datagrams with a round trip of 200 ms\n", sent);
    assert_in_range(sent, 2, 30);
    net_fini(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restarted_server_resets_old_connections_at_once),
        cmocka_unit_test(two_ends_without_state_soon_fall_silent),
        cmocka_unit_test(silence_after_data_is_a_stall_once),
        cmocka_unit_test(a_server_that_ends_tells_who_is_no_session_yet),
        cmocka_unit_test(silence_after_an_answer_to_something_else_is_a_stall),
        cmocka_unit_test(moved_client_is_followed_after_validation),
        cmocka_unit_test(client_may_move_many_times),
        cmocka_unit_test(client_that_comes_back_is_followed),
        cmocka_unit_test(address_that_does_not_answer_moves_nothing),
        cmocka_unit_test(an_idle_session_sends_something_as_often_as_is_wanted),
        cmocka_unit_test(to_ask_for_an_answer_takes_few_packets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
