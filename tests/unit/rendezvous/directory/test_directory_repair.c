/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A directory on a store that fails, lies or decays: failed writes, torn changes, damage. */
#include "rendezvous/directory/directory.h"

#include "rendezvous/directory/directory_invite.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/directory_fixture.h"
#include "tests/support/fixture.h"

static void a_failed_write_changes_nothing(void **state)
{
    struct directory_joined joined;
    uint8_t invite[INVITE_SIZE];
    uint64_t nth = 1;
    struct office office;

    (void)state;
    office_init(&office);
    office_invite(&office, 1, 0, "", invite);
    struct part part = part_of(office.ports.wall_ms, 1, 1, 0x21);
    for (;; nth++) {
        store_memory_fail_write(office.store, nth);
        enum verdict verdict = office_join(&office, 1, invite, "nas", &part, &joined);
        store_memory_fail_write(office.store, 0);
        if (verdict == VERDICT_OK) {
            break;
        }
        assert_int_equal(verdict, VERDICT_UNAVAILABLE);
        assert_int_equal(office_status_of(&office, 1), DIRECTORY_STATUS_STRANGER);
        assert_int_equal(office_find_name(&office, "nas", 1), VERDICT_NOT_FOUND);
        assert_int_equal(directory_sequence(office.directory), 0);
        assert_int_equal(directory_member_count(office.directory), 0);
        assert_int_equal(directory_invite_count(office.directory), 1);
    }
    assert_true(nth > 6); /* the loop did fail at each of the writes */
    assert_int_equal(office_status_of(&office, 1), DIRECTORY_STATUS_MEMBER);
    store_memory_fail_commit(office.store, true);
    assert_int_equal(office_revoke(&office, 1), VERDICT_UNAVAILABLE);
    store_memory_fail_commit(office.store, false);
    assert_int_equal(office_status_of(&office, 1), DIRECTORY_STATUS_MEMBER);
    assert_int_equal(directory_revoked_count(office.directory), 0);
    office_fini(&office);
}

/* Whatever a lying disk kept of the first changes of a transaction: the directory opens, its
   indexes fit its records, no invite is used twice, and no revocation is done by half. */
static void a_torn_store_is_repaired(void **state)
{
    (void)state;
    for (size_t keep = 0; keep < 12; keep++) {
        struct directory_joined joined;
        uint8_t invite[INVITE_SIZE];
        struct office office;
        size_t revoked;
        uint64_t since = 0;

        office_init(&office);
        (void)office_admit(&office, 1, "nas", 0x21, &joined);
        (void)office_admit(&office, 2, "box", 0x22, &joined);
        office_invite(&office, 1, 0, "", invite);
        struct part part = part_of(office.ports.wall_ms, 3, 1, 0x23);
        store_memory_tear(office.store, keep);
        assert_int_equal(office_join(&office, 3, invite, "nas", &part, &joined),
                         VERDICT_UNAVAILABLE);
        office_reopen(&office);
        store_memory_tear(office.store, keep);
        assert_int_equal(office_revoke(&office, 1), VERDICT_UNAVAILABLE);
        office_reopen(&office);
        uint32_t warnings = office.ports.warnings;
        office_reopen(&office);
        assert_int_equal(office.ports.warnings, warnings); /* nothing was left to repair */

        bool gone = office_status_of(&office, 1) == DIRECTORY_STATUS_REVOKED;
        assert_int_equal(gone, keep >= 1);
        assert_string_equal(office_name_of(&office, 1), "nas"); /* gone or not */
        assert_int_equal(office_find_name(&office, "nas", 1),
                         gone ? VERDICT_NOT_FOUND : VERDICT_OK);
        assert_int_equal(office_owner_of(&office, 0x21, 3), gone ? 0 : 1);
        assert_int_equal(office_find_name(&office, "box", 2), VERDICT_OK);
        assert_int_equal(office_owner_of(&office, 0x22, 3), 2);
        bool in = office_status_of(&office, 3) == DIRECTORY_STATUS_MEMBER;
        assert_int_equal(directory_member_count(office.directory),
                         1 + (gone ? 0 : 1) + (in ? 1 : 0));
        assert_int_equal(office_follow(&office, &since, &revoked),
                         directory_member_count(office.directory) +
                             directory_revoked_count(office.directory));
        if (keep >= 1) {
            struct part other = part_of(office.ports.wall_ms, 4, 1, 0);
            assert_int_equal(office_join(&office, 4, invite, "x", &other, &joined),
                             VERDICT_INVITE_INVALID);
        }
        (void)office_admit(&office, 5, "nas", 0x25, &joined);
        assert_int_equal(office_find_name(&office, joined.name, 5), VERDICT_OK);
        office_fini(&office);
    }
}

