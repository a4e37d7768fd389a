/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions between two hubs: what travels on one, and how it ends. */
#include "proto/link/link.h"
#include "proto/link/tls/suite.h"
#include "proto/wire/control.h"
#include "tests/support/controls.h"
#include "tests/support/fixture.h"
#include "tests/support/link_fixture.h"

/* A small Control. */
static size_t encode_gone(uint8_t *out, uint32_t reason)
{
    Ziglan__Control control;
    Ziglan__Gone gone;
    uint8_t dst[KEY_SIZE] = {9};
    size_t size;

    ziglan__control__init(&control);
    ziglan__gone__init(&gone);
    gone.dst = (ProtobufCBinaryData){.len = sizeof(dst), .data = dst};
    gone.reason = reason;
    control.body_case = ZIGLAN__CONTROL__BODY_GONE;
    control.gone = &gone;
    assert_int_equal(control_pack(out, CONTROL_SIZE_MAX, &size, &control), ERR_OK);
    return size;
}

static void control_travels_both_ways_up_to_its_cap(void **state)
{
    static struct net net;
    static uint8_t small[CONTROL_SIZE_MAX], large[CONTROL_SIZE_MAX + 1];
    struct handle client, server;
    size_t small_size, large_size;
    const struct net_event *control;

    (void)state;
    net_init(&net, 4);
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    small_size = encode_gone(small, 1);
    large_size = controls_changes(large, CONTROLS_MEMBER_COUNT_MAX);
    assert_int_equal(link_hub_control(net.hubs[NET_CLIENT], client, large, large_size), ERR_OK);
    assert_int_equal(link_hub_control(net.hubs[NET_SERVER], server, small, small_size), ERR_OK);
    assert_int_equal(link_hub_control(net.hubs[NET_SERVER], server, large, sizeof(large)),
                     ERR_DROP);
    net_run(&net, 500);
    control = net_find(&net, NET_SERVER, LINK_EVENT_CONTROL);
    assert_non_null(control);
    assert_int_equal(control->event.size, large_size);
    assert_memory_equal(control->data, large, large_size);
    control = net_find(&net, NET_CLIENT, LINK_EVENT_CONTROL);
    assert_non_null(control);
    assert_int_equal(control->event.size, small_size);
    assert_memory_equal(control->data, small, small_size);
    net_fini(&net);
}

static void control_that_nobody_reads_ends_the_session(void **state)
{
    static struct net net;
    static uint8_t large[CONTROL_SIZE_MAX];
    struct handle client, server;
    size_t size;
    int rc = ERR_OK, count = 0;

    (void)state;
    net_init(&net, 5);
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    net.wire.cut = true;
    size = controls_changes(large, CONTROLS_MEMBER_COUNT_MAX);
    while (rc == ERR_OK && count < 1000) {
        rc = link_hub_control(net.hubs[NET_CLIENT], client, large, size);
        count++;
    }
    assert_int_equal(rc, ERR_LIMIT);
    assert_in_range(count, 60, 80);
    net_run(&net, 10);
    assert_int_equal(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED)->event.reason,
                     LINK_REASON_LIMIT);
    net_fini(&net);
}

static void datagrams_travel_whole_and_large_ones_as_capsules(void **state)
{
    static struct net net;
    struct handle client, server;
    uint8_t head[33] = {1}, body[1367];
    const struct net_event *event;
    size_t small = 0, large = 0;

    (void)state;
    net_init(&net, 6);
    net.wire.size_max = 1252; /* IPv4 over a path of 1280 */
    net.keep_datagrams = true;
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    net_forget_events(&net);
    for (size_t i = 0; i < sizeof(body); i++) {
        body[i] = (uint8_t)i;
    }
    assert_in_range(link_hub_datagram_size(net.hubs[NET_CLIENT], client), 1150, 1232);
    for (int i = 0; i < 50; i++) {
        assert_true(link_hub_datagram(net.hubs[NET_CLIENT], client, head, 33, body, 100));
        assert_true(link_hub_datagram(net.hubs[NET_CLIENT], client, head, 33, body, 1367));
        net_run(&net, 20);
    }
    net_run(&net, 1000);
    for (size_t i = 0; i < net.events_count; i++) {
        event = &net.events[i];
        assert_int_equal(event->event.type, LINK_EVENT_DATAGRAM);
        assert_memory_equal(event->data, head, 33);
        assert_memory_equal(event->data + 33, body, event->event.size - 33);
        small += event->event.size == 133;
        large += event->event.size == 1400;
    }
    assert_int_equal(small, 50);
    assert_int_equal(large, 50);
    assert_int_equal(link_hub_stats(net.hubs[NET_CLIENT])->dgram_capsule_sent, 50);
    assert_int_equal(link_hub_stats(net.hubs[NET_CLIENT])->dgram_sent, 100);
    net_fini(&net);
}

