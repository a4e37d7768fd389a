/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two sessions on a carrier of memory: no QUIC, no TLS, no hub. They must work on any carrier, also
 * on one without datagrams, as TLS over TCP will be. */
#include "proto/link/session.h"
#include "proto/wire/frame.h"
#include "tests/support/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SERVER, CLIENT, ENDS, STREAM_SIZE_MAX = 2 * 1024 * 1024, EVENTS_MAX = 64 };

struct kept {
    enum link_event_type type;
    enum link_reason reason;
    size_t size;
    uint8_t first; /* byte */
};

/* One end: a carrier with its session, and the events that the layer above polled. */
struct end {
    struct carrier carrier;
    struct session_shared shared;
    struct link_session session;
    uint8_t *stream; /* bytes that were put and have not reached the peer */
    size_t stream_size;
    size_t room; /* for a datagram */
    uint8_t exporter[CARRIER_EXPORTER_SIZE];
    bool opened, closed, woken;
    enum carrier_fault fault;
    struct kept events[EVENTS_MAX];
    size_t events_count;
};

struct pair {
    struct test_env world;
    struct identity identities[ENDS];
    struct end ends[ENDS];
};

static struct end *end_of(struct carrier *carrier)
{
    return (struct end *)(void *)carrier; /* its first member */
}

static int put(struct carrier *carrier, const void *head, size_t head_size, const void *body,
               size_t body_size)
{
    struct end *e = end_of(carrier);

    assert_true(e->stream_size + head_size + body_size <= STREAM_SIZE_MAX);
    memcpy(e->stream + e->stream_size, head, head_size);
    memcpy(e->stream + e->stream_size + head_size, body, body_size);
    e->stream_size += head_size + body_size;
    return ERR_OK;
}

static size_t waiting(const struct carrier *carrier)
{
    return ((const struct end *)(const void *)carrier)->stream_size;
}

static void wake(struct carrier *carrier)
{
    end_of(carrier)->woken = true;
}

static size_t datagram_room(const struct carrier *carrier)
{
    return ((const struct end *)(const void *)carrier)->room;
}

static int exporter(struct carrier *carrier, uint8_t out[CARRIER_EXPORTER_SIZE])
{
    assert_false(end_of(carrier)->opened);
    memcpy(out, end_of(carrier)->exporter, CARRIER_EXPORTER_SIZE);
    return ERR_OK;
}

static void opened(struct carrier *carrier)
{
    end_of(carrier)->opened = true;
}

static void close_it(struct carrier *carrier, enum link_reason reason, enum carrier_fault fault,
                     const char *text)
{
    struct end *e = end_of(carrier);

    if (!e->closed) {
        e->closed = true;
        e->fault = fault;
        link_session_end(&e->session, reason, text);
    }
}

static const struct carrier_ops memory_ops = {
    .put = put,
    .waiting = waiting,
    .wake = wake,
    .datagram_room = datagram_room,
    .exporter = exporter,
    .opened = opened,
    .close = close_it,
};

static void pair_init(struct pair *pair, size_t room)
{
    static const uint8_t ip[4] = {192, 0, 2, 7};

    memset(pair, 0, sizeof(*pair));
    test_env_init(&pair->world, 1);
    assert_int_equal(identity_library_init(), ERR_OK);
    for (int i = 0; i < ENDS; i++) {
        const uint8_t seed[IDENTITY_SEED_SIZE] = {(uint8_t)(i + 1)};
        const struct link_config cfg = {
            .identity = &pair->identities[i], .server = i == SERVER, .hello = {.capabilities = 5}};
        struct end *e = &pair->ends[i];

        identity_from_seed(&pair->identities[i], seed);
        e->carrier = (struct carrier){
            .ops = &memory_ops, .dialled = i == CLIENT, .remote = endpoint_v4(ip, 1000)};
        e->room = room;
        e->stream = malloc(STREAM_SIZE_MAX);
        assert_non_null(e->stream);
        session_shared_init(&e->shared, &cfg, &pair->world.env);
        link_session_init(&e->session, &e->shared, &e->carrier, (struct handle){0, 1});
    }
    memcpy(pair->ends[CLIENT].session.want.key, pair->identities[SERVER].public_key, KEY_SIZE);
    pair->ends[CLIENT].session.roles = LINK_ROLE_HOST;
    pair->ends[CLIENT].session.announced = true; /* who dials knows the handle */
}

