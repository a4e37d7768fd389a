/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Amounts and durations as people read them. */
#include "proto/base/human.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static void amounts_read_well(void **state)
{
    char text[HUMAN_TEXT_SIZE];

    (void)state;
    assert_string_equal(human_bytes(0, text), "0 B");
    assert_string_equal(human_bytes(999, text), "999 B");
    assert_string_equal(human_bytes(1000, text), "1.0 kB");
    assert_string_equal(human_bytes(1450000, text), "1.4 MB");
    assert_string_equal(human_bytes(UINT64_MAX, text), "18.4 EB");
    assert_string_equal(human_us(180, text), "180 us");
    assert_string_equal(human_us(3140, text), "3.1 ms");
    assert_string_equal(human_us(120000, text), "120 ms");
    assert_string_equal(human_age_ms(4000, text), "4 s ago");
    assert_string_equal(human_age_ms(200000, text), "3 min ago");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_read_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
