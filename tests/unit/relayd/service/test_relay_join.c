/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Joins: who is admitted under which name, and who is not. */
#include "proto/crypto/identity.h"
#include "proto/crypto/signed.h"
#include "relayd/core/core_internal.h"
#include "rendezvous/store/store_memory.h"

#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

/* A Join with the member part that was made before. */
static void join_with(struct world *w, struct client *c, const uint8_t *invite, const uint8_t *part,
                      size_t part_size)
{
    Ziglan__Join join = ZIGLAN__JOIN__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    uint8_t copies[INVITE_SIZE + RECORD_SIGNED_SIZE_MAX];
    char wanted[] = "x";

    memcpy(copies, invite, INVITE_SIZE);
    memcpy(copies + INVITE_SIZE, part, part_size);
    join.invite.data = copies;
    join.invite.len = INVITE_SIZE;
    join.wanted_name = wanted;
    join.member_part.data = copies + INVITE_SIZE;
    join.member_part.len = part_size;
    message.request_id = c->request_next++;
    message.body_case = ZIGLAN__CONTROL__BODY_JOIN;
    message.join = &join;
    client_forget(c);
    client_send(c, &message);
    world_run(w, 200);
}

static void an_invite_admits_and_names(void **state)
{
    struct world *w = world_new(NULL);
    uint8_t invite[INVITE_SIZE];
    struct client *c = &w->clients[0];
    struct record_parts parts;
    struct record_admission admission;
    Ziglan__Joined *joined;

    (void)state;
    world_invite(w, 1, invite);
    client_dial(w, c);
    assert_true(c->open);
    client_join(w, c, invite, "nas");
    assert_non_null(client_got(w, c, ZIGLAN__CONTROL__BODY_JOINED));
    joined = client_got(w, c, ZIGLAN__CONTROL__BODY_JOINED)->joined;
    assert_string_equal(joined->granted_name, "nas");
    assert_string_equal(joined->ziglan_name, "home");
    assert_true(joined->sequence > 0);
    assert_int_equal(
        signed_open(&parts, RECORD_TYPE_ADMISSION, joined->admission.data, joined->admission.len),
        ERR_OK);
    assert_int_equal(record_admission_decode(&admission, parts.record, parts.record_size), ERR_OK);
    assert_memory_equal(admission.member_key, c->identity.public_key, KEY_SIZE);
    assert_int_equal(world_counters(w).join_ok, 1);
    world_free(w);
}

static void a_used_or_wrong_invite_admits_nobody(void **state)
{
    struct world *w = world_new(NULL);
    uint8_t invite[INVITE_SIZE];
    uint8_t wrong[INVITE_SIZE] = {1, 2, 3};

    (void)state;
    world_invite(w, 1, invite);
    for (int i = 0; i < 3; i++) {
        client_dial(w, &w->clients[i]);
    }
    client_join(w, &w->clients[0], invite, "first");
    client_join(w, &w->clients[1], invite, "second"); /* single use */
    client_join(w, &w->clients[2], wrong, "third");
    assert_int_equal(client_error(w, &w->clients[1]), VERDICT_INVITE_INVALID);
    assert_int_equal(client_error(w, &w->clients[2]), VERDICT_INVITE_INVALID);
    assert_int_equal(world_counters(w).join_invite_invalid, 2);
    client_forget(&w->clients[2]);
    client_join(w, &w->clients[2], NULL, "third");
    assert_int_equal(client_error(w, &w->clients[2]), VERDICT_NOT_MEMBER);
    world_free(w);
}

