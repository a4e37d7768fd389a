/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who speaks HTTP/3 to a hub and has no session: a dialled connection with an nghttp3 of its own
 * asks for pages, and for what a stranger does not get.
 */
#include "proto/link/link.h"
#include "proto/link/quic/conn.h"
#include "proto/link/quic/hub.h"
#include "tests/support/fixture.h"
#include "tests/support/link_fixture.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stranger_reads_pages_and_nothing_else),
        cmocka_unit_test(stranger_is_answered_with_errors_and_leaves_in_time),
        cmocka_unit_test(a_request_with_a_body_does_not_end_the_connection),
        cmocka_unit_test(stranger_ranks_its_requests_however_many_they_were),
        cmocka_unit_test(session_without_hello_gets_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
