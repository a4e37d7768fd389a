/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strangers, floods and garbage. */
#include "proto/link/link.h"
#include "proto/link/quic/conn.h"
#include "proto/link/quic/hub.h"
#include "tests/support/fixture.h"
#include "tests/support/initial_packet.h"
#include "tests/support/link_fixture.h"

enum { PACKET_LONG_FLAG = 0x80, PACKET_TYPE_MASK = 0x30, PACKET_TYPE_RETRY = 0x30 };

/* ---- an HTTP/3 client without a session: a dialled connection with an nghttp3 of its own ---- */

struct stranger {
    struct link_conn *c;
    int64_t stream;
    int status;
    uint8_t *body;
    size_t body_size;
    bool ended;
    const uint8_t *upload; /* sent on the stream after the header */
    size_t upload_size;
    bool upload_ends; /* the request ends behind it */
};

static int stranger_header(nghttp3_conn *http, int64_t id, int32_t token, nghttp3_rcbuf *name,
                           nghttp3_rcbuf *value, uint8_t flags, void *user, void *stream)
{
    struct stranger *s = user;

    (void)http;
    (void)id;
    (void)name;
    (void)flags;
    (void)stream;
    if (token == NGHTTP3_QPACK_TOKEN__STATUS) {
        s->status = (int)strtol((const char *)nghttp3_rcbuf_get_buf(value).base, NULL, 10);
    }
    return 0;
}

static int stranger_data(nghttp3_conn *http, int64_t id, const uint8_t *data, size_t size,
                         void *user, void *stream)
{
    struct stranger *s = user;

    (void)http;
    (void)stream;
    s->body = realloc(s->body, s->body_size + size);
    assert_non_null(s->body);
    memcpy(s->body + s->body_size, data, size);
    s->body_size += size;
    (void)ngtcp2_conn_extend_max_stream_offset(s->c->quic, id, size);
    ngtcp2_conn_extend_max_offset(s->c->quic, size);
    return 0;
}

static int stranger_end(nghttp3_conn *http, int64_t id, void *user, void *stream)
{
    struct stranger *s = user;

    (void)http;
    (void)id;
    (void)stream;
    s->ended = true;
    return 0;
}

static nghttp3_ssize stranger_upload(nghttp3_conn *http, int64_t id, nghttp3_vec *vec, size_t count,
                                     uint32_t *flags, void *user, void *stream)
{
    struct stranger *s = user;

    (void)http;
    (void)id;
    (void)count;
    (void)stream;
    if (s->upload == NULL) {
        return NGHTTP3_ERR_WOULDBLOCK;
    }
    vec[0].base = (uint8_t *)(uintptr_t)s->upload;
    vec[0].len = s->upload_size;
    s->upload = NULL;
    *flags = s->upload_ends ? NGHTTP3_DATA_FLAG_EOF : NGHTTP3_DATA_FLAG_NONE;
    return 1;
}

static nghttp3_nv nv(const char *name, const char *value)
{
    return (nghttp3_nv){.name = (const uint8_t *)name,
                        .value = (const uint8_t *)value,
                        .namelen = strlen(name),
                        .valuelen = strlen(value)};
}

/* Connect, without any request. */
static void stranger_start(struct stranger *s, struct net *net)
{
    static const nghttp3_callbacks callbacks = {
        .recv_header = stranger_header, .recv_data = stranger_data, .end_stream = stranger_end};
    const struct endpoint any = {.port = 0};
    struct link_hub *hub = net->hubs[NET_CLIENT];
    nghttp3_settings settings;
    int64_t ids[3];

    memset(s, 0, sizeof(*s));
    hub->shared.now = net->now;
    s->c = conn_new(&hub->shared, true, &any, &net->addrs[NET_SERVER]);
    assert_non_null(s->c);
    s->c->session.announced = true;
    s->c->timer.hello_deadline = MONO_NEVER; /* it wants no session */
    assert_int_equal(conn_dial(s->c, NULL, net->now), ERR_OK);
    nghttp3_settings_default(&settings);
    settings.h3_datagram = 1;
    assert_int_equal(nghttp3_conn_client_new(&s->c->h3.http, &callbacks, &settings, NULL, s), 0);
    conn_ready(s->c);
    net_run(net, 100);
    assert_int_equal(s->c->phase, CONN_PHASE_HELLO);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ngtcp2_conn_open_uni_stream(s->c->quic, &ids[i], NULL), 0);
    }
    assert_int_equal(nghttp3_conn_bind_control_stream(s->c->h3.http, ids[0]), 0);
    assert_int_equal(nghttp3_conn_bind_qpack_streams(s->c->h3.http, ids[1], ids[2]), 0);
}

