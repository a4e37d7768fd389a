/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A peer that breaks the rules of a session ends it, at both ends, and harms nobody else. */
#include "proto/base/slab.h"
#include "proto/base/wbuf.h"
#include "proto/link/hello.h"
#include "proto/link/link.h"
#include "proto/link/quic/conn_callbacks.h"
#include "proto/link/quic/conn_settle.h"
#include "proto/link/quic/h3.h"
#include "proto/link/quic/hub.h"
#include "proto/wire/capsule.h"
#include "proto/wire/control.h"
#include "tests/support/fixture.h"
#include "tests/support/link_fixture.h"

static struct handle client, server;

static void open_net(struct net *net, uint64_t seed)
{
    net_init(net, seed);
    net_start(net);
    assert_true(net_open(net, &client, &server));
    net_forget_events(net);
}

/* The client has broken a rule: the server closes for that reason. */
static void assert_closed(struct net *net, const char *what)
{
    net_run(net, 1000);
    const struct net_event *at_server = net_find(net, NET_SERVER, LINK_EVENT_CLOSED);

    if (at_server == NULL || at_server->event.reason != LINK_REASON_PROTOCOL) {
        fail_msg("%s: %s", what, at_server == NULL ? "the session goes on" : "another reason");
    }
    assert_non_null(net_find(net, NET_CLIENT, LINK_EVENT_CLOSED));
    assert_null(net_find(net, NET_SERVER, LINK_EVENT_CONTROL));
    net_fini(net);
}

static void control_that_does_not_decode_ends_the_session(void **state)
{
    static const uint8_t garbage[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct net net;

    (void)state;
    open_net(&net, 1);
    assert_int_equal(link_hub_control(net.hubs[NET_CLIENT], client, garbage, sizeof(garbage)),
                     ERR_OK);
    assert_closed(&net, "garbage");
}

static void a_second_hello_ends_the_session(void **state)
{
    static uint8_t zeros[SIGNATURE_SIZE];
    Ziglan__Address address = ZIGLAN__ADDRESS__INIT;
    Ziglan__Hello hello = ZIGLAN__HELLO__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint8_t packed[CONTROL_SIZE_MAX];
    struct net net;
    size_t size;

    (void)state;
    address.ip = (ProtobufCBinaryData){4, zeros};
    hello.pubkey = (ProtobufCBinaryData){KEY_SIZE, zeros};
    hello.signature = (ProtobufCBinaryData){SIGNATURE_SIZE, zeros};
    hello.observed = &address;
    message.body_case = ZIGLAN__CONTROL__BODY_HELLO;
    message.hello = &hello;
    assert_int_equal(control_pack(packed, sizeof(packed), &size, &message), ERR_OK);
    open_net(&net, 2);
    assert_int_equal(link_hub_control(net.hubs[NET_CLIENT], client, packed, size), ERR_OK);
    assert_closed(&net, "a second Hello");
}

static void a_capsule_that_is_too_long_ends_the_session(void **state)
{
    uint8_t head[CAPSULE_HEADER_SIZE_MAX];
    struct handle cursor = HANDLE_NONE;
    struct link_conn *c;
    struct net net;
    size_t size;

    (void)state;
    open_net(&net, 3);
    c = slab_next(net.hubs[NET_CLIENT]->shared.tables.conns, &cursor);
    assert_non_null(c);
    size = capsule_header(head, CONTROL_CAPSULE_TYPE, CONTROL_SIZE_MAX + 1);
    assert_int_equal(h3_session_put(&c->h3, head, size, NULL, 0), ERR_OK);
    conn_ready(c);
    assert_closed(&net, "a capsule that is too long");
}

/* The only connection of a hub. */
static struct link_conn *only_conn(const struct net *net, int hub)
{
    struct handle cursor = HANDLE_NONE;

    return slab_next(net->hubs[hub]->shared.tables.conns, &cursor);
}

/* Write the client's Hello as it travels on its stream: an HTTP/3 DATA frame with one capsule. */
static size_t write_client_hello(struct net *net, uint8_t *out, size_t capacity)
{
    uint8_t hello[CONTROL_SIZE_MAX], head[CAPSULE_HEADER_SIZE_MAX];
    struct wbuf w = wbuf_over(out, capacity);
    const struct hello_dialler dialler = {.roles = LINK_ROLE_HOST};
    size_t size = 0, head_size;

    assert_int_equal(hello_write(&net->hubs[NET_CLIENT]->shared.sessions.self,
                                 &only_conn(net, NET_CLIENT)->carrier, &dialler, hello,
                                 sizeof(hello), &size),
                     ERR_OK);
    head_size = capsule_header(head, CONTROL_CAPSULE_TYPE, size);
    wbuf_varint(&w, 0);
    wbuf_varint(&w, head_size + size);
    wbuf_put(&w, head, head_size);
    wbuf_put(&w, hello, size);
    assert_true(wbuf_ok(&w));
    return wbuf_size(&w);
}

/* A client can stop both directions of its stream so that the packet that brings its Hello also
 * closes the stream. */
static void a_hello_whose_stream_closed_with_it_harms_nobody(void **state)
{
    static const int64_t stream = 0;
    uint8_t bytes[2 * CONTROL_SIZE_MAX];
    struct link_conn *c;
    struct net net;
    size_t size;

    (void)state;
    net_init(&net, 4);
    net_start(&net);
    (void)net_dial(&net, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key);
    for (int i = 0; i < 100; i++) {
        c = only_conn(&net, NET_SERVER);
        if (c != NULL && c->session.state == SESSION_STATE_HELLO) {
            break;
        }
        net_run(&net, 1);
    }
    assert_int_equal(c->session.state, SESSION_STATE_HELLO);
    size = write_client_hello(&net, bytes, sizeof(bytes));
    assert_int_equal(h3_read(&c->h3, stream, bytes, size, false, net.now), ERR_OK);
    assert_int_not_equal(
        conn_server_callbacks.stream_close(c->quic, 0, stream, H3_NO_ERROR, c, NULL), 0);
    conn_settle(c);
    net_run(&net, 1000);
    assert_int_equal(net_find(&net, NET_SERVER, LINK_EVENT_CLOSED)->event.reason, LINK_REASON_PEER);
    assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->connections, 0);
    net_fini(&net);
}

