/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What floods of handshakes, and garbage, get from a hub: nothing that grows, and no crash. */
#include "proto/link/link.h"
#include "proto/link/quic/hub.h"
#include "tests/support/fixture.h"
#include "tests/support/initial_packet.h"
#include "tests/support/link_fixture.h"

enum { PACKET_LONG_FLAG = 0x80, PACKET_TYPE_MASK = 0x30, PACKET_TYPE_RETRY = 0x30 };

/* ---- floods of handshakes ---- */

static void client_scid_ip(const uint8_t *cid, struct endpoint *e)
{
    const uint8_t ip[4] = {10, cid[0], cid[1], cid[2]};

    *e = endpoint_v4(ip, 5000);
}

/* Each dial seems to come from an address of its own, made of its connection id (if the context is
 * true), and gets no packet of the server but Retry. */
static bool spoof(struct net *net, struct wire_packet *p)
{
    bool spread = *(const bool *)net->hook_context;

    if (endpoint_equal(&p->to, &net->addrs[NET_SERVER])) {
        size_t dcid_size = p->data[5];

        if (spread && (p->data[0] & PACKET_LONG_FLAG) != 0) {
            client_scid_ip(p->data + 6 + dcid_size + 1, &p->from);
        }
        return true;
    }
    p->to = net->addrs[NET_CLIENT];
    return (p->data[0] & (PACKET_LONG_FLAG | PACKET_TYPE_MASK)) ==
           (PACKET_LONG_FLAG | PACKET_TYPE_RETRY);
}

static void half_open_handshakes_are_bounded(void **state)
{
    static struct net net;
    const struct link_stats *stats;
    bool spread = true;

    (void)state;
    net_init(&net, 4);
    net.wire.delay_us = 100;
    net.hook = spoof;
    net.hook_context = &spread;
    net_start(&net);
    stats = link_hub_stats(net.hubs[NET_SERVER]);
    for (int i = 0; i < LINK_HALF_OPEN_RETRY; i++) {
        (void)net_dial(&net, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key);
    }
    net_run(&net, 5);
    assert_int_equal(stats->half_open, LINK_HALF_OPEN_RETRY);
    assert_int_equal(stats->retry_sent, 0);
    for (int i = LINK_HALF_OPEN_RETRY; i < LINK_HALF_OPEN_MAX; i++) {
        (void)net_dial(&net, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key);
        if (i % 32 == 0) {
            net_run(&net, 1);
        }
    }
    net_run(&net, 100);
    assert_int_equal(stats->half_open, LINK_HALF_OPEN_MAX);
    assert_in_range(stats->retry_sent, LINK_HALF_OPEN_MAX - LINK_HALF_OPEN_RETRY,
                    LINK_HALF_OPEN_MAX);
    assert_int_equal(stats->refused_half_open, 0);
    (void)net_dial(&net, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key);
    net_run(&net, 100);
    assert_true(stats->refused_half_open > 0);
    assert_int_equal(stats->half_open, LINK_HALF_OPEN_MAX);
    net_run(&net, LINK_HANDSHAKE_MS_MAX + 500);
    assert_int_equal(stats->half_open, 0);
    assert_int_equal(stats->connections, 0);
    net_fini(&net);
}

/* An Initial with these frames reaches the server, each from an address of its own. */
static void send_initial(struct net *net, uint32_t number, const uint8_t *frames, size_t size,
                         bool noise)
{
    const uint8_t ip[4] = {10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};
    uint8_t dcid[INITIAL_DCID_SIZE] = {1, 2, 3, ip[1], ip[2], ip[3]};
    uint8_t packet[INITIAL_PACKET_SIZE];
    struct dgram in = {.local = net->addrs[NET_SERVER],
                       .remote = endpoint_v4(ip, 5000),
                       .data = packet,
                       .size = sizeof(packet)};

    initial_packet_make(packet, dcid, frames, size);
    packet[600] ^= noise ? 1 : 0;
    link_hub_receive(net->hubs[NET_SERVER], &in, net->now);
    net_transmit(net, NET_SERVER);
}

/* A member dials, at once, while the server wants proof from everybody. */
static void opens_through_retry(struct net *net)
{
    uint64_t before = link_hub_stats(net->hubs[NET_SERVER])->retry_sent;
    struct handle client, server;

    net->wire.delay_us = 1;
    assert_true(net_open(net, &client, &server));
    assert_true(link_hub_stats(net->hubs[NET_SERVER])->retry_sent > before);
}

