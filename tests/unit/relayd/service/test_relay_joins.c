/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Joins that a relay refuses are counted, each by its reason. */
#include "relayd/core/core.h"
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
        cmocka_unit_test(refused_joins_are_counted_by_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
