/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames that wait for their way (rendezvous/relaying/waiting.h). */
#include "tests/support/fixture.h"

#include "rendezvous/relaying/waiting.h"
#include "tests/support/env.h"

static const uint8_t src[KEY_SIZE] = {1}, dst[KEY_SIZE] = {2};
static const struct mono start = {NS_PER_S};

static struct waiting *waiting_made(void)
{
    struct test_env ports;
    struct waiting *waiting;

    test_env_init(&ports, 1);
    assert_int_equal(waiting_new(&waiting, &ports.env), ERR_OK);
    return waiting;
}

static void they_come_out_in_their_order(void **state)
{
    struct waiting *waiting = waiting_made();

    (void)state;
    for (uint8_t i = 0; i < WAITING_FRAMES_MAX; i++) {
        assert_true(waiting_put(waiting, dst, src, &i, 1, start));
        assert_true(waiting_has(waiting, dst));
    }
    assert_false(waiting_put(waiting, dst, src, src, 1, start)); /* one too many */
    for (uint8_t i = 0; i < WAITING_FRAMES_MAX; i++) {
        struct waiting_frame *frame = waiting_take(waiting, dst);

        assert_non_null(frame);
        assert_int_equal(frame->size, 1);
        assert_int_equal(frame->data[0], i);
        assert_memory_equal(frame->src, src, KEY_SIZE);
        free(frame);
    }
    assert_null(waiting_take(waiting, dst));
    assert_false(waiting_has(waiting, dst));
    assert_false(mono_due(waiting_deadline(waiting), mono_add_ms(start, UINT32_MAX)));
    waiting_free(waiting);
}

static void bytes_have_a_bound_too(void **state)
{
    static const uint8_t large[WAITING_BYTES_MAX + 1];
    struct waiting *waiting = waiting_made();

    (void)state;
    assert_false(waiting_put(waiting, dst, src, large, WAITING_BYTES_MAX + 1, start));
    assert_true(waiting_put(waiting, dst, src, large, WAITING_BYTES_MAX, start));
    assert_false(waiting_put(waiting, dst, src, large, 1, start));
    free(waiting_take(waiting, dst));
    assert_true(waiting_put(waiting, dst, src, large, 1, start));
    waiting_free(waiting);
}

static void receivers_have_a_bound(void **state)
{
    struct waiting *waiting = waiting_made();
    uint8_t key[KEY_SIZE] = {0};

    (void)state;
    for (uint32_t i = 0; i < WAITING_RECEIVERS_MAX; i++) {
        memcpy(key, &i, sizeof(i));
        assert_true(waiting_put(waiting, key, src, src, KEY_SIZE, start));
    }
    key[31] = 1;
    assert_false(waiting_put(waiting, key, src, src, KEY_SIZE, start));
    waiting_free(waiting);
}

static void what_waits_too_long_is_dropped(void **state)
{
    struct waiting *waiting = waiting_made();
    struct mono end = mono_add_ms(start, WAITING_MS_MAX);

    (void)state;
    assert_true(waiting_put(waiting, dst, src, src, KEY_SIZE, start));
    assert_true(waiting_put(waiting, dst, src, src, KEY_SIZE, mono_add_ms(start, 1000)));
    assert_int_equal(mono_ns_between(waiting_deadline(waiting), end), 0);
    assert_false(mono_before(end, waiting_deadline(waiting)));
    assert_int_equal(waiting_expire(waiting, mono_add_ms(start, WAITING_MS_MAX - 1)), 0);
    assert_int_equal(waiting_expire(waiting, end), 2);
    assert_null(waiting_take(waiting, dst));
    waiting_free(waiting);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_come_out_in_their_order),
        cmocka_unit_test(bytes_have_a_bound_too),
        cmocka_unit_test(receivers_have_a_bound),
        cmocka_unit_test(what_waits_too_long_is_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
