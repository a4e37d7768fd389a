/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who leaves, and who is told. */
#include "relayd/core/core.h"
#include "rendezvous/store/store_memory.h"

#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

static void who_leaves_is_a_stranger_again(void **state)
{
    struct world *w = world_new(NULL);
    struct client *a = &w->clients[0];
    struct client *b = &w->clients[1];
    uint8_t frame[FRAME_SIZE];

    (void)state;
    world_members(w, 2);
    client_ask(b, ZIGLAN__CONTROL__BODY_LEAVE);
    world_run(w, 100);
    assert_non_null(client_got(w, b, ZIGLAN__CONTROL__BODY_DONE));
    frame_fill(frame, 1);
    client_frame(b, SESSION_DGRAM_TO, a->identity.public_key, frame, sizeof(frame));
    world_run(w, 100);
    assert_int_equal(client_datagrams(a, NULL), 0);
    world_free(w);
}

/* Without this the others would go on believing in the member. */
static void those_who_watch_are_told_of_a_leave(void **state)
{
    struct world *w = world_new(NULL);
    struct client *watcher = &w->clients[0], *leaver = &w->clients[1], *other = &w->clients[2];
    bool online = false, revoked = false;

    (void)state;
    world_members(w, 3);
    client_watch(w, watcher, 0);
    client_forget(watcher);
    client_ask(leaver, ZIGLAN__CONTROL__BODY_LEAVE);
    world_run(w, 200);
    assert_true(client_told(w, watcher, leaver, &online, &revoked));
    assert_true(revoked);
    assert_false(client_told(w, watcher, other, &online, &revoked));
    world_free(w);
}

static void who_left_is_told_nothing_more(void **state)
{
    struct world *w = world_new(NULL);
    struct client *leaver = &w->clients[1], *later = &w->clients[2];
    uint8_t invite[INVITE_SIZE];

    (void)state;
    world_members(w, 2);
    client_watch(w, leaver, 0);
    client_ask(leaver, ZIGLAN__CONTROL__BODY_LEAVE);
    world_run(w, 200);
    client_forget(leaver);
    world_invite(w, 1, invite);
    client_dial(w, later);
    client_join(w, later, invite, "later");
    assert_non_null(client_got(w, later, ZIGLAN__CONTROL__BODY_JOINED));
    assert_int_equal(leaver->kept_count, 0);
    assert_true(leaver->open);
    world_free(w);
}

static struct punch_stats punches(struct world *w)
{
    struct relay_snapshot snapshot;

    relay_core_snapshot(w->relay.core, &snapshot, w->now);
    return snapshot.punch;
}

static void a_leave_ends_the_introductions_of_the_leaver(void **state)
{
    const uint8_t token[PUNCH_TOKEN_SIZE] = {1};
    struct world *w = world_new(NULL);
    struct client *leaver = &w->clients[1];
    Ziglan__PunchRequest body = ZIGLAN__PUNCH_REQUEST__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    (void)state;
    world_members(w, 2);
    body.target = control_bytes(leaver->identity.public_key, KEY_SIZE);
    body.token = control_bytes(token, sizeof(token));
    body.has_session = true;
    message.request_id = 1;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_REQUEST;
    message.punch_request = &body;
    client_send(&w->clients[0], &message);
    world_run(w, 100);
    assert_int_equal(punches(w).offered, 1);
    client_ask(leaver, ZIGLAN__CONTROL__BODY_LEAVE);
    world_run(w, 100);
    assert_int_equal(punches(w).offered, 0);
    world_free(w);
}

static void a_leave_that_cannot_be_kept_changes_nothing(void **state)
{
    struct world *w = world_new(NULL);
    struct client *watcher = &w->clients[0], *member = &w->clients[1];
    bool online = false, revoked = false;

    (void)state;
    world_members(w, 2);
    client_watch(w, watcher, 0);
    client_forget(watcher);
    store_memory_fail_commit(w->relay.store, true);
    client_ask(member, ZIGLAN__CONTROL__BODY_LEAVE);
    world_run(w, 200);
    assert_int_equal(client_error(w, member), VERDICT_UNAVAILABLE);
    assert_null(client_got(w, member, ZIGLAN__CONTROL__BODY_DONE));
    assert_false(client_told(w, watcher, member, &online, &revoked));
    assert_true(client_frame_passes(w, member, watcher));
    assert_int_equal(world_counters(w).store_failures, 1);
    world_free(w);
}

/* A host that was away for more than a week leaves: it is a stranger, but in the directory still.
 */
static void a_member_whose_admission_is_over_leaves_all_the_same(void **state)
{
    struct world *w = world_new(NULL);
    struct client *member = &w->clients[0], *stranger = &w->clients[1];
    struct relay_snapshot snapshot;

    (void)state;
    world_members(w, 1);
    link_hub_close(member->hub, member->handle, 0, "bye", w->now);
    world_run(w, 200);
    w->ports.wall_ms += UINT64_C(8) * 24 * 3600 * 1000;
    client_dial(w, member);
    client_ask(member, ZIGLAN__CONTROL__BODY_LEAVE);
    client_dial(w, stranger);
    client_ask(stranger, ZIGLAN__CONTROL__BODY_LEAVE);
    world_run(w, 100);
    assert_non_null(client_got(w, member, ZIGLAN__CONTROL__BODY_DONE));
    assert_int_equal(client_error(w, stranger), VERDICT_NOT_MEMBER);
    relay_core_snapshot(w->relay.core, &snapshot, w->now);
    assert_int_equal(snapshot.members, 0);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_leaves_is_a_stranger_again),
        cmocka_unit_test(those_who_watch_are_told_of_a_leave),
        cmocka_unit_test(who_left_is_told_nothing_more),
        cmocka_unit_test(a_leave_ends_the_introductions_of_the_leaver),
        cmocka_unit_test(a_leave_that_cannot_be_kept_changes_nothing),
        cmocka_unit_test(a_member_whose_admission_is_over_leaves_all_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
