/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the relay core does beside its sessions: introductions, STUN, other first bytes, pages. */
#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

#include "proto/crypto/identity.h"
#include "proto/wire/stun.h"
#include "relayd/core/core_internal.h"
#include "relayd/service/http.h"
#include "rendezvous/store/store_memory.h"

/* ---- punch ---- */

static void punch_ask(struct world *w, struct client *from, const uint8_t *target, uint8_t token,
                      uint32_t nat_kind, bool has_session)
{
    Ziglan__PunchRequest body = ZIGLAN__PUNCH_REQUEST__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint8_t target_copy[KEY_SIZE];
    uint8_t token_bytes[PUNCH_TOKEN_SIZE];

    memcpy(target_copy, target, KEY_SIZE);
    memset(token_bytes, token, sizeof(token_bytes));
    body.target.data = target_copy;
    body.target.len = KEY_SIZE;
    body.token.data = token_bytes;
    body.token.len = sizeof(token_bytes);
    body.nat_kind = nat_kind;
    body.has_session = has_session;
    message.request_id = from->request_next++;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_REQUEST;
    message.punch_request = &body;
    client_send(from, &message);
    world_run(w, 100);
}

static void punch_reply(struct world *w, struct client *from, uint64_t id, bool accept,
                        uint8_t token)
{
    Ziglan__PunchAnswer body = ZIGLAN__PUNCH_ANSWER__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint8_t token_bytes[PUNCH_TOKEN_SIZE];

    memset(token_bytes, token, sizeof(token_bytes));
    body.punch_id = id;
    body.accept = accept;
    body.token.data = token_bytes;
    body.token.len = sizeof(token_bytes);
    message.request_id = from->request_next++;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_ANSWER;
    message.punch_answer = &body;
    client_send(from, &message);
    world_run(w, 100);
}

static void go_check(struct world *w, struct client *c, const struct client *peer, bool listen,
                     uint8_t probe_key[PUNCH_PROBE_KEY_SIZE])
{
    Ziglan__Control *message = client_got(w, c, ZIGLAN__CONTROL__BODY_PUNCH_GO);
    Ziglan__PunchGo *go;
    size_t ip_size = 0;
    const uint8_t *ip = endpoint_ip_bytes(&peer->address, &ip_size);

    assert_non_null(message);
    go = message->punch_go;
    assert_memory_equal(go->peer.data, peer->identity.public_key, KEY_SIZE);
    assert_int_equal(go->message->ip.len, ip_size);
    assert_memory_equal(go->message->ip.data, ip, ip_size);
    assert_int_equal(go->message->port, peer->address.port);
    assert_int_equal(go->listen, listen);
    assert_int_equal(go->probe_key.len, PUNCH_PROBE_KEY_SIZE);
    memcpy(probe_key, go->probe_key.data, PUNCH_PROBE_KEY_SIZE);
}

static void a_punch_introduces_both_sides(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];
    uint8_t key_a[PUNCH_PROBE_KEY_SIZE];
    uint8_t key_b[PUNCH_PROBE_KEY_SIZE];
    Ziglan__PunchRequest *offer;
    uint64_t id;

    (void)state;
    world_members(w, 2);
    punch_ask(w, a, b->identity.public_key, 0x77, 0, true);
    assert_null(client_got(w, a, ZIGLAN__CONTROL__BODY_PUNCH_GO)); /* not before the yes */
    offer = client_got(w, b, ZIGLAN__CONTROL__BODY_PUNCH_REQUEST)->punch_request;
    assert_memory_equal(offer->requester.data, a->identity.public_key, KEY_SIZE);
    assert_true(offer->has_session);
    id = offer->punch_id;
    punch_reply(w, a, id, true, 0x11); /* not A's to answer */
    assert_int_equal(client_error(w, a), VERDICT_NOT_FOUND);
    punch_reply(w, b, id, true, 0x22);
    go_check(w, a, b, true, key_a); /* 0x77.. is larger than 0x22..: A listens */
    go_check(w, b, a, false, key_b);
    assert_memory_equal(key_a, key_b, PUNCH_PROBE_KEY_SIZE);
    world_free(w);
}

