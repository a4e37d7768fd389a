/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bounds of docs/security.md that a flood of packets would reach only slowly: each is filled from
 * inside the hub, and holds. */
#include "proto/link/link.h"
#include "proto/link/quic/conn.h"
#include "proto/link/quic/hub.h"
#include "tests/support/fixture.h"
#include "tests/support/link_fixture.h"

/* An Initial of a version that nobody speaks, large enough to deserve an answer. */
static void ask_unknown_version(struct net *net)
{
    static uint8_t bytes[1200] = {0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8, 1, 2, 3, 4, 5, 6, 7, 8, 8};
    const struct dgram in = {.local = net->addrs[NET_SERVER],
                             .remote = net->addrs[NET_CLIENT],
                             .data = bytes,
                             .size = sizeof(bytes)};

    link_hub_receive(net->hubs[NET_SERVER], &in, net->now);
}

static void stateless_answers_have_a_rate_and_a_waiting_room(void **state)
{
    static struct net net;
    const struct link_stats *stats;
    uint64_t sent;

    (void)state;
    net_init(&net, 1);
    net_start(&net);
    stats = link_hub_stats(net.hubs[NET_SERVER]);
    for (int i = 0; i < ANSWERS_MAX + 10; i++) { /* nobody transmits: the room is full */
        ask_unknown_version(&net);
    }
    assert_int_equal(stats->version_sent, ANSWERS_MAX);
    for (int i = 0; i < ANSWERS_PER_S + 500; i++) {
        outbox_clear(&net.box);
        link_hub_transmit(net.hubs[NET_SERVER], &net.box, net.now);
        ask_unknown_version(&net);
    }
    assert_int_equal(stats->version_sent, ANSWERS_PER_S);
    net.now = mono_add_ms(net.now, 100);
    sent = stats->version_sent;
    for (int i = 0; i < ANSWERS_PER_S; i++) {
        outbox_clear(&net.box);
        link_hub_transmit(net.hubs[NET_SERVER], &net.box, net.now);
        ask_unknown_version(&net);
    }
    assert_int_equal(stats->version_sent - sent, ANSWERS_PER_S / 10);
    net_fini(&net);
}

/* As many datagrams as the session takes now: single ones are refused before it is full, two in a
 * row say that it is. Returns their bytes. */
static size_t fill(struct net *net, struct handle handle)
{
    static const uint8_t body[1000];
    size_t size = 0;
    unsigned refused = 0;

    while (refused < 2) {
        if (link_hub_datagram(net->hubs[NET_CLIENT], handle, body, 33, body, sizeof(body) - 33)) {
            size += sizeof(body);
            refused = 0;
        } else {
            refused++;
        }
    }
    return size;
}

static void queues_of_all_sessions_share_a_bound(void **state)
{
    static struct net net;
    enum { ALL = LINK_SESSION_QUEUE_BYTES + 188 * 1024 };
    struct handle handles[3], server;

    (void)state;
    net_init(&net, 9);
    net.configs[NET_CLIENT].queue_bytes_max = ALL;
    net_start(&net);
    for (int i = 0; i < 3; i++) {
        assert_true(net_open(&net, &handles[i], &server));
    }
    for (int again = 0; again < 2; again++) {
        size_t first = fill(&net, handles[0]);
        assert_in_range(first, LINK_SESSION_QUEUE_BYTES - 9000, LINK_SESSION_QUEUE_BYTES);
        assert_in_range(fill(&net, handles[1]), ALL - first - 9000, ALL - first);
        /* Nothing is left, but each session has a little of its own. */
        assert_in_range(fill(&net, handles[2]), LINK_SESSION_QUEUE_MIN - 2000,
                        LINK_SESSION_QUEUE_MIN);
        assert_true(link_hub_datagrams_waiting(net.hubs[NET_CLIENT], handles[2]) <=
                    LINK_SESSION_QUEUE_MIN);
        net_run(&net, 5000);
        assert_int_equal(link_hub_datagrams_waiting(net.hubs[NET_CLIENT], handles[0]), 0);
    }
    /* What a closed session had waiting is room again. */
    (void)fill(&net, handles[0]);
    link_hub_close(net.hubs[NET_CLIENT], handles[0], 0, "away", net.now);
    net_run(&net, 20000);
    assert_true(fill(&net, handles[1]) > LINK_SESSION_QUEUE_BYTES - 9000);
    assert_int_equal(net.hubs[NET_CLIENT]->shared.sessions.space.bytes,
                     link_hub_datagrams_waiting(net.hubs[NET_CLIENT], handles[1]));
    net_fini(&net);
}

