/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the store works, as a relay believes. */
#include "relayd/core/core_internal.h"
#include "rendezvous/store/store_memory.h"

#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

static bool store_is_healthy(struct world *w)
{
    struct relay_snapshot snapshot;

    relay_core_snapshot(w->relay.core, &snapshot, w->now);
    return snapshot.store_ok;
}

static void join_with(struct world *w, struct client *c, uint8_t *part, size_t size)
{
    Ziglan__Join join = ZIGLAN__JOIN__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    client_forget(c);
    join.member_part.data = part;
    join.member_part.len = size;
    message.request_id = 4;
    message.body_case = ZIGLAN__CONTROL__BODY_JOIN;
    message.join = &join;
    client_send(c, &message);
    world_run(w, 200);
}

/* After a failure health is bad until a write succeeds, which the core tries by itself. */
static void a_store_is_healthy_only_after_a_write(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];
    uint8_t part[RECORD_SIGNED_SIZE_MAX];
    size_t size;

    (void)state;
    world_members(w, 1);
    size = member_part_make(w, c, "a", part);
    join_with(w, c, part, size);
    store_memory_fail_commit(w->relay.store, true);
    client_forget(c);
    client_join(w, c, NULL, "b"); /* another part */
    assert_int_equal(client_error(w, c), VERDICT_UNAVAILABLE);
    assert_false(store_is_healthy(w));
    join_with(w, c, part, size); /* nothing to write */
    assert_non_null(client_got(w, c, ZIGLAN__CONTROL__BODY_JOINED));
    assert_false(store_is_healthy(w));
    world_run(w, HOUSEKEEPING_MS + 1000);
    assert_false(store_is_healthy(w));
    store_memory_fail_commit(w->relay.store, false);
    world_run(w, HOUSEKEEPING_MS + 1000);
    assert_true(store_is_healthy(w));
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_is_healthy_only_after_a_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