static void stranger_ask(struct stranger *s, struct net *net, const char *method, const char *path,
                         const char *protocol)
{
    const nghttp3_data_reader reader = {stranger_upload};
    const nghttp3_nv fields[] = {nv(":method", method), nv(":scheme", "https"),
                                 nv(":authority", "relay.example"), nv(":path", path),
                                 nv(":protocol", protocol == NULL ? "" : protocol)};

    s->status = 0;
    s->ended = false;
    s->body_size = 0;
    assert_int_equal(ngtcp2_conn_open_bidi_stream(s->c->quic, &s->stream, NULL), 0);
    assert_int_equal(nghttp3_conn_submit_request(s->c->h3.http, s->stream, fields,
                                                 protocol == NULL ? 4 : 5,
                                                 protocol == NULL ? NULL : &reader, NULL),
                     0);
    conn_ready(s->c);
    net_run(net, 100);
}

static void stranger_reads_pages_and_nothing_else(void **state)
{
    static struct net net;
    static uint8_t page[60000];
    struct stranger s;
    const struct net_event *request;
    struct handle handle;

    (void)state;
    net_init(&net, 1);
    net_start(&net);
    for (size_t i = 0; i < sizeof(page); i++) {
        page[i] = (uint8_t)(i * 7);
    }
    stranger_start(&s, &net);
    stranger_ask(&s, &net, "GET", "/", NULL);
    request = net_find(&net, NET_SERVER, LINK_EVENT_REQUEST);
    assert_non_null(request);
    assert_string_equal(request->event.request->method, "GET");
    assert_string_equal(request->event.request->path, "/");
    handle = request->event.handle;
    assert_int_equal(link_hub_control(net.hubs[NET_SERVER], handle, page, 10), ERR_DROP);
    assert_false(link_hub_datagram(net.hubs[NET_SERVER], handle, page, 10, NULL, 0));
    link_hub_respond(net.hubs[NET_SERVER], handle, request->event.request->stream_id, 200,
                     "text/html", page, sizeof(page));
    link_hub_respond(net.hubs[NET_SERVER], handle, request->event.request->stream_id, 500, NULL,
                     NULL, 0);
    net_run(&net, 2000);
    assert_int_equal(s.status, 200);
    assert_true(s.ended);
    assert_int_equal(s.body_size, sizeof(page));
    assert_memory_equal(s.body, page, sizeof(page));

    net_forget_events(&net);
    stranger_ask(&s, &net, "HEAD", "/health", NULL);
    request = net_find(&net, NET_SERVER, LINK_EVENT_REQUEST);
    assert_non_null(request);
    link_hub_respond(net.hubs[NET_SERVER], handle, request->event.request->stream_id, 200,
                     "text/plain", "ok", 2);
    net_run(&net, 100);
    assert_int_equal(s.status, 200);
    assert_int_equal(s.body_size, 0);
    assert_true(s.ended);
    assert_null(net_find(&net, NET_SERVER, LINK_EVENT_OPEN));
    free(s.body);
    net_fini(&net);
}

