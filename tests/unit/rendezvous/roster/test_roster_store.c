/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of a roster survives a full, failing or damaged store. */
#include "rendezvous/roster/roster.h"

#include "rendezvous/store/store_memory.h"
#include "tests/support/fixture.h"
#include "tests/support/roster_fixture.h"

static void a_full_roster_refuses_and_keeps_what_it_has(void **state)
{
    struct directory_entry entry;
    struct roster_change change;
    enum roster_effect effect;
    struct watcher w;

    (void)state;
    watcher_init_of(&w, 3);
    for (uint32_t n = 1; n <= 4; n++) {
        watcher_admit(&w, n, "a", 0);
        watcher_change_for(&w, n, &entry, &change);
        assert_int_equal(roster_apply(w.roster, &change, &effect, NULL),
                         n <= 3 ? ERR_OK : ERR_LIMIT);
    }
    assert_int_equal(roster_count(w.roster), 3);
    assert_int_equal(roster_stats(w.roster)->refused_limit, 1);
    /* Revocations of strangers are bounded as well; the oldest are forgotten. */
    for (uint32_t n = 10; n < 20; n++) {
        struct identity node = node_of(n);
        assert_int_equal(directory_revoke(w.office.directory, node.public_key), VERDICT_OK);
        watcher_change_for(&w, n, &entry, &change);
        assert_int_equal(roster_apply(w.roster, &change, &effect, NULL), ERR_OK);
    }
    assert_int_equal(store_memory_count(w.store, STORE_TABLE_ROSTER), 6);
    watcher_fini(&w);
}

static void two_ziglans_in_one_store_do_not_see_each_other(void **state)
{
    struct roster *other;
    struct identity other_key = node_of(1000003);
    struct watcher w;

    (void)state;
    watcher_init_with(&w, "a", 0x21);
    assert_int_equal(roster_new(&other, w.store, &w.office.ports.env, other_key.public_key, 0),
                     ERR_OK);
    assert_int_equal(roster_count(other), 0);
    assert_int_equal(roster_sequence(other), 0);
    roster_progress(other, 5);
    assert_int_equal(roster_erase(other), ERR_OK);
    roster_free(other);
    watcher_reopen(&w);
    assert_int_equal(roster_count(w.roster), 1);
    assert_int_equal(roster_erase(w.roster), ERR_OK);
    assert_int_equal(roster_count(w.roster), 0);
    for (size_t t = 0; t < STORE_TABLE_COUNT; t++) {
        assert_int_equal(store_memory_count(w.store, (enum store_table)t), 0);
    }
    watcher_fini(&w);
}

static void a_failing_store_is_survived(void **state)
{
    struct directory_entry entry;
    struct roster_change change;
    enum roster_effect effect;
    struct watcher w;

    (void)state;
    watcher_init_untold(&w, "a", 0x21, &entry, &change);
    for (uint64_t nth = 1; nth <= 3; nth++) { /* name, fixed address, member */
        struct roster *roster;
        struct store *store;
        watcher_roster_new(&w, &roster, &store);
        assert_int_equal(roster_set_delegation(roster, w.delegation.bytes, w.delegation.size),
                         ERR_OK);
        store_memory_fail_write(store, nth);
        assert_int_equal(roster_apply(roster, &change, &effect, NULL), ERR_SYSTEM);
        assert_int_equal(effect, ROSTER_EFFECT_ADDED);
        assert_int_equal(roster_count(roster), 1);
        roster_free(roster);
        store_close(store);
    }
    watcher_fini(&w);
}

static int write_without_memory(struct store *store, enum store_table table, const void *key,
                                size_t key_size, const void *value, size_t size)
{
    (void)store;
    (void)table;
    (void)key;
    (void)key_size;
    (void)value;
    (void)size;
    return ERR_NOMEM;
}

/* The member is in memory, and its change is known from now on. So it must be told now: nobody will
 * tell it later. */
static void a_member_is_told_even_if_its_name_finds_no_memory(void **state)
{
    struct directory_entry entry;
    struct roster_change change;
    enum roster_effect effect;
    struct watcher w;

    (void)state;
    watcher_init_untold(&w, "a", 0x21, &entry, &change);
    const struct store_ops *true_ops = w.store->ops;
    struct store_ops ops = *true_ops;
    ops.write = write_without_memory;
    w.store->ops = &ops;
    assert_int_equal(roster_apply(w.roster, &change, &effect, NULL), ERR_NOMEM);
    w.store->ops = true_ops;
    assert_int_equal(roster_count(w.roster), 1);
    assert_int_equal(effect, ROSTER_EFFECT_ADDED);
    watcher_fini(&w);
}

static void damaged_values_are_forgotten(void **state)
{
    struct watcher w;

    (void)state;
    for (uint32_t round = 0; round < 50; round++) {
        uint8_t value[STORE_VALUE_SIZE_MAX];
        struct store_cursor cursor = store_cursor_from(STORE_TABLE_ROSTER, NULL, 0);
        size_t size;
        watcher_init(&w);
        w.office.ports.rng.state += round;
        watcher_admit(&w, 1, "a", 0x21);
        watcher_admit(&w, 2, "b", 0);
        assert_int_equal(watcher_follow(&w), 2);
        assert_int_equal(store_next(w.store, &cursor, value, sizeof(value), &size), ERR_OK);
        size_t cut = env_random_below(&w.office.ports.env, (uint32_t)size);
        value[env_random_below(&w.office.ports.env, (uint32_t)size)] ^= 0xff;
        assert_int_equal(
            store_write(w.store, STORE_TABLE_ROSTER, cursor.key, cursor.key_size, value, cut),
            ERR_OK);
        watcher_reopen(&w);
        assert_int_equal(roster_count(w.roster), 1);
        assert_int_equal(store_memory_count(w.store, STORE_TABLE_ROSTER), 1);
        watcher_fini(&w);
    }
}

/* The values of a table become larger than any that the roster writes. */
static void spoil(struct watcher *w, enum store_table table)
{
    static const uint8_t large[STORE_VALUE_SIZE_MAX];
    struct store_cursor cursor = store_cursor_from(table, NULL, 0);
    uint8_t value[STORE_VALUE_SIZE_MAX];
    size_t size;

    size_t count = 0;

    while (store_next(w->store, &cursor, value, sizeof(value), &size) == ERR_OK &&
           size != STORE_NONE) {
        assert_int_equal(
            store_write(w->store, table, cursor.key, cursor.key_size, large, sizeof(large)),
            ERR_OK);
        count++;
    }
    assert_true(count > 0);
}

static void values_that_are_too_large_are_forgotten(void **state)
{
    struct watcher w;

    (void)state;
    watcher_init(&w);
    watcher_admit(&w, 1, "a", 0);
    assert_int_equal(watcher_follow(&w), 1);
    assert_int_not_equal(roster_sequence(w.roster), 0);
    spoil(&w, STORE_TABLE_META); /* the sequence: all is asked for again; and the delegations */
    spoil(&w, STORE_TABLE_BINDINGS);
    watcher_reopen(&w);
    assert_int_equal(roster_sequence(w.roster), 0);
    assert_non_null(watcher_member_named(&w, "a"));
    watcher_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_roster_refuses_and_keeps_what_it_has),
        cmocka_unit_test(two_ziglans_in_one_store_do_not_see_each_other),
        cmocka_unit_test(a_failing_store_is_survived),
        cmocka_unit_test(a_member_is_told_even_if_its_name_finds_no_memory),
        cmocka_unit_test(damaged_values_are_forgotten),
        cmocka_unit_test(values_that_are_too_large_are_forgotten),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
