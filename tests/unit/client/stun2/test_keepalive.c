/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often something is sent, from how long NATs remember. */
#include "client/stun2/keepalive.h"

#include "tests/support/instants.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void it_is_seven_tenths_within_bounds(void **state)
{
    static const struct {
        uint32_t lifetime_ms, keepalive_ms;
    } rows[] = {
        {0, KEEPALIVE_MS_MIN},
        {5000, KEEPALIVE_MS_MIN},
        {10000, 7000},
        {15000, 10500},
        {30000, 21000},
        {60000, KEEPALIVE_MS_MAX},
        {300000, KEEPALIVE_MS_MAX},
        {UINT32_MAX, KEEPALIVE_MS_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(keepalive_of(rows[i].lifetime_ms, 20000).young_ms, rows[i].keepalive_ms);
        assert_int_equal(keepalive_of(20000, rows[i].lifetime_ms).kept_ms, rows[i].keepalive_ms);
    }
    assert_int_equal(keepalive_unmeasured().young_ms, 15000);
    assert_true(KEEPALIVE_MS_MAX <= LINK_IDLE_MS - 10000);
}

static void a_mapping_is_kept_once_it_was_used_both_ways_for_a_while(void **state)
{
    const struct keepalive keepalive = {14000, 30000};

    (void)state;
    assert_int_equal(keepalive_ms(&keepalive, test_at_ms(1000), test_at_ms(0)), 14000);
    assert_int_equal(keepalive_ms(&keepalive, test_at_ms(1000), test_at_ms(3999)), 14000);
    assert_int_equal(keepalive_ms(&keepalive, test_at_ms(1000), test_at_ms(4000)), 30000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_seven_tenths_within_bounds),
        cmocka_unit_test(a_mapping_is_kept_once_it_was_used_both_ways_for_a_while),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
