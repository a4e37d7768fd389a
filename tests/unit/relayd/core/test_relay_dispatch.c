/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may ask for what. */
#include "proto/crypto/identity.h"
#include "relayd/service/gone.h"

#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

static void a_stranger_can_only_join_and_ping(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[1];
    const uint8_t nobody[KEY_SIZE] = {5};
    uint8_t frame[FRAME_SIZE];

    (void)state;
    world_members(w, 1);
    client_dial(w, c);
    client_ask(c, ZIGLAN__CONTROL__BODY_PING);
    world_run(w, 100);
    assert_int_equal(client_got(w, c, ZIGLAN__CONTROL__BODY_PONG)->pong->token, 77);
    client_lookup(w, c, NULL, "host0", NULL);
    assert_int_equal(client_error(w, c), VERDICT_NOT_MEMBER);
    assert_int_equal(world_counters(w).error_not_member, 1);
    client_forget(c);
    client_watch(w, c, 0);
    assert_int_equal(client_error(w, c), VERDICT_NOT_MEMBER);
    client_forget(c);
    frame_fill(frame, 1);
    client_frame(c, SESSION_DGRAM_TO, w->clients[0].identity.public_key, frame, sizeof(frame));
    world_run(w, 100);
    assert_int_equal(client_datagrams(&w->clients[0], NULL), 0);
    client_frame(c, SESSION_DGRAM_TO, nobody, frame, sizeof(frame));
    world_run(w, 100);
    assert_int_equal(client_count(w, c, ZIGLAN__CONTROL__BODY_GONE), 2);
    for (size_t i = 0; i < 2; i++) { /* nor does it hear who is here */
        assert_int_equal(client_got_nth(w, c, ZIGLAN__CONTROL__BODY_GONE, i)->gone->reason,
                         GONE_NOT_ALLOWED);
    }
    assert_int_equal(world_counters(w).drop_not_allowed, 2);
    /* ... and a member cannot reach the stranger either */
    client_frame(&w->clients[0], SESSION_DGRAM_TO, c->identity.public_key, frame, sizeof(frame));
    world_run(w, 100);
    assert_int_equal(client_datagrams(c, NULL), 0);
    assert_true(c->open);
    world_run(w, 61000);
    assert_false(c->open);
    assert_int_equal(client_got(w, c, ZIGLAN__CONTROL__BODY_GO_AWAY)->go_away->reason, 4);
    assert_int_equal(world_counters(w).closed_not_admitted, 1);
    world_free(w);
}

static void administration_is_refused_even_to_members(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];
    Ziglan__Invite invite = ZIGLAN__INVITE__INIT;
    Ziglan__Revoke revoke = ZIGLAN__REVOKE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    (void)state;
    world_members(w, 2);
    invite.uses = 1;
    message.request_id = 5;
    message.body_case = ZIGLAN__CONTROL__BODY_INVITE;
    message.invite = &invite;
    client_send(c, &message);
    revoke.key.data = w->clients[1].identity.public_key;
    revoke.key.len = KEY_SIZE;
    message.request_id = 6;
    message.body_case = ZIGLAN__CONTROL__BODY_REVOKE;
    message.revoke = &revoke;
    client_send(c, &message);
    world_run(w, 200);
    assert_int_equal(client_count(w, c, ZIGLAN__CONTROL__BODY_ERROR), 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(client_got_nth(w, c, ZIGLAN__CONTROL__BODY_ERROR, i)->error->code,
                         VERDICT_REFUSED);
    }
    assert_true(w->clients[1].open);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stranger_can_only_join_and_ping),
        cmocka_unit_test(administration_is_refused_even_to_members),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
