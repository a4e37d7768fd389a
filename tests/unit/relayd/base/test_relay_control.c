/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many control messages one session may send. */
#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

static void a_flood_of_control_messages_is_refused(void **state)
{
    struct world *w = world_new(NULL);
    struct client *c = &w->clients[0];

    (void)state;
    world_members(w, 1);
    world_run(w, 10000);
    for (int i = 0; i < 150; i++) {
        client_ask(c, ZIGLAN__CONTROL__BODY_PING);
    }
    world_run(w, 200);
    assert_true(client_count(w, c, ZIGLAN__CONTROL__BODY_PONG) <= 106);
    assert_true(world_counters(w).control_rate >= 44);
    assert_int_equal(client_count(w, c, ZIGLAN__CONTROL__BODY_ERROR), 1); /* said once a second */
    assert_int_equal(client_error(w, c), VERDICT_LIMIT);
    assert_true(c->open);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_of_control_messages_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