static void pair_fini(struct pair *pair)
{
    for (int i = 0; i < ENDS; i++) {
        link_session_fini(&pair->ends[i].session);
        session_shared_fini(&pair->ends[i].shared);
        free(pair->ends[i].stream);
    }
}

static void poll(struct end *e)
{
    struct event_item item;
    const uint8_t *bytes;

    while (event_queue_pop(&e->shared.events, &item, &bytes)) {
        assert_true(e->events_count < EVENTS_MAX);
        assert_ptr_equal(item.session, &e->session);
        e->events[e->events_count] = (struct kept){.type = item.type,
                                                   .reason = e->session.reason,
                                                   .size = item.size,
                                                   .first = item.size > 0 ? bytes[0] : 0};
        e->events_count++;
    }
    event_queue_recycle(&e->shared.events);
}

/* All that one end has to say arrives at the other, its stream in pieces of `piece` bytes. */
static void carry(struct end *from, struct end *to, size_t piece)
{
    bool too_large = false;
    struct dgram_bytes first;

    for (;;) {
        first = link_session_next_datagram(&from->session, &too_large);
        if (first.bytes == NULL) {
            break;
        }
        link_session_on_datagram(&to->session, first.bytes, first.size);
        link_session_datagram_sent(&from->session);
    }
    for (size_t at = 0; at < from->stream_size; at += piece) {
        size_t left = from->stream_size - at;

        link_session_on_bytes(&to->session, from->stream + at, left < piece ? left : piece);
    }
    from->stream_size = 0;
    from->woken = false;
    poll(to);
}

static void run(struct pair *pair, size_t piece)
{
    for (int i = 0; i < 4; i++) {
        carry(&pair->ends[SERVER], &pair->ends[CLIENT], piece);
        carry(&pair->ends[CLIENT], &pair->ends[SERVER], piece);
    }
}

static void start(struct pair *pair)
{
    link_session_start(&pair->ends[SERVER].session);
    link_session_start(&pair->ends[CLIENT].session);
}

static void pair_open(struct pair *pair, size_t room, size_t piece)
{
    pair_init(pair, room);
    start(pair);
    run(pair, piece);
    for (int i = 0; i < ENDS; i++) {
        assert_int_equal(pair->ends[i].session.state, SESSION_STATE_OPEN);
        assert_int_equal(pair->ends[i].events_count, 1);
        assert_int_equal(pair->ends[i].events[0].type, LINK_EVENT_OPEN);
        pair->ends[i].events_count = 0;
    }
}

/* A small Control that is no Hello. */
static size_t ping_of(uint8_t out[CONTROL_SIZE_MAX])
{
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;
    Ziglan__Ping ping = ZIGLAN__PING__INIT;
    size_t size;

    ping.token = 77;
    control.body_case = ZIGLAN__CONTROL__BODY_PING;
    control.ping = &ping;
    assert_int_equal(control_pack(out, CONTROL_SIZE_MAX, &size, &control), ERR_OK);
    return size;
}

static void a_session_opens_on_any_carrier_in_any_pieces(void **state)
{
    static struct pair pair;
    static const size_t pieces[] = {1, 7, 1000, STREAM_SIZE_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        const struct link_peer *peer = &pair.ends[CLIENT].session.peer;

        pair_open(&pair, 1200, pieces[i]);
        assert_memory_equal(peer->key, pair.identities[SERVER].public_key, KEY_SIZE);
        assert_int_equal(peer->capabilities, 5);
        assert_int_equal(peer->server_time_ms, TEST_WALL_MS);
        assert_true(endpoint_equal(&peer->observed, &pair.ends[SERVER].carrier.remote));
        peer = &pair.ends[SERVER].session.peer;
        assert_memory_equal(peer->key, pair.identities[CLIENT].public_key, KEY_SIZE);
        assert_int_equal(peer->roles, LINK_ROLE_HOST);
        assert_true(pair.ends[SERVER].opened && pair.ends[CLIENT].opened);
        pair_fini(&pair);
    }
}

