/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names and addresses of members at their edges: who gets which, and whom a text finds. */
#include "rendezvous/directory/directory.h"

#include "tests/support/directory_fixture.h"
#include "tests/support/fixture.h"

#define SIXTY "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"

static void conflicting_names_get_numbers(void **state)
{
    static const struct {
        const char *wanted, *want;
    } table[] = {
        {"nas", "nas"},
        {"nas", "nas-2"},
        {"NAS", "nas-3"},
        {"nas-2", "nas-2-2"},
        {"admin", "host"},
        {"", "host-2"},
        {"a.b", "a"},
        {"localhost", "host-3"},
        {"a23456789012345678901234567890123456789012345678901234567890123",
         "a23456789012345678901234567890123456789012345678901234567890123"},
        {"a23456789012345678901234567890123456789012345678901234567890123",
         "a234567890123456789012345678901234567890123456789012345678901-2"},
    };
    struct directory_joined joined;
    struct office office;

    (void)state;
    office_init(&office);
    for (uint32_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        assert_string_equal(office_admit(&office, i + 1, table[i].wanted, 0, &joined),
                            table[i].want);
    }
    office_fini(&office);
}

static void many_equal_wanted_names_end_in_a_part_of_the_key(void **state)
{
    struct directory_joined joined;
    char short_key[KEY_SHORT_SIZE], want[32];
    struct identity node = node_of(201);
    struct office office;

    (void)state;
    office_init(&office);
    for (uint32_t n = 1; n <= 201; n++) {
        (void)office_admit(&office, n, "nas", 0, &joined);
    }
    (void)snprintf(want, sizeof(want), "nas-%s", key_short(node.public_key, short_key));
    assert_string_equal(joined.name, want);
    office_fini(&office);
}

static void a_freed_name_is_quarantined_for_thirty_days(void **state)
{
    struct directory_joined joined;
    struct identity one = node_of(1);
    struct office office;

    (void)state;
    office_init(&office);
    (void)office_admit(&office, 1, "nas", 0, &joined);
    assert_int_equal(directory_leave(office.directory, one.public_key), VERDICT_OK);
    assert_int_equal(directory_leave(office.directory, one.public_key), VERDICT_NOT_MEMBER);
    assert_int_equal(office_status_of(&office, 1), DIRECTORY_STATUS_STRANGER);
    assert_string_equal(office_admit(&office, 2, "nas", 0, &joined), "nas-2");
    office.ports.wall_ms += 30 * DAY_MS - 1;
    directory_expire(office.directory, office.ports.wall_ms);
    assert_string_equal(office_admit(&office, 3, "nas", 0, &joined), "nas-3");
    office.ports.wall_ms += 1;
    directory_expire(office.directory, office.ports.wall_ms);
    assert_string_equal(office_admit(&office, 4, "nas", 0, &joined), "nas");
    /* The host that left has lost its name and joins like a new one. */
    assert_string_equal(office_admit(&office, 1, "nas", 0, &joined), "nas-4");
    assert_int_equal(directory_member_count(office.directory), 4);
    assert_int_equal(directory_revoked_count(office.directory), 0);
    office_fini(&office);
}

static void the_first_claim_of_a_fixed_address_holds(void **state)
{
    struct directory_joined joined;
    struct identity one = node_of(1);
    struct office office;

    (void)state;
    office_init(&office);
    (void)office_admit(&office, 1, "a", 0x21, &joined);
    (void)office_admit(&office, 2, "b", 0x21, &joined);
    assert_int_equal(office_owner_of(&office, 0x21, 3), 1);
    office_reopen(&office);
    assert_int_equal(office_owner_of(&office, 0x21, 3), 1);
    assert_int_equal(directory_leave(office.directory, one.public_key), VERDICT_OK);
    assert_int_equal(office_owner_of(&office, 0x21, 3), 0);
    struct part part = part_of(office.ports.wall_ms, 2, office.ports.wall_ms + 9, 0x21);
    assert_int_equal(office_join(&office, 2, NULL, "b", &part, &joined), VERDICT_OK);
    assert_int_equal(office_owner_of(&office, 0x21, 3), 2);
    office_fini(&office);
}