static void a_failing_store_refuses_joins_and_forwards_on(void **state)
{
    struct world *w = world_new(NULL);
    uint8_t invite[INVITE_SIZE];
    uint8_t frame[FRAME_SIZE];
    struct relay_snapshot snapshot;

    (void)state;
    world_members(w, 2);
    world_invite(w, 1, invite);
    store_memory_fail_commit(w->relay.store, true);
    client_dial(w, &w->clients[2]);
    client_join(w, &w->clients[2], invite, "late");
    assert_int_equal(client_error(w, &w->clients[2]), VERDICT_UNAVAILABLE);
    relay_core_snapshot(w->relay.core, &snapshot, w->now);
    assert_false(snapshot.store_ok);
    frame_fill(frame, 1);
    client_frame(&w->clients[0], SESSION_DGRAM_TO, w->clients[1].identity.public_key, frame,
                 sizeof(frame));
    world_run(w, 100);
    assert_int_equal(client_datagrams(&w->clients[1], NULL), 1);
    store_memory_fail_commit(w->relay.store,
                             false); /* there is room again: the invite was not used up */
    client_forget(&w->clients[2]);
    client_join(w, &w->clients[2], invite, "late");
    assert_non_null(client_got(w, &w->clients[2], ZIGLAN__CONTROL__BODY_JOINED));
    relay_core_snapshot(w->relay.core, &snapshot, w->now);
    assert_true(snapshot.store_ok);
    world_free(w);
}

/* Each part is another one, so each join changes the directory. */
static void a_member_can_broadcast_so_much(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];
    uint64_t sequence;

    (void)state;
    world_members(w, 1);
    for (int i = 0; i < 110; i++) {
        client_join(w, c, NULL, "a");
    }
    assert_true(world_counters(w).control_broadcast > 0);
    assert_int_equal(client_error(w, c), VERDICT_LIMIT);
    sequence = directory_sequence(w->relay.core->base.directory);
    client_forget(c);
    client_join(w, c, NULL, "a");
    assert_int_equal(directory_sequence(w->relay.core->base.directory), sequence);
    assert_int_equal(client_error(w, c), VERDICT_LIMIT);
    assert_true(c->open); /* it stays a member */
    client_forget(c);
    client_watch(w, c, 0); /* counted too */
    assert_int_equal(client_error(w, c), VERDICT_LIMIT);
    world_run(w, 5000);
    client_forget(c);
    client_join(w, c, NULL, "a");
    assert_true(directory_sequence(w->relay.core->base.directory) > sequence);
    assert_non_null(client_got(w, c, ZIGLAN__CONTROL__BODY_JOINED));
    world_free(w);
}

static void refused_joins_are_counted_by_reason(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[1];
    uint8_t invite[INVITE_SIZE], wrong[INVITE_SIZE] = {1};
    uint8_t part[RECORD_SIGNED_SIZE_MAX];
    size_t part_size;
    struct relay_counters counters;

    (void)state;
    world_members(w, 1);
    world_invite(w, 1, invite);
    client_dial(w, c);
    part_size = member_part_make(w, c, "x", part);

    join_with(w, c, wrong, part, part_size);
    assert_int_equal(client_error(w, c), VERDICT_INVITE_INVALID);
    part[part_size - 1] ^= 1;
    join_with(w, c, invite, part, part_size);
    assert_int_equal(client_error(w, c), VERDICT_BAD_REQUEST);
    part[part_size - 1] ^= 1;
    store_memory_fail_commit(w->relay.store, true);
    join_with(w, c, invite, part, part_size);
    assert_int_equal(client_error(w, c), VERDICT_UNAVAILABLE);
    store_memory_fail_commit(w->relay.store, false);
    w->ports.wall_ms -= UINT64_C(24) * 3600 * 1000;
    join_with(w, c, invite, part, part_size);
    assert_int_equal(client_error(w, c), VERDICT_CLOCK);
    w->ports.wall_ms += UINT64_C(24) * 3600 * 1000;
    join_with(w, c, invite, part, part_size);
    assert_non_null(client_got(w, c, ZIGLAN__CONTROL__BODY_JOINED));

    counters = world_counters(w);
    assert_int_equal(counters.join_ok, 2);
    assert_int_equal(counters.join_invite_invalid, 1);
    assert_int_equal(counters.join_bad_request, 1);
    assert_int_equal(counters.join_unavailable, 1);
    assert_int_equal(counters.join_clock, 1);
    assert_int_equal(counters.join_name_taken + counters.join_revoked + counters.join_limit, 0);
    assert_int_equal(counters.store_failures, 1);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invite_admits_and_names),
        cmocka_unit_test(a_used_or_wrong_invite_admits_nobody),
        cmocka_unit_test(a_failing_store_refuses_joins_and_forwards_on),
        cmocka_unit_test(a_member_can_broadcast_so_much),
        cmocka_unit_test(refused_joins_are_counted_by_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
