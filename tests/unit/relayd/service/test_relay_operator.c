/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operator does to members. */
#include "relayd/service/operator.h"

#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

static void a_revoked_member_is_cut_off_at_once(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];
    uint8_t frame[FRAME_SIZE];
    uint8_t invite[INVITE_SIZE];
    uint8_t key[KEY_SIZE];
    bool online = false;
    bool revoked = false;

    (void)state;
    world_members(w, 2);
    client_watch(w, a, 0);
    client_forget(a);
    assert_int_equal(operator_revoke(relay_core_operator(w->relay.core), "nobody", key, w->now),
                     VERDICT_NOT_FOUND);
    assert_int_equal(operator_revoke(relay_core_operator(w->relay.core), "host1", key, w->now),
                     VERDICT_OK);
    assert_memory_equal(key, b->identity.public_key, KEY_SIZE);
    frame_fill(frame, 1);
    client_frame(b, SESSION_DGRAM_TO, a->identity.public_key, frame, sizeof(frame));
    client_frame(a, SESSION_DGRAM_TO, b->identity.public_key, frame, sizeof(frame));
    world_run(w, 100);
    assert_int_equal(client_datagrams(a, NULL), 0); /* before the connection is even closed */
    assert_int_equal(client_datagrams(b, NULL), 0);
    world_run(w, 500);
    assert_false(b->open);
    assert_int_equal(client_got(w, b, ZIGLAN__CONTROL__BODY_GO_AWAY)->go_away->reason, 2);
    assert_true(client_told(w, a, b, &online, &revoked));
    assert_true(revoked);
    client_forget(b);
    client_dial(w, b); /* it cannot come back, not even with a fresh invite */
    world_run(w, 500);
    assert_false(b->open);
    assert_int_equal(operator_restore(relay_core_operator(w->relay.core), "host1", key, w->now),
                     VERDICT_OK);
    world_invite(w, 1, invite);
    client_forget(b);
    client_dial(w, b);
    client_join(w, b, invite, "back");
    assert_non_null(client_got(w, b, ZIGLAN__CONTROL__BODY_JOINED));
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_revoked_member_is_cut_off_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
