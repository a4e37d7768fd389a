/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strangers are counted by where they come from. */
#include "relayd/core/core_internal.h"

#include "tests/support/fixture.h"
#include "tests/support/relay_fixture.h"

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
        entered += LIMITS_OK == limits_stranger_enter(&w->relay.core->base.limits,
                                                      &sessions[i].limits, &sessions[i].remote);
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
        entered += LIMITS_OK == limits_stranger_enter(&w->relay.core->base.limits,
                                                      &sessions[i].limits, &sessions[i].remote);
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
        cmocka_unit_test(strangers_are_capped_per_address_and_net),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