static void stranger_is_answered_with_errors_and_leaves_in_time(void **state)
{
    static struct net net;
    struct stranger s;
    char path[300];

    (void)state;
    net_init(&net, 2);
    net_start(&net);
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    path[sizeof(path) - 1] = 0;
    stranger_start(&s, &net);
    stranger_ask(&s, &net, "GET", path, NULL);
    assert_int_equal(s.status, 414);
    stranger_ask(&s, &net, "PROPPATCHPROPPATCH", "/", NULL);
    assert_int_equal(s.status, 405);
    stranger_ask(&s, &net, "CONNECT", "/elsewhere", "stun2");
    assert_int_equal(s.status, 404);
    stranger_ask(&s, &net, "CONNECT", "/.well-known/stun2", "websocket");
    assert_int_equal(s.status, 501);
    assert_null(net_find(&net, NET_SERVER, LINK_EVENT_REQUEST));
    stranger_ask(&s, &net, "GET", "/addr", NULL);
    assert_non_null(net_find(&net, NET_SERVER, LINK_EVENT_REQUEST));
    net_run(&net, 20000);
    assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->connections, 1);
    net_run(&net, 10000);
    assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->connections, 0);
    assert_int_equal(net_find(&net, NET_SERVER, LINK_EVENT_CLOSED)->event.reason,
                     LINK_REASON_TIMEOUT);
    free(s.body);
    net_fini(&net);
}

/* A POST that promises `length` bytes and sends `size`. */
static void stranger_posts(struct stranger *s, struct net *net, const char *path,
                           const char *length, size_t size, bool ends)
{
    static uint8_t body[2000000];
    const nghttp3_data_reader reader = {stranger_upload};
    const nghttp3_nv fields[] = {nv(":method", "POST"), nv(":scheme", "https"),
                                 nv(":authority", "relay.example"), nv(":path", path),
                                 nv("content-length", length)};

    assert_true(size <= sizeof(body));
    net_forget_events(net);
    *s = (struct stranger){.c = s->c, .upload = body, .upload_size = size, .upload_ends = ends};
    assert_int_equal(ngtcp2_conn_open_bidi_stream(s->c->quic, &s->stream, NULL), 0);
    assert_int_equal(
        nghttp3_conn_submit_request(s->c->h3.http, s->stream, fields, 5, &reader, NULL), 0);
    conn_ready(s->c);
    net_run(net, 50);
}

/* The same to a page, and the relay answers 405. */
static void stranger_posts_to_a_page(struct stranger *s, struct net *net, const char *length,
                                     size_t size, bool ends)
{
    const struct net_event *request;

    stranger_posts(s, net, "/", length, size, ends);
    request = net_find(net, NET_SERVER, LINK_EVENT_REQUEST);
    assert_non_null(request);
    link_hub_respond(net->hubs[NET_SERVER], request->event.handle,
                     request->event.request->stream_id, 405, NULL, NULL, 0);
    net_run(net, 100);
    assert_int_equal(s->status, 405);
}

static bool count_upload(struct net *net, struct wire_packet *p)
{
    size_t *upload = net->hook_context;

    *upload += endpoint_equal(&p->to, &net->addrs[NET_SERVER]) ? p->size : 0;
    return true;
}

static void a_request_with_a_body_does_not_end_the_connection(void **state)
{
    static struct net net;
    struct stranger s;
    char path[300];
    size_t upload = 0;

    (void)state;
    net_init(&net, 18);
    net_start(&net);
    stranger_start(&s, &net);
    for (int i = 0; i < H3_STREAMS_MAX + 1; i++) {
        stranger_posts_to_a_page(&s, &net, "300000", 300000, true);
        stranger_posts_to_a_page(&s, &net, "300000", 1000, true); /* it ends early */
        stranger_posts_to_a_page(&s, &net, "10", 1000, true); /* it says more than it promised */
    }
    for (int i = 0; i < H3_STREAMS_MAX - 1; i++) {
        stranger_posts_to_a_page(&s, &net, "300000", 1000, false); /* it never ends */
    }
    net.hook = count_upload;
    net.hook_context = &upload;
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    path[sizeof(path) - 1] = 0;
    stranger_posts(&s, &net, path, "2000000", 2000000, true); /* it is told to stop */
    net_run(&net, 2000);
    assert_int_equal(s.status, 414);
    assert_in_range(upload, 262144, 1000000);
    stranger_ask(&s, &net, "GET", "/addr", NULL);
    assert_non_null(net_find(&net, NET_SERVER, LINK_EVENT_REQUEST));
    assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->connections, 1);
    assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->protocol_errors, 0);
    free(s.body);
    net_fini(&net);
}

