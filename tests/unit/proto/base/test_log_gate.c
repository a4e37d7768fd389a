/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many lines of one cause are written. */
#include "proto/base/log_gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void one_line_a_minute_and_cause_is_written(void **state)
{
    struct log_gate gate = {0};
    struct mono now = {NS_PER_S};
    uint32_t left_out = 99;

    (void)state;
    assert_true(log_gate_take(&gate, 3, &left_out, now));
    assert_int_equal(left_out, 0);
    for (int i = 0; i < 5; i++) {
        assert_false(log_gate_take(&gate, 3, &left_out, now));
    }
    assert_true(log_gate_take(&gate, LOG_GATE_CAUSES_MAX - 1, &left_out, now));
    now = mono_add_ms(now, LOG_GATE_EVERY_MS - 1);
    assert_false(log_gate_take(&gate, 3, &left_out, now));
    now = mono_add_ms(now, 1);
    assert_true(log_gate_take(&gate, 3, &left_out, now));
    assert_int_equal(left_out, 6);
    now = mono_add_ms(now, LOG_GATE_EVERY_MS);
    assert_true(log_gate_take(&gate, 3, &left_out, now));
    assert_int_equal(left_out, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_a_minute_and_cause_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