static void path_mtu_is_found_and_large_datagrams_need_no_capsule(void **state)
{
    static const struct {
        size_t path, at_least, at_most;
    } cases[] = {{1472, 1400, 1452}, {8972, 8900, 8952}, {1372, 1300, 1352}, {1252, 1180, 1232}};
    static struct net net;
    struct handle client, server;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        net_init(&net, 20 + i);
        net.wire.size_max = cases[i].path;
        net_start(&net);
        assert_true(net_open(&net, &client, &server));
        net_run(&net, 5000);
        assert_in_range(link_hub_datagram_size(net.hubs[NET_CLIENT], client), cases[i].at_least,
                        cases[i].at_most);
        assert_in_range(link_hub_datagram_size(net.hubs[NET_SERVER], server), cases[i].at_least,
                        cases[i].at_most);
        net_fini(&net);
    }
}

static void full_queue_drops_the_newest_and_counts_it(void **state)
{
    static struct net net;
    struct handle client, server;
    uint8_t body[1000] = {0};
    uint64_t accepted = 0, refused = 0;

    (void)state;
    net_init(&net, 7);
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    for (int i = 0; i < 4 * LINK_SESSION_QUEUE_BYTES / 1000; i++) {
        if (link_hub_datagram(net.hubs[NET_CLIENT], client, body, 33, body, sizeof(body) - 33)) {
            accepted++;
        } else {
            refused++;
        }
    }
    assert_in_range(accepted, LINK_SESSION_QUEUE_BYTES / 1010, LINK_SESSION_QUEUE_BYTES / 1000);
    assert_int_equal(link_hub_stats(net.hubs[NET_CLIENT])->dgram_dropped_queue, refused);
    net_run(&net, 5000);
    assert_int_equal(net.datagrams[NET_SERVER], accepted);
    net_fini(&net);
}

static void close_delivers_what_was_said_before(void **state)
{
    static struct net net;
    uint8_t gone[CONTROL_SIZE_MAX];
    struct handle client, server;
    size_t size;

    (void)state;
    net_init(&net, 8);
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    size = encode_gone(gone, 0);
    assert_int_equal(link_hub_control(net.hubs[NET_SERVER], server, gone, size), ERR_OK);
    link_hub_close(net.hubs[NET_SERVER], server, 0x100, "going", net.now);
    net_run(&net, 100);
    assert_non_null(net_find(&net, NET_CLIENT, LINK_EVENT_CONTROL));
    assert_int_equal(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED)->event.reason, LINK_REASON_PEER);
    assert_int_equal(net_find(&net, NET_SERVER, LINK_EVENT_CLOSED)->event.reason,
                     LINK_REASON_LOCAL);
    assert_int_equal(link_hub_control(net.hubs[NET_SERVER], server, gone, size), ERR_DROP);
    assert_false(link_hub_datagram(net.hubs[NET_CLIENT], client, gone, 1, gone, 1));
    assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->connections, 0);
    assert_int_equal(link_hub_stats(net.hubs[NET_CLIENT])->connections, 0);
    net_fini(&net);
}

static void loss_of_one_in_twenty_still_opens(void **state)
{
    static struct net net;
    struct handle client, server;

    (void)state;
    for (uint64_t seed = 100; seed < 120; seed++) {
        net_init(&net, seed);
        net.wire.loss_per_mille = 50;
        net_start(&net);
        assert_true(net_open(&net, &client, &server));
        net_fini(&net);
    }
}

static uint64_t hash_of_run(uint64_t seed)
{
    static struct net net;
    struct handle client, server;
    uint8_t body[1300] = {3};
    uint64_t hash;

    net_init(&net, seed);
    net.wire.loss_per_mille = 20;
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    for (int i = 0; i < 100; i++) {
        (void)link_hub_datagram(net.hubs[NET_CLIENT], client, body, 33, body, sizeof(body) - 33);
        (void)link_hub_datagram(net.hubs[NET_SERVER], server, body, 33, body, (size_t)i * 10);
        net_run(&net, 7);
    }
    net_run(&net, 60000);
    hash = net.hash;
    net_fini(&net);
    return hash;
}

static void same_seed_gives_the_same_bytes(void **state)
{
    uint64_t first = hash_of_run(31), second = hash_of_run(31), other = hash_of_run(32);

    (void)state;
    assert_true(first == second);
    assert_true(first != other);
}

static void forged_packets_are_refused_by_every_offered_cipher(void **state)
{
    static struct net net;
    size_t offered = 0;

    (void)state;
    net_init(&net, 9);
    for (size_t i = 0; suite_name(i) != NULL; i++) {
        if (strstr(link_aead_list(), suite_name(i)) != NULL) {
            assert_true(suite_refuses_forgeries(i));
            offered++;
        }
    }
    assert_true(offered >= 1);
    assert_false(suite_refuses_forgeries(99));
    net_fini(&net);
}