/* Random bytes in place of a stored value, in half of the rounds more than the directory ever
 * writes: the directory opens and forgets at most that value. */
static void damaged_values_are_forgotten(void **state)
{
    static const enum store_table tables[] = {
        STORE_TABLE_MEMBERS,   STORE_TABLE_ADMISSIONS, STORE_TABLE_REVOCATIONS, STORE_TABLE_NAMES,
        STORE_TABLE_ADDRESSES, STORE_TABLE_CHANGES,    STORE_TABLE_FORMER,
    };

    (void)state;
    for (uint32_t round = 0; round < 70; round++) {
        struct directory_joined joined;
        uint8_t value[STORE_VALUE_SIZE_MAX];
        uint32_t value_size_max = round % 2 == 0 ? 40 : sizeof(value);
        struct office office;
        size_t size, revoked;
        uint64_t since = 0;

        office_init(&office);
        office.ports.rng.state += round;
        for (uint32_t n = 1; n <= 4; n++) {
            (void)office_admit(&office, n, "nas", (uint8_t)n, &joined);
        }
        assert_int_equal(office_revoke(&office, 2), VERDICT_OK);
        enum store_table table = tables[round % 7];
        struct store_cursor cursor = store_cursor_from(table, NULL, 0);
        uint8_t old[STORE_VALUE_SIZE_MAX];
        assert_int_equal(store_next(office.store, &cursor, old, sizeof(old), &size), ERR_OK);
        env_random(&office.ports.env, value, sizeof(value));
        assert_int_equal(store_write(office.store, table, cursor.key, cursor.key_size, value,
                                     env_random_below(&office.ports.env, value_size_max + 1)),
                         ERR_OK);
        office_reopen(&office);
        uint32_t warnings = office.ports.warnings;
        office_reopen(&office);
        assert_int_equal(office.ports.warnings, warnings);
        (void)office_follow(&office, &since, &revoked);
        (void)office_admit(&office, 9, "new", 9, &joined);
        assert_int_equal(office_find_name(&office, "new", 9), VERDICT_OK);
        office_fini(&office);
    }
}

/* Such a value is larger than any that the directory writes. */
static void a_damaged_invite_does_not_hold_up_the_sweep(void **state)
{
    static const uint8_t value[STORE_VALUE_SIZE_MAX];
    static const uint8_t first[DIRECTORY_INVITE_ID_SIZE];
    uint8_t invite[INVITE_SIZE];
    struct office office;

    (void)state;
    office_init(&office);
    office_invite(&office, 1, 1, "", invite);
    assert_int_equal(
        store_write(office.store, STORE_TABLE_INVITES, first, sizeof(first), value, sizeof(value)),
        ERR_OK);
    office_reopen(&office);
    office.ports.wall_ms += DAY_MS;
    directory_expire(office.directory, office.ports.wall_ms);
    assert_int_equal(store_memory_count(office.store, STORE_TABLE_INVITES), 0);
    assert_int_equal(directory_invite_count(office.directory), 0);
    office_fini(&office);
}

/* Changes go on behind the latest record, and the clock. */
static void a_damaged_sequence_is_found_again(void **state)
{
    static const char name[] = "directory.sequence";
    static const uint8_t value[STORE_VALUE_SIZE_MAX];
    struct directory_joined first, second;
    struct office office;

    (void)state;
    office_init(&office);
    (void)office_admit(&office, 1, "nas", 1, &first);
    assert_int_equal(
        store_write(office.store, STORE_TABLE_META, name, sizeof(name) - 1, value, sizeof(value)),
        ERR_OK);
    office_reopen(&office);
    assert_int_equal(directory_sequence(office.directory), first.sequence);
    (void)office_admit(&office, 2, "pi", 2, &second);
    assert_true(second.sequence > first.sequence);
    office_fini(&office);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_write_changes_nothing),
        cmocka_unit_test(a_torn_store_is_repaired),
        cmocka_unit_test(damaged_values_are_forgotten),
        cmocka_unit_test(a_damaged_invite_does_not_hold_up_the_sweep),
        cmocka_unit_test(a_damaged_sequence_is_found_again),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
