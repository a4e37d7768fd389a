/* SPDX-License-Identifier: GPL-3.0-or-later */
/* With which relays there was a session lately (relayd/service/reach_met.h). */
#include "relayd/service/reach_met.h"

#include "proto/base/bytes.h"
#include "tests/support/fixture.h"

static const uint8_t *key_of(uint32_t number)
{
    static uint8_t key[KEY_SIZE];

    be32_write(key, number);
    return key;
}

static void who_was_met_is_known_for_an_hour(void **state)
{
    struct reach_met met = {.count = 0};
    struct mono now = {NS_PER_S};

    (void)state;
    assert_false(reach_met_has(&met, key_of(1), now));
    reach_met_note(&met, key_of(1), now);
    now = mono_add_ms(now, REACH_MET_MS - 1);
    assert_true(reach_met_has(&met, key_of(1), now));
    assert_false(reach_met_has(&met, key_of(2), now));
    reach_met_note(&met, key_of(1), now); /* the session ends */
    now = mono_add_ms(now, REACH_MET_MS - 1);
    assert_true(reach_met_has(&met, key_of(1), now));
    now = mono_add_ms(now, 1);
    assert_false(reach_met_has(&met, key_of(1), now));
}

static void the_first_one_makes_room_and_nobody_is_there_twice(void **state)
{
    struct reach_met met = {.count = 0};
    struct mono now = {NS_PER_S};

    (void)state;
    for (uint32_t i = 0; i < REACH_MET_MAX; i++) {
        reach_met_note(&met, key_of(i), now);
        reach_met_note(&met, key_of(0), now);
    }
    assert_int_equal(met.count, REACH_MET_MAX);
    assert_true(reach_met_has(&met, key_of(1), now));
    reach_met_note(&met, key_of(REACH_MET_MAX), now);
    assert_int_equal(met.count, REACH_MET_MAX);
    assert_true(reach_met_has(&met, key_of(REACH_MET_MAX), now));
    assert_false(reach_met_has(&met, key_of(0), now));
    assert_true(reach_met_has(&met, key_of(1), now));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_was_met_is_known_for_an_hour),
        cmocka_unit_test(the_first_one_makes_room_and_nobody_is_there_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