static void initials_that_do_not_open_make_no_connection(void **state)
{
    static struct net net;
    const struct link_stats *stats;
    const uint8_t ping[1] = {1};
    struct handle client, server;
    uint64_t before;
    uint32_t number = 0;

    (void)state;
    net_init(&net, 14);
    net_start(&net);
    stats = link_hub_stats(net.hubs[NET_SERVER]);
    while (number < 6000) {
        send_initial(&net, number++, ping, sizeof(ping), true);
    }
    assert_int_equal(stats->refused_noise, 6000);
    assert_int_equal(stats->retry_sent, 0);
    while (number < 12000) { /* more than may come in one second */
        send_initial(&net, number++, ping, sizeof(ping), true);
    }
    assert_in_range(stats->refused_noise, 7900, 8000);
    assert_in_range(stats->retry_sent, 64, 2000);
    assert_int_equal(stats->accepted, 0);
    assert_int_equal(stats->connections, 0);
    assert_true(net_open(&net, &client, &server));
    net_run(&net, 1000); /* all is forgotten */
    before = stats->retry_sent;
    send_initial(&net, number, ping, sizeof(ping), true);
    assert_int_equal(stats->retry_sent, before);
    net_fini(&net);
}

/* These open, and the connection that was made for them ends at once. */
static void initials_of_which_nothing_comes_make_all_prove_their_address(void **state)
{
    static struct net net;
    const struct link_stats *stats;
    const uint8_t reserved_frame[2] = {0x40, 0x7f};

    (void)state;
    net_init(&net, 15);
    net_start(&net);
    stats = link_hub_stats(net.hubs[NET_SERVER]);
    for (uint32_t i = 0; i < 1000; i++) {
        send_initial(&net, i, reserved_frame, sizeof(reserved_frame), false);
        assert_true(stats->half_open < LINK_HALF_OPEN_RETRY);
    }
    assert_in_range(stats->accepted, 390, 410);
    assert_in_range(stats->retry_sent, 590, 610);
    opens_through_retry(&net);
    net_fini(&net);
}

static void one_address_cannot_fill_the_house(void **state)
{
    static struct net net;
    const struct link_stats *stats;
    bool spread = false;

    (void)state;
    net_init(&net, 5);
    net.wire.delay_us = 100;
    net.hook = spoof;
    net.hook_context = &spread;
    net_start(&net);
    stats = link_hub_stats(net.hubs[NET_SERVER]);
    for (int i = 0; i < LINK_HALF_OPEN_PER_ADDR; i++) {
        (void)net_dial(&net, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key);
    }
    net_run(&net, 5);
    assert_int_equal(stats->half_open, LINK_HALF_OPEN_PER_ADDR);
    assert_int_equal(stats->retry_sent, 0);
    for (int i = 0; i < 100; i++) {
        (void)net_dial(&net, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key);
        net_run(&net, 1);
    }
    assert_true(stats->retry_sent > 0);
    assert_true(stats->refused_per_addr > 0);
    assert_int_equal(stats->half_open, 16 * LINK_HALF_OPEN_PER_ADDR);
    net_fini(&net);
}

static void dial_through_retry_opens(void **state)
{
    static struct net net;
    bool spread = false;

    (void)state;
    net_init(&net, 6);
    net.hook = spoof;
    net.hook_context = &spread;
    net_start(&net);
    for (int i = 0; i < LINK_HALF_OPEN_PER_ADDR; i++) {
        (void)net_dial(&net, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key);
    }
    net_run(&net, 20);
    net.hook = NULL;
    (void)net_dial(&net, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key);
    net_run(&net, 200);
    assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->retry_sent, 1);
    assert_true(link_hub_stats(net.hubs[NET_SERVER])->opened >= 1);
    assert_non_null(net_find(&net, NET_CLIENT, LINK_EVENT_OPEN));
    net_fini(&net);
}

static void connections_are_capped(void **state)
{
    static struct net net;
    struct handle handle;
    struct link_dial dial;

    (void)state;
    net_init(&net, 7);
    net.configs[NET_SERVER].connection_max = 2;
    net.configs[NET_CLIENT].connection_max = 3;
    net_start(&net);
    for (int i = 0; i < 3; i++) {
        (void)net_dial(&net, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key);
        net_run(&net, 100);
    }
    dial = net_whom(&net, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key);
    assert_int_equal(link_hub_dial(net.hubs[NET_CLIENT], &handle, &dial, net.now), ERR_LIMIT);
    assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->connections, 2);
    assert_true(link_hub_stats(net.hubs[NET_SERVER])->refused_connections > 0);
    net_fini(&net);
}

/* ---- garbage ---- */

