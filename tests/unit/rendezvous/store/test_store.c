/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store port: what both implementations promise, and what that of memory has of its own. */
#include "rendezvous/store/store.h"

#include "rendezvous/store/store_memory.h"
#include "tests/support/fixture.h"
#include "tests/support/store_subject.h"

/* ---- cases for both implementations ---- */

static void values_come_back_by_table_and_key(struct subject *h)
{
    subject_put(h, STORE_TABLE_MEMBERS, "a", "one");
    subject_put(h, STORE_TABLE_NAMES, "a", "other table");
    subject_put(h, STORE_TABLE_MEMBERS, "b", "");
    assert_value(h, STORE_TABLE_MEMBERS, "a", "one");
    assert_value(h, STORE_TABLE_NAMES, "a", "other table");
    assert_value(h, STORE_TABLE_MEMBERS, "b", "");
    assert_value(h, STORE_TABLE_MEMBERS, "c", "-");
    subject_put(h, STORE_TABLE_MEMBERS, "a", "two");
    assert_value(h, STORE_TABLE_MEMBERS, "a", "two");
    subject_del(h, STORE_TABLE_MEMBERS, "a");
    subject_del(h, STORE_TABLE_MEMBERS, "a");
    assert_value(h, STORE_TABLE_MEMBERS, "a", "-");
}

static void keys_come_in_order_from_anywhere(struct subject *h)
{
    subject_put(h, STORE_TABLE_NAMES, "b", "");
    subject_put(h, STORE_TABLE_NAMES, "ab", "");
    subject_put(h, STORE_TABLE_NAMES, "a", "");
    subject_put(h, STORE_TABLE_NAMES, "\xff", "");
    subject_put(h, STORE_TABLE_NAMES, "abc", "");
    assert_keys(h, STORE_TABLE_NAMES, "", "a ab abc b \xff");
    assert_keys(h, STORE_TABLE_NAMES, "ab", "ab abc b \xff");
    assert_keys(h, STORE_TABLE_NAMES, "abb", "abc b \xff");
    assert_keys(h, STORE_TABLE_NAMES, "\xff\xff", "");
    assert_keys(h, STORE_TABLE_INVITES, "", "");
}

static void a_cursor_survives_removal_of_its_key(struct subject *h)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_NAMES, NULL, 0);
    char value[64];
    size_t size;
    int seen = 0;

    for (char key[2] = "a"; key[0] <= 'z'; key[0]++) {
        subject_put(h, STORE_TABLE_NAMES, key, "x");
    }
    for (;; seen++) {
        assert_int_equal(store_next(h->store, &cursor, value, sizeof(value), &size), ERR_OK);
        if (size == STORE_NONE) {
            break;
        }
        assert_int_equal(store_remove(h->store, STORE_TABLE_NAMES, cursor.key, cursor.key_size),
                         ERR_OK);
    }
    assert_int_equal(seen, 26);
    assert_keys(h, STORE_TABLE_NAMES, "", "");
}

static void a_step_that_fails_leaves_the_cursor_where_it_is(struct subject *h)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_NAMES, "a", 1);
    char value[64];
    size_t size;

    subject_put(h, STORE_TABLE_NAMES, "a", "long");
    subject_put(h, STORE_TABLE_NAMES, "b", "longer");
    for (char key = 'a'; key <= 'b'; key++) {
        assert_int_equal(store_next(h->store, &cursor, value, 1, &size), ERR_SYSTEM);
        assert_int_equal(store_next(h->store, &cursor, value, sizeof(value), &size), ERR_OK);
        assert_int_equal(cursor.key[0], key);
    }
}

static void a_transaction_is_seen_inside_and_kept_by_commit(struct subject *h)
{
    subject_put(h, STORE_TABLE_META, "old", "1");
    assert_int_equal(store_begin(h->store), ERR_OK);
    subject_put(h, STORE_TABLE_META, "old", "2");
    subject_put(h, STORE_TABLE_META, "new", "3");
    assert_value(h, STORE_TABLE_META, "old", "2");
    assert_keys(h, STORE_TABLE_META, "", "new old");
    assert_int_equal(store_commit(h->store), ERR_OK);
    subject_crash(h);
    assert_value(h, STORE_TABLE_META, "old", "2");
    assert_value(h, STORE_TABLE_META, "new", "3");
}

static void an_aborted_transaction_leaves_nothing(struct subject *h)
{
    subject_put(h, STORE_TABLE_META, "old", "1");
    subject_put(h, STORE_TABLE_META, "gone", "1");
    assert_int_equal(store_begin(h->store), ERR_OK);
    subject_put(h, STORE_TABLE_META, "old", "2");
    subject_put(h, STORE_TABLE_META, "old", "3");
    subject_put(h, STORE_TABLE_META, "new", "3");
    subject_del(h, STORE_TABLE_META, "gone");
    store_abort(h->store);
    assert_value(h, STORE_TABLE_META, "old", "1");
    assert_keys(h, STORE_TABLE_META, "", "gone old");
}

