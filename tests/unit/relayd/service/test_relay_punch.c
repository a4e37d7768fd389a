/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Introductions over the relay. */
#include "proto/crypto/identity.h"
#include "rendezvous/directory/directory_admission.h"

#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

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
    punch_ask(w, a, b->identity.public_key, 0x77, 3, true);
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
    punch_ask(w, a, b->identity.public_key, 1, 3, true);
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

/* What waits is offered again to a new session of a key, but not if it is a stranger's. */
static void who_is_no_member_any_more_does_not_hear_who_asked_for_it(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];
    struct client *again = &w->clients[2];

    (void)state;
    world_members(w, 2);
    again->identity = b->identity;
    punch_ask(w, a, b->identity.public_key, 1, 4, false);
    assert_int_equal(client_count(w, b, ZIGLAN__CONTROL__BODY_PUNCH_REQUEST), 1);
    client_dial(w, again);
    assert_int_equal(client_count(w, again, ZIGLAN__CONTROL__BODY_PUNCH_REQUEST), 1);
    client_forget(b);
    w->ports.wall_ms += DIRECTORY_ADMISSION_MS + UINT64_C(3600000);
    client_dial(w, b);
    assert_true(b->open);
    assert_int_equal(client_count(w, b, ZIGLAN__CONTROL__BODY_PUNCH_REQUEST), 0);
    assert_int_equal(client_error(w, a), VERDICT_REFUSED);
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
    punch_ask(w, a, nobody, 1, 3, true);
    assert_int_equal(client_error(w, a), VERDICT_REFUSED);
    client_forget(a);
    punch_ask(w, a, w->clients[2].identity.public_key, 1, 3, true);
    assert_int_equal(client_error(w, a), VERDICT_REFUSED);
    assert_int_equal(client_count(w, &w->clients[2], ZIGLAN__CONTROL__BODY_PUNCH_REQUEST), 0);
    client_forget(a);
    punch_ask(w, a, b->identity.public_key, 1, 3, true);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_punch_introduces_both_sides),
        cmocka_unit_test(a_moved_side_is_told_to_the_other),
        cmocka_unit_test(who_is_no_member_any_more_does_not_hear_who_asked_for_it),
        cmocka_unit_test(a_punch_is_refused_alike_for_no_absence_and_strangers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