static void a_name_is_cut_for_its_number_and_ends_in_no_hyphen(void **state)
{
    struct directory_joined joined;
    struct office office;

    (void)state;
    office_init(&office);
    assert_string_equal(office_admit(&office, 1, SIXTY "-bc", 0, &joined), SIXTY "-bc");
    assert_string_equal(office_admit(&office, 2, SIXTY "-bc", 0, &joined), SIXTY "-2");
    assert_string_equal(office_admit(&office, 3, SIXTY "abc", 0, &joined), SIXTY "abc");
    assert_string_equal(office_admit(&office, 4, SIXTY "abc", 0, &joined), SIXTY "a-2");
    assert_string_equal(office_admit(&office, 5, SIXTY "a", 0, &joined), SIXTY "a");
    office_fini(&office);
}

static void a_reserved_name_is_given_to_nobody(void **state)
{
    struct directory_joined joined;
    struct office office;

    (void)state;
    office_init(&office);
    assert_string_equal(office_admit(&office, 1, "localhost", 0, &joined), "host");
    assert_string_equal(office_admit(&office, 2, "ADMIN", 0, &joined), "host-2");
    office_fini(&office);
}

static void the_wanted_name_of_a_part_counts_where_no_other_is(void **state)
{
    struct directory_joined joined;
    struct identity node = node_of(1);
    struct record_member record = {.wanted_name = "pantry"};
    uint8_t invite[INVITE_SIZE];
    struct office office;
    struct part part;

    (void)state;
    office_init(&office);
    record.header.sequence = 1;
    record.header.created_ms = office.ports.wall_ms;
    record.header.lifetime_s = 3600;
    part = part_sign(&node, record);
    office_invite(&office, 1, 0, "", invite);
    assert_int_equal(office_join(&office, 1, invite, "", &part, &joined), VERDICT_OK);
    assert_string_equal(joined.name, "pantry");
    office_fini(&office);
}

static void a_text_finds_whom_it_means_and_nobody_else(void **state)
{
    struct directory_joined joined;
    struct directory_entry entry;
    struct identity one = node_of(1);
    char longer[5000];
    struct office office;

    (void)state;
    office_init(&office);
    (void)office_admit(&office, 1, "az-" SIXTY, 0, &joined);
    assert_int_equal(directory_find_name(office.directory, "AZ-" SIXTY, &entry), VERDICT_OK);
    assert_memory_equal(entry.key, one.public_key, KEY_SIZE);
    memset(longer, 'a', sizeof(longer));
    for (size_t size = sizeof(longer) - 1; size > 62; size = size > 130 ? size / 2 : size - 1) {
        longer[size] = '\0';
        assert_int_equal(directory_find_name(office.directory, longer, &entry), VERDICT_NOT_FOUND);
    }
    assert_int_equal(directory_find_name(office.directory, "", &entry), VERDICT_NOT_FOUND);
    assert_int_equal(directory_find_name(office.directory, "nobody", &entry), VERDICT_NOT_FOUND);
    office_fini(&office);
}

/* A member left, and came again under another name while its old name is in quarantine. */
static void a_name_in_quarantine_finds_nobody(void **state)
{
    struct directory_joined joined;
    struct directory_entry entry;
    struct office office;

    (void)state;
    office_init(&office);
    (void)office_admit(&office, 1, "first", 0, &joined);
    assert_int_equal(office_leave(&office, 1), VERDICT_OK);
    assert_int_equal(directory_find_name(office.directory, "first", &entry), VERDICT_NOT_FOUND);
    assert_string_equal(office_admit(&office, 1, "second", 0, &joined), "second");
    assert_int_equal(directory_find_name(office.directory, "second", &entry), VERDICT_OK);
    assert_int_equal(directory_find_name(office.directory, "first", &entry), VERDICT_NOT_FOUND);
    office_fini(&office);
}