static void control_and_datagrams_travel_with_or_without_room_for_datagrams(void **state)
{
    static struct pair pair;
    static const size_t rooms[] = {1200, 0};
    static uint8_t control[CONTROL_SIZE_MAX], body[1000];
    size_t size = ping_of(control);

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct end *server = &pair.ends[SERVER], *client = &pair.ends[CLIENT];
        const uint8_t kind = 9;

        pair_open(&pair, rooms[i], 100);
        assert_int_equal(link_session_control(&server->session, control, size), ERR_OK);
        assert_true(link_session_datagram(&client->session, &kind, 1, body, sizeof(body)));
        assert_true(client->woken);
        assert_int_equal(client->session.datagrams.bytes, 1 + sizeof(body));
        run(&pair, 100);
        assert_int_equal(client->events_count, 1);
        assert_int_equal(client->events[0].type, LINK_EVENT_CONTROL);
        assert_int_equal(client->events[0].size, size);
        assert_int_equal(server->events_count, 1);
        assert_int_equal(server->events[0].type, LINK_EVENT_DATAGRAM);
        assert_int_equal(server->events[0].size, 1 + sizeof(body));
        assert_int_equal(server->events[0].first, kind);
        assert_int_equal(client->shared.stats.dgram_sent, 1);
        assert_int_equal(client->shared.stats.dgram_capsule_sent, rooms[i] == 0 ? 1 : 0);
        assert_int_equal(client->session.datagrams.bytes, 0);
        pair_fini(&pair);
    }
}

/* The session is started, and the client refuses the server for this reason. */
static void assert_refused(struct pair *pair, enum link_reason reason)
{
    struct end *client = &pair->ends[CLIENT];

    start(pair);
    run(pair, 100);
    poll(client);
    assert_true(client->closed);
    assert_false(client->opened);
    assert_int_equal(client->fault, CARRIER_FAULT_REJECTED);
    assert_int_equal(client->events_count, 1);
    assert_int_equal(client->events[0].type, LINK_EVENT_CLOSED);
    assert_int_equal(client->events[0].reason, reason);
    assert_int_equal(pair->ends[SERVER].session.state, SESSION_STATE_HELLO);
    pair_fini(pair);
}

static void who_is_not_wanted_or_not_on_this_connection_is_refused(void **state)
{
    static struct pair pair;

    (void)state;
    pair_init(&pair, 1200);
    pair.ends[CLIENT].session.want.key[0] ^= 1;
    assert_refused(&pair, LINK_REASON_WRONG_KEY);
    pair_init(&pair, 1200);
    pair.ends[CLIENT].exporter[0] ^= 1; /* somebody in the middle ends the encryption */
    assert_refused(&pair, LINK_REASON_INTERCEPTED);
}

static void nothing_but_a_hello_comes_first(void **state)
{
    static struct pair pair;
    uint8_t control[CONTROL_SIZE_MAX], head[CAPSULE_HEADER_SIZE_MAX];
    struct end *server = &pair.ends[SERVER];
    size_t size = ping_of(control);

    (void)state;
    pair_init(&pair, 1200);
    link_session_on_bytes(&server->session, control, size); /* no stream yet */
    start(&pair);
    assert_int_equal(link_session_control(&server->session, control, size), ERR_DROP);
    assert_false(link_session_datagram(&server->session, control, 1, NULL, 0));
    link_session_on_datagram(&server->session, control, size);
    assert_int_equal(server->shared.stats.dgram_received, 0);
    assert_false(server->closed);
    link_session_on_bytes(&server->session, head, capsule_header(head, CONTROL_CAPSULE_TYPE, size));
    link_session_on_bytes(&server->session, control, size);
    assert_true(server->closed);
    poll(server);
    assert_int_equal(server->events_count, 0); /* the layer above never knew the session */
    assert_int_equal(server->session.reason, LINK_REASON_PROTOCOL);
    pair_fini(&pair);
}