static void keepalive_outlasts_the_idle_timeout(void **state)
{
    static struct net net;
    struct handle client, server;
    uint64_t sent;

    (void)state;
    net_init(&net, 40);
    net_start(&net);
    assert_true(net_open(&net, &client, &server));
    net_run(&net, 10000);
    sent = net.wire.sent;
    net_run(&net, 10 * LINK_IDLE_MS);
    assert_null(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED));
    assert_null(net_find(&net, NET_SERVER, LINK_EVENT_CLOSED));
    assert_in_range(net.wire.sent - sent, 30, 150);
    net.wire.cut = true;
    net_run(&net, 4 * LINK_IDLE_MS);
    assert_int_equal(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED)->event.reason,
                     LINK_REASON_TIMEOUT);
    assert_int_equal(net_find(&net, NET_SERVER, LINK_EVENT_CLOSED)->event.reason,
                     LINK_REASON_TIMEOUT);
    net_fini(&net);
}

static bool any_event(const struct net *net, enum link_event_type type)
{
    for (size_t i = 0; i < net->events_count; i++) {
        if (net->events[i].event.type == type) {
            return true;
        }
    }
    return false;
}

/* ngtcp2's trials for a larger path MTU are lost where the path does not take them. The peer owes
 * no answer to them, so that is no stall. */
static void lost_mtu_sizes_are_no_stall(void **state)
{
    static const size_t paths[] = {1472, 1452, 1372, 1252};
    static const uint64_t delays_us[] = {20, 300, 5000, 200000};
    static struct net net;
    struct handle client, server;
    uint8_t body[500] = {1};

    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        bool to_server = (i & 1) != 0, to_client = (i & 2) != 0;

        net_init(&net, 60 + i);
        net.wire.size_max = paths[i / 4 % 4];
        net.wire.delay_us = delays_us[i / 16];
        net_start(&net);
        assert_true(net_open(&net, &client, &server));
        for (int k = 0; (to_server || to_client) && k < 200; k++) {
            if (to_server) {
                (void)link_hub_datagram(net.hubs[NET_CLIENT], client, body, 1, body, sizeof(body));
            }
            if (to_client) {
                (void)link_hub_datagram(net.hubs[NET_SERVER], server, body, 1, body, sizeof(body));
            }
            net_run(&net, k % 10 == 9 ? 1500 : 3);
        }
        net_run(&net, 60000);
        assert_true(net.wire.too_large > 0);
        assert_false(any_event(&net, LINK_EVENT_STALLED));
        assert_false(any_event(&net, LINK_EVENT_CLOSED));
        net_fini(&net);
    }
}

static void quiet_session_survives_loss(void **state)
{
    static struct net net;
    struct handle client, server;

    (void)state;
    for (uint64_t seed = 200; seed < 220; seed++) {
        net_init(&net, seed);
        net.wire.size_max = 1472;
        net.wire.loss_per_mille = 30;
        net_start(&net);
        assert_true(net_open(&net, &client, &server));
        net_run(&net, 600000);
        assert_false(any_event(&net, LINK_EVENT_STALLED));
        assert_false(any_event(&net, LINK_EVENT_CLOSED));
        net_fini(&net);
    }
}

static void silence_ends_a_dial_in_time(void **state)
{
    static struct net net;

    (void)state;
    net_init(&net, 41);
    net_start(&net);
    net.wire.cut = true;
    (void)net_dial(&net, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key);
    net_run(&net, LINK_HANDSHAKE_MS_MAX - 100);
    assert_null(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED));
    assert_in_range(net.wire.sent, 4, 12);
    net_run(&net, 200);
    assert_int_equal(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED)->event.reason,
                     LINK_REASON_TIMEOUT);
    net_fini(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_travels_both_ways_up_to_its_cap),
        cmocka_unit_test(control_that_nobody_reads_ends_the_session),
        cmocka_unit_test(datagrams_travel_whole_and_large_ones_as_capsules),
        cmocka_unit_test(path_mtu_is_found_and_large_datagrams_need_no_capsule),
        cmocka_unit_test(full_queue_drops_the_newest_and_counts_it),
        cmocka_unit_test(close_delivers_what_was_said_before),
        cmocka_unit_test(loss_of_one_in_twenty_still_opens),
        cmocka_unit_test(same_seed_gives_the_same_bytes),
        cmocka_unit_test(forged_packets_are_refused_by_every_offered_cipher),
        cmocka_unit_test(keepalive_outlasts_the_idle_timeout),
        cmocka_unit_test(lost_mtu_sizes_are_no_stall),
        cmocka_unit_test(quiet_session_survives_loss),
        cmocka_unit_test(silence_ends_a_dial_in_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