static void readers_of_pages_beyond_the_cap_stay_half_open(void **state)
{
    static struct net net;
    struct link_conn *conns[HUB_ANONYMOUS_MAX + 2];
    struct hub_tables *tables;
    struct link_hub *hub;

    (void)state;
    net_init(&net, 2);
    net_start(&net);
    hub = net.hubs[NET_SERVER];
    tables = &hub->shared.tables;
    for (size_t i = 0; i < sizeof(conns) / sizeof(conns[0]); i++) {
        const uint8_t ip[4] = {10, 0, (uint8_t)(i >> 8), (uint8_t)i};

        const struct endpoint remote = endpoint_v4(ip, 5000);

        conns[i] = conn_new(&hub->shared, false, &net.addrs[NET_SERVER], &remote);
        assert_non_null(conns[i]);
        hub_half_open_enter(tables, &conns[i]->door, &remote);
        assert_int_equal(hub_anonymous_enter(tables, &conns[i]->door), i < HUB_ANONYMOUS_MAX);
        assert_int_equal(conns[i]->door.anonymous, i < HUB_ANONYMOUS_MAX);
        assert_int_equal(conns[i]->door.half_open, i >= HUB_ANONYMOUS_MAX);
    }
    assert_int_equal(tables->anonymous_count, HUB_ANONYMOUS_MAX);
    assert_int_equal(link_hub_stats(hub)->half_open, 2);
    hub_half_open_leave(tables, &conns[0]->door); /* one went: there is room for one more */
    assert_true(hub_anonymous_enter(tables, &conns[HUB_ANONYMOUS_MAX]->door));
    assert_true(conns[HUB_ANONYMOUS_MAX]->door.anonymous);
    for (size_t i = 0; i < sizeof(conns) / sizeof(conns[0]); i++) {
        conn_die(conns[i]);
    }
    assert_int_equal(tables->anonymous_count, 0);
    net_fini(&net);
}

static void a_client_may_have_so_many_requests_at_once(void **state)
{
    static struct net net;
    struct handle client, server;
    const struct link_conn *conn;
    int64_t id;
    int opened = 0;

    (void)state;
    net_init(&net, 3);
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    conn = conn_find(&net.hubs[NET_CLIENT]->shared.tables, client);
    assert_non_null(conn);
    while (opened < 100 && ngtcp2_conn_open_bidi_stream(conn->quic, &id, NULL) == 0) {
        opened++;
    }
    assert_int_equal(opened, H3_STREAMS_MAX - 1); /* the session has one */
    net_fini(&net);
}

static void a_session_whose_events_nobody_polls_ends_and_is_released(void **state)
{
    static struct net net;
    struct handle client, server;
    struct link_session *session;
    struct link_hub *hub;

    (void)state;
    net_init(&net, 5);
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    net_forget_events(&net);
    hub = net.hubs[NET_CLIENT];
    session = &conn_find(&hub->shared.tables, client)->session;
    while (session->state == SESSION_STATE_OPEN) {
        link_session_on_moved(session);
    }
    assert_int_equal(hub->shared.sessions.events.count, EVENT_COUNT_MAX);
    outbox_clear(&net.box);
    link_hub_transmit(hub, &net.box, net.now);
    assert_int_equal(link_hub_stats(hub)->connections, 0);
    assert_int_equal(slab_count(hub->shared.tables.conns), 1); /* somebody must be told */
    for (int i = 0; i < EVENT_COUNT_MAX + 1; i++) {
        struct link_event event;

        assert_true(link_hub_event(hub, &event));
        assert_int_equal(event.type, i < EVENT_COUNT_MAX ? LINK_EVENT_MOVED : LINK_EVENT_CLOSED);
        assert_int_equal(event.reason, i < EVENT_COUNT_MAX ? LINK_REASON_NONE : LINK_REASON_LIMIT);
    }
    assert_int_equal(slab_count(hub->shared.tables.conns), 0);
    net_fini(&net);
}

static void datagrams_get_no_capsule_while_too_much_waits(void **state)
{
    enum { SIZE = 8900, COUNT = 55 };
    static struct net net;
    static uint8_t bytes[SIZE];
    struct handle client, server;
    const struct link_stats *stats;

    (void)state;
    net_init(&net, 4);
    net.wire.size_max = 1300; /* so that large ones need the capsule */
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    net.wire.cut = true;
    stats = link_hub_stats(net.hubs[NET_CLIENT]);
    for (int i = 0; i < COUNT; i++) {
        assert_true(link_hub_datagram(net.hubs[NET_CLIENT], client, bytes, 1, bytes, SIZE - 1));
    }
    net_run(&net, 300);
    assert_int_equal(stats->dgram_capsule_sent + stats->dgram_dropped_queue, COUNT);
    assert_in_range(stats->dgram_capsule_sent, SESSION_CAPSULES_MAX / SIZE,
                    SESSION_CAPSULES_MAX / SIZE + 2);
    net_fini(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stateless_answers_have_a_rate_and_a_waiting_room),
        cmocka_unit_test(queues_of_all_sessions_share_a_bound),
        cmocka_unit_test(readers_of_pages_beyond_the_cap_stay_half_open),
        cmocka_unit_test(a_client_may_have_so_many_requests_at_once),
        cmocka_unit_test(a_session_whose_events_nobody_polls_ends_and_is_released),
        cmocka_unit_test(datagrams_get_no_capsule_while_too_much_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