static void a_crash_loses_only_the_open_transaction(struct subject *h)
{
    subject_put(h, STORE_TABLE_META, "kept", "1");
    assert_int_equal(store_begin(h->store), ERR_OK);
    subject_put(h, STORE_TABLE_META, "kept", "2");
    subject_put(h, STORE_TABLE_META, "lost", "2");
    subject_crash(h);
    assert_value(h, STORE_TABLE_META, "kept", "1");
    assert_value(h, STORE_TABLE_META, "lost", "-");
    subject_put(h, STORE_TABLE_META, "more", "3");
    assert_keys(h, STORE_TABLE_META, "", "kept more");
}

static void a_value_larger_than_the_room_is_refused(struct subject *h)
{
    char small[3];
    size_t size;

    subject_put(h, STORE_TABLE_META, "k", "four");
    assert_int_equal(store_read(h->store, STORE_TABLE_META, "k", 1, small, sizeof(small), &size),
                     ERR_SYSTEM);
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_META, NULL, 0);
    assert_int_equal(store_next(h->store, &cursor, small, sizeof(small), &size), ERR_SYSTEM);
}

static void a_value_of_another_size_is_as_one_that_is_not_there(struct subject *h)
{
    char value[5] = "kept";
    size_t size;

    subject_put(h, STORE_TABLE_META, "a", "four");
    subject_put(h, STORE_TABLE_META, "b", "much longer");
    subject_put(h, STORE_TABLE_META, "c", "last");
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(store_read_sized(h->store, STORE_TABLE_META, "a", 1, value, i, i, &size),
                         ERR_OK);
        assert_true((size == STORE_NONE) == (i != 4));
    }
    assert_string_equal(value, "four");
    assert_int_equal(store_read_sized(h->store, STORE_TABLE_META, "b", 1, value, 0, 4, &size),
                     ERR_OK);
    assert_true(size == STORE_NONE);
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_META, NULL, 0);
    assert_int_equal(store_next_fitting(h->store, &cursor, value, 4, &size), ERR_OK);
    assert_int_equal(store_next_fitting(h->store, &cursor, value, 4, &size), ERR_OK);
    assert_string_equal(value, "last");
    assert_int_equal(store_next_fitting(h->store, &cursor, value, 4, &size), ERR_OK);
    assert_true(size == STORE_NONE);
}

static void the_largest_keys_and_values_fit(struct subject *h)
{
    static uint8_t value[STORE_VALUE_SIZE_MAX], back[STORE_VALUE_SIZE_MAX];
    uint8_t key[STORE_KEY_SIZE_MAX];
    size_t size;

    memset(key, 0xab, sizeof(key));
    rng_fill(&h->ports.rng, value, sizeof(value));
    assert_int_equal(
        store_write(h->store, STORE_TABLE_ADDRESS_BOOK, key, sizeof(key), value, sizeof(value)),
        ERR_OK);
    assert_int_equal(
        store_read(h->store, STORE_TABLE_ADDRESS_BOOK, key, sizeof(key), back, sizeof(back), &size),
        ERR_OK);
    assert_int_equal(size, sizeof(value));
    assert_memory_equal(value, back, sizeof(value));
}

/* Random changes against a naive twin, with aborts and crashes in between. */
static void random_changes_match_a_naive_twin(struct subject *h)
{
    enum { KEYS = 40, STEPS = 400 };
    int committed[KEYS], present[KEYS];

    memset(committed, 0, sizeof(committed));
    memcpy(present, committed, sizeof(present));
    for (int step = 1; step <= STEPS; step++) {
        uint32_t dice = env_random_below(&h->ports.env, 100);
        int k = (int)env_random_below(&h->ports.env, KEYS);
        char key[8], value[16], text[64];
        (void)snprintf(key, sizeof(key), "%d", k);
        (void)snprintf(value, sizeof(value), "%d", step);
        if (!h->store->writing && dice < 10) {
            assert_int_equal(store_begin(h->store), ERR_OK);
        } else if (h->store->writing && dice < 5) {
            assert_int_equal(store_commit(h->store), ERR_OK);
            memcpy(committed, present, sizeof(committed));
        } else if (h->store->writing && dice < 10) {
            store_abort(h->store);
            memcpy(present, committed, sizeof(present));
        } else if (dice < 12) {
            subject_crash(h);
            memcpy(present, committed, sizeof(present));
        } else if (dice < 60) {
            subject_put(h, STORE_TABLE_NAMES, key, value);
            present[k] = step;
        } else {
            subject_del(h, STORE_TABLE_NAMES, key);
            present[k] = 0;
        }
        if (!h->store->writing) {
            memcpy(committed, present, sizeof(committed));
        }
        (void)snprintf(value, sizeof(value), "%d", present[k]);
        assert_string_equal(subject_get(h, STORE_TABLE_NAMES, key, text),
                            present[k] == 0 ? "-" : value);
    }
    if (h->store->writing) {
        store_abort(h->store);
    }
}