/* In a copy of a machine's memory nothing may be sealed with the keys that it had. */
static void a_hub_that_forgets_says_nothing_and_is_dialled_anew(void **state)
{
    static struct net net;
    const uint8_t payload[10] = {0};
    const struct net_event *closed;

    (void)state;
    open_net(&net, 21);
    assert_true(link_hub_datagram(net.hubs[NET_SERVER], server, payload, 10, NULL, 0));
    link_hub_forget(net.hubs[NET_SERVER], net.now);
    net_poll(&net, NET_SERVER);
    closed = net_find(&net, NET_SERVER, LINK_EVENT_CLOSED);
    assert_non_null(closed);
    assert_int_equal(closed->event.reason, LINK_REASON_RESET);
    net_transmit(&net, NET_SERVER);
    assert_int_equal(net.box.items_count, 0);
    assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->connections, 0);

    assert_true(link_hub_datagram(net.hubs[NET_CLIENT], client, payload, 10, NULL, 0));
    net_run(&net, 1000);
    closed = net_find(&net, NET_CLIENT, LINK_EVENT_CLOSED);
    assert_non_null(closed); /* by a stateless reset */
    assert_int_equal(closed->event.reason, LINK_REASON_RESET);
    assert_true(net_open(&net, &client, &server));
    link_hub_forget(net.hubs[NET_CLIENT], net.now);
    net_transmit(&net, NET_CLIENT);
    assert_int_equal(net.box.items_count, 0);
    assert_true(net_open(&net, &client, &server));
    net_fini(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_that_does_not_decode_ends_the_session),
        cmocka_unit_test(a_second_hello_ends_the_session),
        cmocka_unit_test(a_capsule_that_is_too_long_ends_the_session),
        cmocka_unit_test(a_hub_that_forgets_says_nothing_and_is_dialled_anew),
        cmocka_unit_test(a_hello_whose_stream_closed_with_it_harms_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