/* A member whose claim failed because another holds the address gives up that claim: the holder
   keeps the address. */
static void nobody_frees_the_address_of_another(void **state)
{
    struct directory_joined joined;
    struct directory_entry entry;
    struct identity one = node_of(1), two = node_of(2);
    struct office office;

    (void)state;
    office_init(&office);
    (void)office_admit(&office, 1, "one", 0x21, &joined);
    (void)office_admit(&office, 2, "two", 0x21, &joined);
    struct part part = part_of(office.ports.wall_ms, 2, office.ports.wall_ms + 1, 0x22);
    assert_int_equal(office_join(&office, 2, NULL, "two", &part, &joined), VERDICT_OK);
    assert_int_equal(office_find_fixed(&office, 0x21, &entry), VERDICT_OK);
    assert_memory_equal(entry.key, one.public_key, KEY_SIZE);
    assert_int_equal(office_find_fixed(&office, 0x22, &entry), VERDICT_OK);
    assert_memory_equal(entry.key, two.public_key, KEY_SIZE);
    part = part_of(office.ports.wall_ms, 2, office.ports.wall_ms + 2, 0x21);
    assert_int_equal(office_join(&office, 2, NULL, "two", &part, &joined), VERDICT_OK);
    assert_int_equal(office_find_fixed(&office, 0x22, &entry), VERDICT_NOT_FOUND);
    assert_int_equal(office_leave(&office, 2), VERDICT_OK);
    assert_int_equal(office_find_fixed(&office, 0x21, &entry), VERDICT_OK);
    assert_memory_equal(entry.key, one.public_key, KEY_SIZE);
    office_fini(&office);
}

static void who_comes_again_is_told_of_as_a_member_only(void **state)
{
    struct directory_joined joined;
    struct directory_entry entry;
    struct identity one = node_of(1);
    struct office office;

    (void)state;
    office_init(&office);
    (void)office_admit(&office, 1, "nas", 0, &joined);
    assert_int_equal(office_leave(&office, 1), VERDICT_OK);
    assert_int_equal(directory_revoked_count(office.directory), 1);
    assert_int_equal(directory_find_key(office.directory, one.public_key, &entry), VERDICT_OK);
    assert_true(entry.revocation_size > 0);
    (void)office_admit(&office, 1, "nas", 0, &joined);
    assert_int_equal(directory_revoked_count(office.directory), 0);
    assert_int_equal(directory_find_key(office.directory, one.public_key, &entry), VERDICT_OK);
    assert_int_equal(entry.revocation_size, 0);
    office_reopen(&office);
    assert_int_equal(directory_revoked_count(office.directory), 0);
    assert_int_equal(directory_status(office.directory, one.public_key), DIRECTORY_STATUS_MEMBER);
    office_fini(&office);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conflicting_names_get_numbers),
        cmocka_unit_test(many_equal_wanted_names_end_in_a_part_of_the_key),
        cmocka_unit_test(a_freed_name_is_quarantined_for_thirty_days),
        cmocka_unit_test(the_first_claim_of_a_fixed_address_holds),
        cmocka_unit_test(a_name_is_cut_for_its_number_and_ends_in_no_hyphen),
        cmocka_unit_test(a_reserved_name_is_given_to_nobody),
        cmocka_unit_test(the_wanted_name_of_a_part_counts_where_no_other_is),
        cmocka_unit_test(a_text_finds_whom_it_means_and_nobody_else),
        cmocka_unit_test(a_name_in_quarantine_finds_nobody),
        cmocka_unit_test(nobody_frees_the_address_of_another),
        cmocka_unit_test(who_comes_again_is_told_of_as_a_member_only),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