static void a_moved_side_is_told_to_the_other(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];
    uint8_t key[PUNCH_PROBE_KEY_SIZE];
    Ziglan__PunchUpdate *update;
    Ziglan__ObservedAddress *observed;

    (void)state;
    world_members(w, 2);
    punch_ask(w, a, b->identity.public_key, 1, 0, true);
    punch_reply(w, b,
                client_got(w, b, ZIGLAN__CONTROL__BODY_PUNCH_REQUEST)->punch_request->punch_id,
                true, 2);
    go_check(w, a, b, false, key);
    b->address.port = 6000; /* its NAT chose another mapping */
    client_ask(b, ZIGLAN__CONTROL__BODY_PING);
    world_run(w, 3000);
    assert_non_null(client_got(w, b, ZIGLAN__CONTROL__BODY_OBSERVED_ADDRESS));
    observed = client_got(w, b, ZIGLAN__CONTROL__BODY_OBSERVED_ADDRESS)->observed_address;
    assert_int_equal(observed->address->port, 6000);
    assert_non_null(client_got(w, a, ZIGLAN__CONTROL__BODY_PUNCH_UPDATE));
    update = client_got(w, a, ZIGLAN__CONTROL__BODY_PUNCH_UPDATE)->punch_update;
    assert_int_equal(update->message->port, 6000);
    assert_int_equal(world_counters(w).moved, 1);
    world_free(w);
}

static void a_punch_is_refused_alike_for_no_absence_and_strangers(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];
    uint8_t nobody[KEY_SIZE] = {5};

    (void)state;
    world_members(w, 2);
    client_dial(w, &w->clients[2]); /* here, but no member */
    punch_ask(w, a, nobody, 1, 0, true);
    assert_int_equal(client_error(w, a), VERDICT_REFUSED);
    client_forget(a);
    punch_ask(w, a, w->clients[2].identity.public_key, 1, 0, true);
    assert_int_equal(client_error(w, a), VERDICT_REFUSED);
    assert_int_equal(client_count(w, &w->clients[2], ZIGLAN__CONTROL__BODY_PUNCH_REQUEST), 0);
    client_forget(a);
    punch_ask(w, a, b->identity.public_key, 1, 0, true);
    punch_reply(w, b,
                client_got(w, b, ZIGLAN__CONTROL__BODY_PUNCH_REQUEST)->punch_request->punch_id,
                false, 2);
    assert_int_equal(client_error(w, a), VERDICT_REFUSED);
    assert_null(client_got(w, a, ZIGLAN__CONTROL__BODY_PUNCH_GO));
    client_forget(a);
    punch_ask(w, a, b->identity.public_key, 1, 0, false); /* no session, NAT never measured */
    assert_int_equal(client_error(w, a), VERDICT_MEASURE_FIRST);
    world_free(w);
}

/* ---- the port ---- */

static void stun_send(struct world *w, const struct endpoint *from, uint8_t id)
{
    uint8_t request[STUN_REQUEST_SIZE];
    uint8_t transaction[STUN_ID_SIZE] = {id};

    stun_request(request, transaction);
    wire_send(&w->wire, from, &w->relay.address, request, sizeof(request), w->now);
}

static void stun_tells_the_address(void **state)
{
    struct world *w = world_new(NULL);
    const uint8_t ip[4] = {203, 0, 113, 9};
    const struct endpoint from = endpoint_v4(ip, 7777);
    const uint8_t id[STUN_ID_SIZE] = {3};
    struct stun_message answer;

    (void)state;
    stun_send(w, &from, 3);
    world_run(w, 50);
    assert_int_equal(w->loose_count, 1);
    assert_int_equal(stun_parse(&answer, w->loose[0]->data, w->loose[0]->size), ERR_OK);
    assert_true(stun_is_answer(&answer, id));
    assert_true(endpoint_equal(&answer.mapped, &from));
    assert_true(endpoint_equal(&answer.origin, &w->relay.address));
    assert_true(endpoint_is_none(&answer.other));
    assert_int_equal(world_counters(w).stun_answered, 1);
    world_free(w);
}

static void stun_is_limited_per_address_and_prefix(void **state)
{
    struct world *w = world_new(NULL);
    const uint8_t ip4[4] = {203, 0, 113, 9};
    uint8_t ip6[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 1, 0x10};

    (void)state;
    for (int i = 0; i < 15; i++) { /* other ports are the same address */
        struct endpoint from = endpoint_v4(ip4, (uint16_t)(7000 + i));
        stun_send(w, &from, (uint8_t)i);
    }
    world_run(w, 50);
    assert_int_equal(world_counters(w).stun_answered, 10);
    assert_int_equal(world_counters(w).stun_limited_address, 5);
    for (int i = 0; i < 15; i++) { /* other addresses of one IPv6 /56 are one source */
        struct endpoint from;
        ip6[7] = (uint8_t)(0x10 + i % 3);
        ip6[15] = (uint8_t)i;
        from = endpoint_v6(ip6, 7000);
        stun_send(w, &from, (uint8_t)i);
    }
    world_run(w, 50);
    assert_int_equal(world_counters(w).stun_answered, 20);
    assert_int_equal(world_counters(w).stun_limited_address, 10);
    world_run(w, 1000); /* and a second later it answers again */
    for (int i = 0; i < 3; i++) {
        struct endpoint from = endpoint_v4(ip4, 7000);
        stun_send(w, &from, (uint8_t)i);
    }
    world_run(w, 50);
    assert_int_equal(world_counters(w).stun_answered, 23);
    world_free(w);
}

