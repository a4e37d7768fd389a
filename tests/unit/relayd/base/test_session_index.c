/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which session of a key is the active one. */
#include "relayd/base/session_index.h"

#include "tests/support/env.h"
#include "tests/support/fixture.h"

static void key_of(uint8_t key[KEY_SIZE], uint32_t number)
{
    memset(key, 0, KEY_SIZE);
    memcpy(key, &number, sizeof(number));
}

static void the_newest_session_of_a_key_is_the_active_one(void **state)
{
    uint8_t key[KEY_SIZE];
    uint64_t previous = 0, session = 77;
    struct test_env ports;
    struct session_index *index;
    bool replaced = true;

    (void)state;
    test_env_init(&ports, 0);
    key_of(key, 1);
    assert_int_equal(session_index_new(&index, 10, &ports.env), ERR_OK);
    assert_false(session_index_find(index, key, &session));
    assert_int_equal(session, 77);
    assert_int_equal(session_index_put(index, key, 100, &replaced, &previous), ERR_OK);
    assert_false(replaced);
    assert_int_equal(session_index_put(index, key, 200, &replaced, &previous), ERR_OK);
    assert_true(replaced);
    assert_int_equal(previous, 100);
    assert_int_equal(session_index_put(index, key, 200, &replaced, &previous), ERR_OK);
    assert_false(replaced);
    assert_int_equal(session_index_count(index), 1);
    assert_false(session_index_remove(index, key, 100)); /* the old one ends late */
    assert_true(session_index_find(index, key, &session));
    assert_int_equal(session, 200);
    assert_true(session_index_remove(index, key, 200));
    assert_false(session_index_find(index, key, &session));
    assert_int_equal(session_index_count(index), 0);
    session_index_free(index);
}

static void a_full_index_refuses_newcomers_but_not_its_own(void **state)
{
    uint8_t key[KEY_SIZE];
    uint64_t previous, session;
    struct test_env ports;
    struct session_index *index;
    bool replaced;

    (void)state;
    test_env_init(&ports, 0);
    assert_int_equal(session_index_new(&index, 50, &ports.env), ERR_OK);
    for (uint32_t i = 0; i < 50; i++) {
        key_of(key, i);
        assert_int_equal(session_index_put(index, key, i, &replaced, &previous), ERR_OK);
    }
    key_of(key, 50);
    assert_int_equal(session_index_put(index, key, 50, &replaced, &previous), ERR_LIMIT);
    assert_false(session_index_find(index, key, &session));
    key_of(key, 7);
    assert_int_equal(session_index_put(index, key, 700, &replaced, &previous), ERR_OK);
    assert_true(replaced);
    assert_int_equal(previous, 7);
    assert_true(session_index_remove(index, key, 700));
    key_of(key, 50);
    assert_int_equal(session_index_put(index, key, 50, &replaced, &previous), ERR_OK);
    assert_int_equal(session_index_count(index), 50);
    session_index_free(index);
    session_index_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_session_of_a_key_is_the_active_one),
        cmocka_unit_test(a_full_index_refuses_newcomers_but_not_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