static const struct {
    const char *name;
    void (*run)(struct subject *h);
} cases[] = {
    {"values_come_back_by_table_and_key", values_come_back_by_table_and_key},
    {"keys_come_in_order_from_anywhere", keys_come_in_order_from_anywhere},
    {"a_cursor_survives_removal_of_its_key", a_cursor_survives_removal_of_its_key},
    {"a_step_that_fails_leaves_the_cursor_where_it_is",
     a_step_that_fails_leaves_the_cursor_where_it_is},
    {"a_transaction_is_seen_inside_and_kept_by_commit",
     a_transaction_is_seen_inside_and_kept_by_commit},
    {"an_aborted_transaction_leaves_nothing", an_aborted_transaction_leaves_nothing},
    {"a_crash_loses_only_the_open_transaction", a_crash_loses_only_the_open_transaction},
    {"a_value_larger_than_the_room_is_refused", a_value_larger_than_the_room_is_refused},
    {"a_value_of_another_size_is_as_one_that_is_not_there",
     a_value_of_another_size_is_as_one_that_is_not_there},
    {"the_largest_keys_and_values_fit", the_largest_keys_and_values_fit},
    {"random_changes_match_a_naive_twin", random_changes_match_a_naive_twin},
};

static void run_all(bool lmdb)
{
    struct subject h;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        print_message("  %s: %s\n", lmdb ? "lmdb" : "memory", cases[i].name);
        subject_init(&h, lmdb);
        cases[i].run(&h);
        subject_fini(&h);
    }
}

static void the_memory_store_keeps_every_promise(void **state)
{
    (void)state;
    run_all(false);
}

static void the_lmdb_store_keeps_every_promise(void **state)
{
    (void)state;
    run_all(true);
}

/* ---- faults of the memory store ---- */

static void the_nth_write_fails_and_takes_its_transaction_along(void **state)
{
    struct subject h;

    (void)state;
    subject_init(&h, false);
    subject_put(&h, STORE_TABLE_META, "a", "1");
    store_memory_fail_write(h.store, 2);
    assert_int_equal(store_begin(h.store), ERR_OK);
    subject_put(&h, STORE_TABLE_META, "a", "2");
    assert_int_equal(store_write(h.store, STORE_TABLE_META, "b", 1, "2", 1), ERR_SYSTEM);
    assert_int_equal(store_write(h.store, STORE_TABLE_META, "c", 1, "2", 1), ERR_SYSTEM);
    assert_int_equal(store_commit(h.store), ERR_SYSTEM);
    assert_keys(&h, STORE_TABLE_META, "", "a");
    assert_value(&h, STORE_TABLE_META, "a", "1");
    subject_put(&h, STORE_TABLE_META, "b", "3");
    subject_fini(&h);
}

static void a_torn_commit_keeps_its_first_changes_only(void **state)
{
    struct subject h;

    (void)state;
    subject_init(&h, false);
    store_memory_tear(h.store, 2);
    assert_int_equal(store_begin(h.store), ERR_OK);
    subject_put(&h, STORE_TABLE_META, "a", "1");
    subject_put(&h, STORE_TABLE_META, "b", "1");
    subject_put(&h, STORE_TABLE_META, "a", "2");
    subject_put(&h, STORE_TABLE_META, "c", "1");
    assert_int_equal(store_commit(h.store), ERR_SYSTEM);
    assert_keys(&h, STORE_TABLE_META, "", "a b");
    assert_value(&h, STORE_TABLE_META, "a", "1");
    store_memory_fail_commit(h.store, true);
    assert_int_equal(store_write(h.store, STORE_TABLE_META, "z", 1, "", 0), ERR_SYSTEM);
    store_memory_fail_commit(h.store, false);
    assert_keys(&h, STORE_TABLE_META, "", "a b");
    subject_fini(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_memory_store_keeps_every_promise),
        cmocka_unit_test(the_lmdb_store_keeps_every_promise),
        cmocka_unit_test(the_nth_write_fails_and_takes_its_transaction_along),
        cmocka_unit_test(a_torn_commit_keeps_its_first_changes_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