static void stun_is_limited_in_all(void **state)
{
    struct relay_config cfg = {.stun_per_s = 50};
    struct world *w = world_new(&cfg);

    (void)state;
    for (int i = 0; i < 80; i++) {
        uint8_t ip[4] = {203, 0, 113, (uint8_t)i};
        struct endpoint from = endpoint_v4(ip, 7000);
        stun_send(w, &from, (uint8_t)i);
    }
    world_run(w, 10);
    assert_int_equal(world_counters(w).stun_answered, 50);
    assert_int_equal(world_counters(w).stun_limited_all, 30);
    world_run(w, 10);
    assert_int_equal(w->loose_count, 50);
    world_free(w);
}

static void other_first_bytes_are_counted_and_dropped(void **state)
{
    struct world *w = world_new(NULL);
    const uint8_t ip[4] = {203, 0, 113, 9};
    const struct endpoint from = endpoint_v4(ip, 7777);
    struct relay_counters counters;

    (void)state;
    for (int first = 0; first < 256; first++) {
        uint8_t data[40] = {(uint8_t)first};
        struct dgram in = {.local = w->relay.address, .remote = from, .data = data};
        for (in.size = 0; in.size <= sizeof(data); in.size += 20) {
            relay_core_receive(w->relay.core, &in, w->now);
        }
    }
    world_run(w, 100);
    counters = world_counters(w);
    assert_int_equal(counters.received_dgrams, 256 * 3);
    assert_int_equal(counters.drop_host_frame, 16 * 2);
    assert_int_equal(counters.drop_lane_frame, 16 * 2);
    assert_int_equal(counters.drop_first_byte, 256 + 2 * (0x3c + 0x20));
    world_free(w);
}

/* ---- pages and caps, asked directly ---- */

static void page_ask(struct world *w, const char *method, const char *path)
{
    struct link_request request = {.stream_id = 0};
    struct link_event event = {
        .type = LINK_EVENT_REQUEST, .remote = w->relay.address, .request = &request};

    (void)snprintf(request.method, sizeof(request.method), "%s", method);
    (void)snprintf(request.path, sizeof(request.path), "%s", path);
    http_on_request(&w->relay.core->base, &event, w->now);
}

static void only_known_pages_are_answered(void **state)
{
    struct world *w = world_new(NULL);

    (void)state;
    page_ask(w, "GET", "/");
    page_ask(w, "HEAD", "/");
    page_ask(w, "GET", "/addr");
    page_ask(w, "GET", "/health");
    page_ask(w, "GET", "/.well-known/ziglan");
    assert_int_equal(world_counters(w).http_ok, 5);
    page_ask(w, "GET", "");
    page_ask(w, "GET", "/members");
    page_ask(w, "GET", "/addr/");
    page_ask(w, "GET", "//");
    assert_int_equal(world_counters(w).http_not_found, 4);
    page_ask(w, "POST", "/");
    page_ask(w, "DELETE", "/members");
    page_ask(w, "get", "/");
    assert_int_equal(world_counters(w).http_bad_method, 3);
    store_memory_fail_commit(w->relay.store, true); /* a failing disk shows in the health page */
    assert_int_equal(operator_invite(relay_core_operator(w->relay.core),
                                     &(struct directory_terms){.uses = 1}, (char[URL_SIZE_MAX]){0}),
                     VERDICT_UNAVAILABLE);
    page_ask(w, "GET", "/health");
    assert_int_equal(world_counters(w).http_unavailable, 1);
    world_free(w);
}

static uint64_t pages_answered(struct world *w, const struct endpoint *from, int count)
{
    uint64_t before = world_counters(w).http_ok;

    for (int i = 0; i < count; i++) {
        struct link_request request = {.method = "GET", .path = "/addr"};
        struct link_event event = {
            .type = LINK_EVENT_REQUEST, .remote = *from, .request = &request};
        http_on_request(&w->relay.core->base, &event, w->now);
    }
    return world_counters(w).http_ok - before;
}

