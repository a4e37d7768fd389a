/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages of TLS that no honest peer sends (RFC 8446, section 4; RFC 9001, section 6). */
#include "proto/base/slab.h"
#include "proto/link/conn.h"
#include "proto/link/hub.h"
#include "proto/link/link.h"
#include "tests/unit/link_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { TYPE_KEY_UPDATE = 24, TYPE_LAST = 26, BODY_SIZE_MAX = 40 };

static const ngtcp2_encryption_level levels[] = {
    NGTCP2_ENCRYPTION_LEVEL_INITIAL,
    NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE,
    NGTCP2_ENCRYPTION_LEVEL_1RTT,
};

enum { LEVELS_COUNT = sizeof(levels) / sizeof(levels[0]) };

/* The only connection of a hub. */
static struct link_conn *only_conn(const struct net *net, int hub)
{
    struct handle cursor = HANDLE_NONE;
    struct link_conn *c = slab_next(net->hubs[hub]->conns, &cursor);

    assert_non_null(c);
    return c;
}

/* What one hub wants to send arrives at once, before anything else happens. */
static void shovel(struct net *net, int from)
{
    outbox_clear(&net->box);
    link_hub_transmit(net->hubs[from], &net->box, net->now);
    for (size_t i = 0; i < net->box.items_count; i++) {
        const struct dgram in = {.local = net->addrs[1 - from],
                                 .remote = net->addrs[from],
                                 .data = net->box.bytes + net->box.items[i].offset,
                                 .size = net->box.items[i].size};

        link_hub_receive(net->hubs[1 - from], &in, net->now);
    }
}

/*
 * A handshake in which one end has just said its Finished, and then says a message more: in the
 * same flight, unless the level has come and gone or is not there yet. False if the level takes
 * nothing.
 */
static bool say_after_finished(struct net *net, int sender, ngtcp2_encryption_level level,
                               const uint8_t *message, size_t size)
{
    (void)net_dial(net, LINK_WANT_RELAY, net->identities[NET_SERVER].public_key);
    shovel(net, NET_CLIENT);
    if (sender == NET_CLIENT) {
        shovel(net, NET_SERVER);
    }
    if (sender == NET_SERVER && level == NGTCP2_ENCRYPTION_LEVEL_1RTT) {
        shovel(net, NET_SERVER);
        shovel(net, NET_CLIENT);
    }
    if (level == NGTCP2_ENCRYPTION_LEVEL_INITIAL && sender == NET_CLIENT) {
        return false; /* its keys are gone */
    }
    return ngtcp2_conn_submit_crypto_data(only_conn(net, sender)->quic, level, message, size) == 0;
}

static void assert_a_session_opens(struct net *net)
{
    struct link_handle client, server;

    net_forget_events(net);
    assert_true(net_open(net, &client, &server));
}

/* wolfSSL would act on it and install keys that QUIC has already. */
static void key_update_of_tls_ends_the_connection(void **state)
{
    static const uint8_t key_update[] = {TYPE_KEY_UPDATE, 0, 0, 1, 0};
    static struct net net;
    const struct net_event *closed;

    (void)state;
    for (int sender = 0; sender < NET_HUBS; sender++) {
        net_init(&net, 60);
        net_start(&net);
        assert_true(say_after_finished(&net, sender, NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE, key_update,
                                       sizeof(key_update)));
        net_run(&net, 1000);
        assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->opened, 0);
        closed = net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED);
        assert_non_null(closed);
        assert_int_equal(closed->event.reason, LINK_REASON_TLS);
        assert_a_session_opens(&net);
        net_fini(&net);
    }
}

static void a_client_says_nothing_of_tls_after_its_finished(void **state)
{
    static const uint8_t key_update[] = {TYPE_KEY_UPDATE, 0, 0, 1, 0};
    static struct net net;
    struct link_handle client, server;

    (void)state;
    for (int with_session = 0; with_session < 2; with_session++) {
        net_init(&net, 61);
        net_start(&net);
        if (with_session == 1) {
            assert_true(net_open(&net, &client, &server));
            assert_int_equal(ngtcp2_conn_submit_crypto_data(
                                 hub_conn(net.hubs[NET_CLIENT], client)->quic,
                                 NGTCP2_ENCRYPTION_LEVEL_1RTT, key_update, sizeof(key_update)),
                             0);
            assert_true(link_hub_datagram(net.hubs[NET_CLIENT], client, key_update, 1, NULL, 0));
        } else {
            assert_true(say_after_finished(&net, NET_CLIENT, NGTCP2_ENCRYPTION_LEVEL_1RTT,
                                           key_update, sizeof(key_update)));
        }
        net_run(&net, 1000);
        assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->connections, 0);
        assert_non_null(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED));
        assert_int_equal(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED)->event.reason,
                         LINK_REASON_TLS);
        net_fini(&net);
    }
}