static void a_peer_that_lets_control_pile_up_is_closed_for_its_load(void **state)
{
    static struct pair pair;
    uint8_t control[CONTROL_SIZE_MAX];
    struct end *server = &pair.ends[SERVER];
    size_t size = ping_of(control);
    int rc;

    (void)state;
    pair_open(&pair, 1200, 100);
    do {
        rc = link_session_control(&server->session, control, size);
    } while (rc == ERR_OK);
    assert_int_equal(rc, ERR_LIMIT);
    assert_in_range(server->stream_size, SESSION_BACKLOG_MAX - 100,
                    SESSION_BACKLOG_MAX + CAPSULE_HEADER_SIZE_MAX);
    assert_int_equal(server->fault, CARRIER_FAULT_LOAD);
    poll(server);
    assert_int_equal(server->events[0].type, LINK_EVENT_CLOSED);
    assert_int_equal(server->events[0].reason, LINK_REASON_LIMIT);
    pair_fini(&pair);
}

/* Hold `level` bytes in the queue while 10 MB pass. Returns how many were refused, never two in a
 * row. */
static unsigned drops_at_level(struct link_session *s, size_t level)
{
    static const uint8_t body[1000];
    unsigned dropped = 0;
    bool last = false;

    for (int i = 0; i < 10000; i++) {
        bool taken = link_session_datagram(s, body, 0, body, sizeof(body));

        assert_true(taken || !last);
        last = !taken;
        dropped += taken ? 0 : 1;
        while (s->datagrams.bytes > level) {
            link_session_datagram_sent(s);
        }
    }
    return dropped;
}

/* A burst finds room; a queue that does not go down drops single ones long before it is full. */
static void a_queue_that_stays_drops_single_ones(void **state)
{
    static struct pair pair;
    static const uint8_t body[1000];
    struct link_session *s = &pair.ends[CLIENT].session;

    (void)state;
    pair_open(&pair, 1200, 100);
    while (s->datagrams.bytes < LINK_SESSION_QUEUE_BYTES - 2 * sizeof(body)) {
        assert_true(link_session_datagram(s, body, 0, body, sizeof(body)));
    }
    dgram_queue_clear(&s->datagrams, &s->shared->space);
    assert_int_equal(drops_at_level(s, LINK_SESSION_QUEUE_EARLY - 2 * sizeof(body)), 0);
    assert_in_range(drops_at_level(s, LINK_SESSION_QUEUE_EARLY * 2), 4, 6);
    assert_in_range(drops_at_level(s, LINK_SESSION_QUEUE_BYTES / 2), 8, 11);
    assert_in_range(drops_at_level(s, LINK_SESSION_QUEUE_BYTES * 7 / 8), 30, 42);
    pair_fini(&pair);
}

static void the_end_is_told_once_and_nothing_after_it(void **state)
{
    static struct pair pair;
    struct end *client = &pair.ends[CLIENT];
    const struct link_request request = {.stream_id = 4};
    const uint8_t byte = 1;

    (void)state;
    pair_open(&pair, 1200, 100);
    link_session_on_moved(&client->session);
    link_session_on_stalled(&client->session);
    link_session_end(&client->session, LINK_REASON_TIMEOUT, "silent");
    link_session_on_moved(&client->session);
    link_session_on_stalled(&client->session);
    link_session_on_request(&client->session, &request);
    link_session_on_datagram(&client->session, &byte, 1);
    assert_false(link_session_datagram(&client->session, &byte, 1, NULL, 0));
    poll(client);
    assert_int_equal(client->events_count, 3);
    assert_int_equal(client->events[0].type, LINK_EVENT_MOVED);
    assert_int_equal(client->events[1].type, LINK_EVENT_STALLED);
    assert_int_equal(client->events[2].type, LINK_EVENT_CLOSED);
    assert_int_equal(client->events[2].reason, LINK_REASON_TIMEOUT);
    pair_fini(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_opens_on_any_carrier_in_any_pieces),
        cmocka_unit_test(control_and_datagrams_travel_with_or_without_room_for_datagrams),
        cmocka_unit_test(who_is_not_wanted_or_not_on_this_connection_is_refused),
        cmocka_unit_test(nothing_but_a_hello_comes_first),
        cmocka_unit_test(a_peer_that_lets_control_pile_up_is_closed_for_its_load),
        cmocka_unit_test(a_queue_that_stays_drops_single_ones),
        cmocka_unit_test(the_end_is_told_once_and_nothing_after_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
