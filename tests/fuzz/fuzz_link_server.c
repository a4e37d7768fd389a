/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A server hub against hostile input. The first byte, modulo 3, chooses:
 *   0  the rest are UDP payloads, each size(2) bytes, which any stranger can send;
 *   1  a client has completed QUIC and TLS but asked for no session, and the rest is what it sends
 *      then, each where(1) size(2) bytes: data of one of four streams, or an HTTP datagram;
 *   2  the same after both Hellos, so that control and payload reach the layer above.
 */
#include "proto/base/rbuf.h"
#include "proto/link/link.h"
#include "proto/link/quic/conn_callbacks.h"
#include "proto/link/quic/conn_settle.h"
#include "proto/link/quic/h3.h"
#include "proto/link/quic/hub.h"
#include "tests/support/link_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WHERE_STREAMS = 4, WHERE_DATAGRAM = 4, WHERE_COUNT = 5 };

static struct net net;

static void start_once(void)
{
    if (net.events == NULL) {
        net_init(&net, 1);
        net.wire.delay_us = 100;
        net_start(&net);
    }
}

/* Read size(2) and return a reader over that many bytes; it has failed if there are fewer. */
static struct rbuf part_read(struct rbuf *r)
{
    size_t size = rbuf_u16(r);
    const uint8_t *at = rbuf_take(r, size);
    struct rbuf part = rbuf_over(at, at == NULL ? 0 : size);

    part.failed = r->failed;
    return part;
}

static void feed_datagrams(struct rbuf *r)
{
    static uint8_t copy[DGRAM_SIZE_MAX]; /* a receiver may overwrite its datagram */

    while (rbuf_left(r) >= 2) {
        struct rbuf payload = part_read(r);
        struct dgram in = {.local = net.addrs[NET_SERVER],
                           .remote = net.addrs[NET_CLIENT],
                           .data = copy,
                           .size = rbuf_left(&payload)};

        rbuf_copy(&payload, copy, in.size);
        link_hub_receive(net.hubs[NET_SERVER], &in, net.now);
        net_poll(&net, NET_SERVER);
        net_transmit(&net, NET_SERVER);
        net.now.ns += NS_PER_MS;
    }
}

/* The only connection of the server, NULL if it has ended. */
static struct link_conn *server_conn(void)
{
    struct handle cursor = HANDLE_NONE;
    struct link_conn *c;

    do {
        c = slab_next(net.hubs[NET_SERVER]->shared.tables.conns, &cursor);
    } while (c != NULL && c->phase >= CONN_PHASE_CLOSING);
    return c;
}

static void feed_inside(struct rbuf *r)
{
    static const int64_t streams[WHERE_STREAMS] = {0, 2, 6, 4};
    struct link_hub *hub = net.hubs[NET_SERVER];
    struct net_event *request;

    while (rbuf_left(r) >= 3) {
        uint8_t where = rbuf_u8(r) % WHERE_COUNT;
        struct rbuf bytes = part_read(r);
        struct link_conn *c = server_conn();

        if (c == NULL || bytes.failed) {
            return;
        }
        hub->shared.now = net.now;
        if (where == WHERE_DATAGRAM) {
            (void)conn_server_callbacks.recv_datagram(c->quic, 0, bytes.at, rbuf_left(&bytes), c);
        } else if (h3_read(&c->h3, streams[where], bytes.at, rbuf_left(&bytes), false, net.now) !=
                   ERR_OK) {
            h3_end_later(&c->h3, LINK_REASON_PROTOCOL, H3_INTERNAL_ERROR, "");
        }
        conn_settle(c);
        net_poll(&net, NET_SERVER);
        request = net_find(&net, NET_SERVER, LINK_EVENT_REQUEST);
        if (request != NULL) {
            link_hub_respond(hub, request->event.handle, request->event.request->stream_id, 200,
                             "text/plain", "page", 4);
        }
        net_forget_events(&net);
        net_transmit(&net, NET_SERVER);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rbuf r = rbuf_over(data, size);
    uint8_t mode = rbuf_u8(&r) % 3;
    struct link_conn *client;
    struct handle handle;

    start_once();
    if (mode == 0) {
        feed_datagrams(&r);
    } else {
        handle = net_dial(&net, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key);
        client = conn_find(&net.hubs[NET_CLIENT]->shared.tables, handle);
        /* In mode 1 all of HTTP comes from the input: the client sends no CONNECT of its own. */
        client->h3.connect_sent = mode == 1;
        net.wire.cut = false;
        net_run(&net, 20);
        net_forget_events(&net);
        feed_inside(&r);
        link_hub_close(net.hubs[NET_CLIENT], handle, 0, "", net.now);
    }
    net_run(&net, 1000);
    net.now.ns += 100 * NS_PER_S; /* whatever is left ends by time */
    net_run(&net, 1000);
    net_forget_events(&net);
    return 0;
}