/* RFC 9218, section 7.2: any request that the client may make may have its priority changed. */
static void stranger_ranks_its_requests_however_many_they_were(void **state)
{
    static const uint8_t urgent[] = {'u', '=', '1'};
    static struct net net;
    struct stranger s;
    char path[300];

    (void)state;
    net_init(&net, 16);
    net_start(&net);
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    path[sizeof(path) - 1] = 0;
    stranger_start(&s, &net);
    for (int i = 0; i < 3 * H3_STREAMS_MAX; i++) {
        stranger_ask(&s, &net, "GET", path, NULL);
        assert_int_equal(s.status, 414);
    }
    stranger_ask(&s, &net, "GET", "/addr", NULL);
    assert_int_equal(
        nghttp3_conn_set_client_stream_priority(s.c->h3.http, s.stream, urgent, sizeof(urgent)), 0);
    conn_ready(s.c);
    net_run(&net, 100);
    assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->connections, 1);
    assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->protocol_errors, 0);
    free(s.body);
    net_fini(&net);
}

static void session_without_hello_gets_nothing(void **state)
{
    /* A Ping in a control capsule, before any Hello. */
    static const uint8_t ping[] = {0x80, 0, 0x53, 0x54, 4, 0x22, 2, 0x08, 1};
    static struct net net;
    struct stranger s;

    (void)state;
    for (int i = 0; i < 2; i++) {
        net_init(&net, 3);
        net_start(&net);
        stranger_start(&s, &net);
        s.upload = i == 0 ? ping : NULL;
        s.upload_size = sizeof(ping);
        stranger_ask(&s, &net, "CONNECT", "/.well-known/stun2", "stun2");
        assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->connections, i);
        assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->auth_failures, i == 0 ? 1 : 0);
        net_run(&net, LINK_HANDSHAKE_MS_MAX);
        assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->connections, 0);
        assert_int_equal(link_hub_stats(net.hubs[NET_SERVER])->half_open, 0);
        assert_null(net_find(&net, NET_SERVER, LINK_EVENT_CONTROL));
        assert_null(net_find(&net, NET_SERVER, LINK_EVENT_OPEN));
        assert_null(net_find(&net, NET_SERVER, LINK_EVENT_CLOSED));
        free(s.body);
        net_fini(&net);
    }
}

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
    struct endpoint any = {.port = 0};

    (void)state;
    net_init(&net, 7);
    net.configs[NET_SERVER].connection_max = 2;
    net.configs[NET_CLIENT].connection_max = 3;
    net_start(&net);
    for (int i = 0; i < 3; i++) {
        (void)net_dial(&net, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key);
        net_run(&net, 100);
    }
    assert_int_equal(link_hub_dial(net.hubs[NET_CLIENT], &handle, &any, &net.addrs[NET_SERVER],
                                   NULL, LINK_WANT_RELAY, net.identities[NET_SERVER].public_key,
                                   net.now),
                     ERR_LIMIT);
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
        cmocka_unit_test(stranger_reads_pages_and_nothing_else),
        cmocka_unit_test(stranger_is_answered_with_errors_and_leaves_in_time),
        cmocka_unit_test(a_request_with_a_body_does_not_end_the_connection),
        cmocka_unit_test(stranger_ranks_its_requests_however_many_they_were),
        cmocka_unit_test(session_without_hello_gets_nothing),
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
