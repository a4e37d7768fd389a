/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Instants (proto/base/mono.h). */
#include "tests/support/fixture.h"

#include "proto/base/mono.h"

static void sums_end_at_never(void **state)
{
    struct mono t = {5 * NS_PER_S};

    (void)state;
    assert_true(mono_add_ms(t, 1500).ns == UINT64_C(6500000000));
    assert_true(mono_add_ns(t, 1).ns == 5 * NS_PER_S + 1);
    assert_true(mono_add_ms(MONO_NEVER, 0).ns == MONO_NEVER.ns);
    assert_true(mono_add_ms(t, UINT64_MAX).ns == MONO_NEVER.ns);
    assert_true(mono_add_ns(t, UINT64_MAX - 1).ns == MONO_NEVER.ns);
    assert_true(mono_add_ms(t, UINT64_MAX / NS_PER_MS).ns == MONO_NEVER.ns);
}

static void never_is_never_due(void **state)
{
    struct mono now = {1000}, later = {1001};

    (void)state;
    assert_true(mono_due(now, now));
    assert_true(mono_due(now, later));
    assert_false(mono_due(later, now));
    assert_false(mono_due(MONO_NEVER, MONO_NEVER));
    assert_true(mono_before(now, later));
    assert_false(mono_before(now, now));
    assert_true(mono_min(later, now).ns == now.ns);
    assert_true(mono_min(now, MONO_NEVER).ns == now.ns);
}

static void no_time_is_negative(void **state)
{
    struct mono from = {NS_PER_S}, to = {NS_PER_S + 2 * NS_PER_MS - 1};

    (void)state;
    assert_true(mono_ns_between(from, to) == 2 * NS_PER_MS - 1);
    assert_true(mono_ms_between(from, to) == 1);
    assert_true(mono_ns_between(to, from) == 0);
    assert_true(mono_ms_between(to, from) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_end_at_never),
        cmocka_unit_test(never_is_never_due),
        cmocka_unit_test(no_time_is_negative),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
