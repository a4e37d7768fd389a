/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of AEADs by a clock that the test moves (proto/crypto/aead_speed.h). */
#include "proto/crypto/aead_speed.h"
#include "proto/crypto/identity.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Each round reads the clock twice; the AEADs take turns, so the n-th pair of readings belongs to
 * the n-th of the list, again and again. */
static struct {
    uint64_t ns, reading;
    uint64_t takes[AEAD_LIST_MAX];
    size_t count;
} clock_state;

static struct mono played_clock(void)
{
    uint64_t reading = clock_state.reading++;

    if (reading % 2 == 1) {
        clock_state.ns += clock_state.takes[reading / 2 % clock_state.count];
        if (reading < 2 * clock_state.count) {
            clock_state.ns += 1000000; /* the machine is busy in the first round */
        }
    }
    return (struct mono){clock_state.ns};
}

static void the_fastest_comes_first(void **state)
{
    struct aead_list local = aead_list_local(), list;

    (void)state;
    clock_state.count = local.count;
    for (size_t i = 0; i < local.count; i++) {
        clock_state.takes[i] = 100 - 10 * i; /* the last of the list is the fastest */
    }
    list = aead_list_by_speed(played_clock);
    assert_int_equal(list.count, local.count);
    for (size_t i = 0; i < list.count; i++) {
        assert_int_equal(list.ids[i], local.ids[local.count - 1 - i]);
    }
}

static void equal_ones_keep_their_order(void **state)
{
    struct aead_list local = aead_list_local(), list;

    (void)state;
    clock_state.count = local.count;
    for (size_t i = 0; i < local.count; i++) {
        clock_state.takes[i] = 100;
    }
    list = aead_list_by_speed(played_clock);
    assert_memory_equal(&list, &local, sizeof(list));
}

static int set_up(void **state)
{
    (void)state;
    clock_state.ns = 0;
    clock_state.reading = 0;
    return identity_library_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_fastest_comes_first, set_up),
        cmocka_unit_test_setup(equal_ones_keep_their_order, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