static void a_reader_of_pages_is_limited_per_address_and_prefix(void **state)
{
    struct world *w = world_new(NULL);
    const uint8_t one[4] = {203, 0, 113, 9};
    const uint8_t other[4] = {203, 0, 113, 10};
    struct endpoint from = endpoint_v4(one, 7777);
    uint8_t six[16] = {0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4};
    uint64_t answered = 0;

    (void)state;
    assert_int_equal(pages_answered(w, &from, 200), HTTP_BURST);
    assert_int_equal(world_counters(w).http_limited, 200 - HTTP_BURST);
    from.port++; /* whoever connects again is the same reader */
    assert_int_equal(pages_answered(w, &from, 10), 0);
    world_run(w, 1000);
    assert_int_equal(pages_answered(w, &from, 200), HTTP_PER_S);
    from = endpoint_v4(other, 7777);
    assert_int_equal(pages_answered(w, &from, 5), 5);
    for (int i = 0; i < 10; i++) { /* all of one /56 share, another is another */
        six[7] = (uint8_t)i;
        from = endpoint_v6(six, 1000);
        answered += pages_answered(w, &from, 20);
    }
    assert_int_equal(answered, HTTP_BURST);
    six[6]++;
    from = endpoint_v6(six, 1000);
    assert_int_equal(pages_answered(w, &from, 5), 5);
    for (uint32_t i = 0; i < HTTP_ADDRESSES_MAX + 100; i++) {
        const uint8_t ip[4] = {10, 0, (uint8_t)(i >> 8), (uint8_t)i};
        from = endpoint_v4(ip, 7777);
        (void)pages_answered(w, &from, 1);
    }
    assert_int_equal(bucket_table_count(w->relay.core->base.limits.http_addresses),
                     HTTP_ADDRESSES_MAX);
    world_free(w);
}

static void strangers_are_capped_per_address_and_net(void **state)
{
    struct world *w = world_new(NULL);
    static struct relay_client sessions[600];
    int entered = 0;

    (void)state;
    memset(sessions, 0, sizeof(sessions));
    for (int i = 0; i < 600; i++) { /* ten addresses of one /24, sixty each */
        const uint8_t ip[4] = {198, 51, 100, (uint8_t)(i / 60)};
        sessions[i].remote = endpoint_v4(ip, (uint16_t)(1000 + i));
        entered += limits_stranger_enter(&w->relay.core->base.limits, &sessions[i].limits,
                                         &sessions[i].remote);
    }
    assert_int_equal(entered, STRANGERS_PER_NET);
    for (int i = 0; i < 600; i++) {
        limits_stranger_leave(&w->relay.core->base.limits, &sessions[i].limits);
        limits_stranger_leave(&w->relay.core->base.limits, &sessions[i].limits); /* twice is once */
    }
    entered = 0;
    for (int i = 0; i < 600; i++) { /* one IPv6 /56 */
        const uint8_t ip[16] = {0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, (uint8_t)i};
        sessions[i].remote = endpoint_v6(ip, 1000);
        entered += limits_stranger_enter(&w->relay.core->base.limits, &sessions[i].limits,
                                         &sessions[i].remote);
    }
    assert_int_equal(entered, STRANGERS_PER_ADDRESS);
    for (int i = 0; i < 600; i++) {
        limits_stranger_leave(&w->relay.core->base.limits, &sessions[i].limits);
    }
    assert_int_equal(map_count(w->relay.core->base.limits.strangers_by_address), 0);
    assert_int_equal(map_count(w->relay.core->base.limits.strangers_by_net), 0);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_punch_introduces_both_sides),
        cmocka_unit_test(a_moved_side_is_told_to_the_other),
        cmocka_unit_test(a_punch_is_refused_alike_for_no_absence_and_strangers),
        cmocka_unit_test(stun_tells_the_address),
        cmocka_unit_test(stun_is_limited_per_address_and_prefix),
        cmocka_unit_test(stun_is_limited_in_all),
        cmocka_unit_test(other_first_bytes_are_counted_and_dropped),
        cmocka_unit_test(only_known_pages_are_answered),
        cmocka_unit_test(a_reader_of_pages_is_limited_per_address_and_prefix),
        cmocka_unit_test(strangers_are_capped_per_address_and_net),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