/* A NewSessionTicket, RFC 8446, section 4.6.1, of a server that has tickets. */
static void a_ticket_is_let_lie(void **state)
{
    static const uint8_t ticket[] = {4, 0, 0, 13, 0, 0, 0, 60, 1, 2, 3, 4, 0, 0, 0, 0, 0};
    static struct net net;

    (void)state;
    net_init(&net, 62);
    net_start(&net);
    assert_true(
        say_after_finished(&net, NET_SERVER, NGTCP2_ENCRYPTION_LEVEL_1RTT, ticket, sizeof(ticket)));
    net_run(&net, 5000);
    assert_non_null(net_find(&net, NET_CLIENT, LINK_EVENT_OPEN));
    assert_null(net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED));
    net_fini(&net);
}

static void a_message_is_of_one_level_and_known_in_any_pieces(void **state)
{
    /* Two messages, the second of which is a KeyUpdate. */
    static const uint8_t bytes[] = {20, 0, 0, 3, 24, 24, 24, TYPE_KEY_UPDATE, 0, 0, 1, 0};
    enum { FIRST_SIZE = 7 };

    (void)state;
    for (size_t cut = 0; cut <= sizeof(bytes); cut++) {
        struct tls_scan scan = {.left = 0}, other;
        bool whole = cut == 0 || cut == FIRST_SIZE;

        assert_int_equal(tls_scan_allows(&scan, levels[0], bytes, cut), cut <= FIRST_SIZE);
        if (cut > FIRST_SIZE) {
            continue;
        }
        other = scan;
        assert_int_equal(tls_scan_allows(&other, levels[1], bytes, FIRST_SIZE), whole);
        other = scan;
        assert_true(tls_scan_allows(&other, levels[0], bytes + cut, FIRST_SIZE - cut));
        assert_false(tls_scan_allows(&other, levels[1], bytes + FIRST_SIZE, 1));
        assert_false(tls_scan_allows(&scan, levels[0], bytes + cut, sizeof(bytes) - cut));
    }
}

/* Say it after Finished; whatever becomes of that connection, the next one opens. */
static unsigned say_out_of_place(int sender, ngtcp2_encryption_level level, uint8_t type,
                                 size_t body_size)
{
    static struct net net;
    uint8_t message[4 + BODY_SIZE_MAX] = {type, 0, 0, (uint8_t)body_size, type % 2};
    bool said;

    net_init(&net, 1000 + type);
    net_start(&net);
    said = say_after_finished(&net, sender, level, message, 4 + body_size);
    net_run(&net, LINK_HANDSHAKE_MS_MAX + 1000);
    assert_a_session_opens(&net);
    net_fini(&net);
    return said ? 1 : 0;
}

/* Every kind of message, from either end, where it does not belong. */
static void messages_out_of_place_abort_nobody(void **state)
{
    static const size_t body_sizes[] = {0, 1, BODY_SIZE_MAX};
    unsigned said = 0;

    (void)state;
    for (uint8_t type = 0; type <= TYPE_LAST; type++) {
        for (int i = 0; i < LEVELS_COUNT * NET_HUBS; i++) {
            for (int k = 0; k < 3; k++) {
                said += say_out_of_place(i % NET_HUBS, levels[i / NET_HUBS], type, body_sizes[k]);
            }
        }
    }
    /* All but the client's at the first level, whose keys are gone. */
    assert_int_equal(said, (TYPE_LAST + 1) * 3 * (LEVELS_COUNT * NET_HUBS - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_update_of_tls_ends_the_connection),
        cmocka_unit_test(a_client_says_nothing_of_tls_after_its_finished),
        cmocka_unit_test(a_ticket_is_let_lie),
        cmocka_unit_test(a_message_is_of_one_level_and_known_in_any_pieces),
        cmocka_unit_test(messages_out_of_place_abort_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