enum { KEPT_MAX = 64 };

struct keeper {
    struct wire_packet kept[KEPT_MAX]; /* with data of their own */
    size_t count;
};

static bool keep(struct net *net, struct wire_packet *p)
{
    struct keeper *keeper = net->hook_context;

    if (keeper->count < KEPT_MAX) {
        keeper->kept[keeper->count] = *p;
        keeper->kept[keeper->count].data = fixture_copy(p->data, p->size);
        keeper->count++;
    }
    return true;
}

static void deliver_bytes(struct net *net, const struct wire_packet *p, uint8_t *data, size_t size)
{
    for (int i = 0; i < NET_HUBS; i++) {
        if (endpoint_equal(&p->to, &net->addrs[i])) {
            struct dgram in = {
                .local = net->addrs[i], .remote = p->from, .data = data, .size = size};

            link_hub_receive(net->hubs[i], &in, net->now);
            net_poll(net, i);
        }
    }
}

static void garbage_neither_crashes_nor_closes(void **state)
{
    static struct net net;
    static struct keeper keeper;
    static uint8_t bytes[2000];
    struct handle client, server;
    uint8_t payload[1000] = {0};

    (void)state;
    net_init(&net, 8);
    net_start(&net);
    net.hook = keep;
    net.hook_context = &keeper;
    assert_true(net_open(&net, &client, &server));
    for (int i = 0; i < 40; i++) {
        (void)link_hub_datagram(net.hubs[NET_CLIENT], client, payload, 500, payload, 500);
        (void)link_hub_datagram(net.hubs[NET_SERVER], server, payload, 10, payload, 10);
        net_run(&net, 10);
    }
    net.hook = NULL;
    for (int i = 0; i < 20000; i++) {
        const struct wire_packet *p = &keeper.kept[rng_u64(&net.ports.rng) % keeper.count];
        size_t size = p->size > sizeof(bytes) ? sizeof(bytes) : p->size;

        memcpy(bytes, p->data, size);
        switch (i % 4) {
        case 0:
            bytes[rng_u64(&net.ports.rng) % size] ^= (uint8_t)(1u << rng_u64(&net.ports.rng) % 8);
            break;
        case 1:
            size = rng_u64(&net.ports.rng) % size;
            break;
        case 2:
            rng_fill(&net.ports.rng, bytes + 9, size > 9 ? size - 9 : 0);
            break;
        default:
            rng_fill(&net.ports.rng, bytes, size);
            break;
        }
        deliver_bytes(&net, p, bytes, size);
        if (i % 50 == 0) {
            net_run(&net, 5);
        }
    }
    net_run(&net, 1000);
    assert_null(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED));
    assert_null(net_find(&net, NET_SERVER, LINK_EVENT_CLOSED));
    net.datagrams[NET_SERVER] = 0;
    assert_true(link_hub_datagram(net.hubs[NET_CLIENT], client, payload, 10, payload, 10));
    net_run(&net, 100);
    assert_int_equal(net.datagrams[NET_SERVER], 1);
    for (size_t i = 0; i < keeper.count; i++) {
        free(keeper.kept[i].data);
    }
    keeper.count = 0;
    net_fini(&net);
}

static void unknown_version_is_answered_small(void **state)
{
    static struct net net;
    static uint8_t bytes[1200] = {0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8, 1, 2, 3, 4, 5, 6, 7, 8, 8};
    struct wire_packet p;

    (void)state;
    net_init(&net, 9);
    net_start(&net);
    p.from = net.addrs[NET_CLIENT];
    p.to = net.addrs[NET_SERVER];
    deliver_bytes(&net, &p, bytes, sizeof(bytes));
    deliver_bytes(&net, &p, bytes, 1000); /* too small to deserve an answer */
    outbox_clear(&net.box);
    link_hub_transmit(net.hubs[NET_SERVER], &net.box, net.now);
    assert_int_equal(net.box.items_count, 1);
    assert_in_range(net.box.items[0].size, 20, 60);
    assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->version_sent, 1);
    net_fini(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_open_handshakes_are_bounded),
        cmocka_unit_test(initials_that_do_not_open_make_no_connection),
        cmocka_unit_test(initials_of_which_nothing_comes_make_all_prove_their_address),
        cmocka_unit_test(one_address_cannot_fill_the_house),
        cmocka_unit_test(dial_through_retry_opens),
        cmocka_unit_test(connections_are_capped),
        cmocka_unit_test(garbage_neither_crashes_nor_closes),
        cmocka_unit_test(unknown_version_is_answered_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
