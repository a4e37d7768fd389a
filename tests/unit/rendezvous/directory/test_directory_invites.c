/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Invites: whom they admit, how often and how long, and what the store sees of them. */
#include "rendezvous/directory/directory.h"

#include "proto/crypto/signed.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/directory_fixture.h"
#include "tests/support/fixture.h"

static void an_invite_admits_with_a_signed_admission(void **state)
{
    struct directory_joined joined;
    struct record_admission admission;
    struct record_parts parts;
    struct directory_entry entry;
    struct identity node = node_of(1);
    struct office office;
    uint8_t ip[16];

    (void)state;
    office_init(&office);
    assert_int_equal(directory_sequence(office.directory), 0);
    assert_string_equal(office_admit(&office, 1, "Anna's PC", 0x21, &joined), "anna-s-pc");
    assert_true(joined.changed);
    assert_int_equal(joined.sequence, directory_sequence(office.directory));
    assert_int_equal(
        signed_open(&parts, RECORD_TYPE_ADMISSION, joined.admission, joined.admission_size),
        ERR_OK);
    assert_int_equal(record_admission_decode(&admission, parts.record, parts.record_size), ERR_OK);
    assert_memory_equal(admission.header.key, office.entry.public_key, KEY_SIZE);
    assert_memory_equal(admission.ziglan_key, office.ziglan.public_key, KEY_SIZE);
    assert_memory_equal(admission.member_key, node.public_key, KEY_SIZE);
    assert_string_equal(admission.granted_name, "anna-s-pc");
    assert_int_equal(admission.expires_ms, office.ports.wall_ms + 7 * DAY_MS);
    assert_int_equal(admission.header.sequence, joined.sequence);

    assert_int_equal(office_status_of(&office, 1), DIRECTORY_STATUS_MEMBER);
    assert_int_equal(office_status_of(&office, 2), DIRECTORY_STATUS_STRANGER);
    assert_int_equal(office_find_name(&office, "ANNA-S-PC", 1), VERDICT_OK);
    assert_int_equal(office_find_name(&office, "anna", 1), VERDICT_NOT_FOUND);
    assert_int_equal(directory_find_key(office.directory, node.public_key, &entry), VERDICT_OK);
    assert_memory_equal(entry.admission, joined.admission, joined.admission_size);
    key_ip6(ip, node.public_key);
    assert_int_equal(directory_find_address(office.directory, ip, &entry), VERDICT_OK);
    assert_memory_equal(entry.key, node.public_key, KEY_SIZE);
    assert_int_equal(office_owner_of(&office, 0x21, 5), 1);
    assert_int_equal(office_owner_of(&office, 0x22, 5), 0);
    office_fini(&office);
}

static void an_invite_is_good_for_its_uses_and_its_time(void **state)
{
    struct part part[6];
    struct directory_joined joined;
    uint8_t once[INVITE_SIZE], twice[INVITE_SIZE], day[INVITE_SIZE];
    uint8_t none[INVITE_SIZE] = {0};
    struct office office;

    (void)state;
    office_init(&office);
    for (uint32_t n = 1; n < 6; n++) {
        part[n] = part_of(office.ports.wall_ms, n, 1, 0);
    }
    office_invite(&office, 0, 0, "", once);
    office_invite(&office, 2, 0, "", twice);
    office_invite(&office, 9, 1, "", day);
    assert_int_equal(directory_invite_count(office.directory), 3);
    assert_int_equal(office_join(&office, 1, NULL, "a", &part[1], &joined), VERDICT_NOT_MEMBER);
    assert_int_equal(office_join(&office, 1, none, "a", &part[1], &joined), VERDICT_INVITE_INVALID);
    assert_int_equal(office_join(&office, 1, once, "a", &part[1], &joined), VERDICT_OK);
    assert_int_equal(office_join(&office, 2, once, "b", &part[2], &joined), VERDICT_INVITE_INVALID);
    assert_int_equal(office_join(&office, 2, twice, "b", &part[2], &joined), VERDICT_OK);
    /* A member that brings an invite does not use it up. */
    assert_int_equal(office_join(&office, 1, twice, "b", &part[1], &joined), VERDICT_OK);
    assert_int_equal(office_join(&office, 3, twice, "c", &part[3], &joined), VERDICT_OK);
    assert_int_equal(office_join(&office, 4, twice, "d", &part[4], &joined),
                     VERDICT_INVITE_INVALID);
    assert_int_equal(office_join(&office, 4, day, "d", &part[4], &joined), VERDICT_OK);
    assert_int_equal(directory_invite_count(office.directory), 1);
    office.ports.wall_ms += DAY_MS;
    assert_int_equal(office_join(&office, 5, day, "e", &part[5], &joined), VERDICT_INVITE_INVALID);
    directory_expire(office.directory, office.ports.wall_ms);
    assert_int_equal(directory_invite_count(office.directory), 0);
    assert_int_equal(store_memory_count(office.store, STORE_TABLE_INVITES), 0);
    assert_int_equal(directory_member_count(office.directory), 4);
    office_fini(&office);
}

static void the_store_never_sees_an_invite(void **state)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_INVITES, NULL, 0);
    uint8_t invite[INVITE_SIZE], value[STORE_VALUE_SIZE_MAX];
    struct office office;
    size_t size;

    (void)state;
    office_init(&office);
    office_invite(&office, 1, 0, "", invite);
    assert_int_equal(store_next(office.store, &cursor, value, sizeof(value), &size), ERR_OK);
    assert_int_equal(cursor.key_size, 32);
    for (size_t i = 0; i + 8 <= 32; i++) {
        assert_memory_not_equal(cursor.key + i, invite, 8);
    }
    office_fini(&office);
}

static void invites_have_rules_and_a_cap(void **state)
{
    struct directory_terms terms = {.uses = 1, .expires_ms = 1};
    uint8_t invite[INVITE_SIZE];
    struct office office;

    (void)state;
    office_init(&office);
    assert_int_equal(directory_invite(office.directory, &terms, invite), VERDICT_BAD_REQUEST);
    terms.expires_ms = 0;
    memcpy(terms.name, "admin", 6);
    assert_int_equal(directory_invite(office.directory, &terms, invite), VERDICT_BAD_REQUEST);
    memset(terms.name, 'a', sizeof(terms.name)); /* no NUL */
    assert_int_equal(directory_invite(office.directory, &terms, invite), VERDICT_BAD_REQUEST);
    for (uint32_t i = 0; i < DIRECTORY_INVITE_COUNT_MAX; i++) {
        office_invite(&office, 1, 0, "nas", invite);
    }
    terms.name[0] = '\0';
    assert_int_equal(directory_invite(office.directory, &terms, invite), VERDICT_LIMIT);
    struct part part = part_of(office.ports.wall_ms, 1, 1, 0);
    office_reopen(&office);
    assert_int_equal(directory_invite(office.directory, &terms, invite), VERDICT_LIMIT);
    office_fini(&office);
    office_init(&office);
    struct directory_joined joined;
    office_invite(&office, 1, 0, "nas", invite);
    assert_int_equal(office_join(&office, 1, invite, "other", &part, &joined), VERDICT_OK);
    assert_string_equal(joined.name, "nas");
    office_fini(&office);
}

static void an_invite_counts_until_it_is_used_up(void **state)
{
    struct directory_joined joined;
    uint8_t invite[INVITE_SIZE];
    struct office office;

    (void)state;
    office_init(&office);
    office_invite(&office, 2, 0, "", invite);
    for (uint32_t n = 1; n <= 2; n++) {
        struct part part = part_of(office.ports.wall_ms, n, 1, 0);

        assert_int_equal(directory_invite_count(office.directory), 1);
        assert_int_equal(office_join(&office, n, invite, "x", &part, &joined), VERDICT_OK);
    }
    assert_int_equal(directory_invite_count(office.directory), 0);
    office_reopen(&office);
    assert_int_equal(directory_invite_count(office.directory), 0);
    office_fini(&office);
}

/* The row of an invite as the version before wrote it: uses(4) expires(8) name. */
static void an_invite_of_an_older_version_admits_and_is_listed(void **state)
{
    const uint8_t value[] = {0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, 'n', 'a', 's'};
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_INVITES, NULL, 0);
    uint8_t invite[INVITE_SIZE], kept[STORE_VALUE_SIZE_MAX];
    uint8_t at[DIRECTORY_INVITE_HASH_SIZE] = {0};
    struct directory_invite_row row;
    struct directory_joined joined;
    struct office office;
    size_t size;

    (void)state;
    office_init(&office);
    office_invite(&office, 1, 0, "", invite);
    assert_int_equal(store_next(office.store, &cursor, kept, sizeof(kept), &size), ERR_OK);
    assert_int_equal(store_write(office.store, STORE_TABLE_INVITES, cursor.key, cursor.key_size,
                                 value, sizeof(value)),
                     ERR_OK);
    office_reopen(&office);
    assert_int_equal(directory_invite_next(office.directory, at, &row), VERDICT_OK);
    assert_string_equal(row.terms.name, "nas");
    assert_int_equal(row.terms.uses, 2);
    assert_int_equal(row.terms.made_ms, 0);
    assert_int_equal(directory_invite_next(office.directory, at, &row), VERDICT_NOT_FOUND);
    struct part part = part_of(office.ports.wall_ms, 1, 1, 0);
    assert_int_equal(office_join(&office, 1, invite, "other", &part, &joined), VERDICT_OK);
    assert_string_equal(joined.name, "nas");
    assert_string_equal(joined.invite_id, row.id);
    assert_int_equal(directory_uninvite(office.directory, row.id), VERDICT_OK);
    assert_int_equal(directory_uninvite(office.directory, row.id), VERDICT_NOT_FOUND);
    assert_int_equal(directory_invite_count(office.directory), 0);
    office_fini(&office);
}

static void a_listing_of_invites_leaves_out_what_is_over(void **state)
{
    uint8_t at[DIRECTORY_INVITE_HASH_SIZE] = {0};
    uint8_t invite[INVITE_SIZE], day[INVITE_SIZE];
    char id[DIRECTORY_INVITE_ID_SIZE], over[DIRECTORY_INVITE_ID_SIZE];
    struct directory_invite_row row;
    struct office office;

    (void)state;
    office_init(&office);
    office_invite(&office, 3, 0, "", invite);
    office_invite(&office, 3, 1, "", day);
    office.ports.wall_ms += 2 * DAY_MS;
    assert_int_equal(directory_invite_next(office.directory, at, &row), VERDICT_OK);
    assert_string_equal(row.id, directory_invite_id(invite, id));
    assert_int_equal(row.terms.uses_at_first, 3);
    assert_int_equal(row.terms.made_ms, office.ports.wall_ms - 2 * DAY_MS);
    assert_int_equal(directory_invite_next(office.directory, at, &row), VERDICT_NOT_FOUND);
    assert_int_equal(directory_uninvite(office.directory, directory_invite_id(day, over)),
                     VERDICT_NOT_FOUND);
    office_fini(&office);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invite_admits_with_a_signed_admission),
        cmocka_unit_test(an_invite_is_good_for_its_uses_and_its_time),
        cmocka_unit_test(the_store_never_sees_an_invite),
        cmocka_unit_test(invites_have_rules_and_a_cap),
        cmocka_unit_test(an_invite_counts_until_it_is_used_up),
        cmocka_unit_test(an_invite_of_an_older_version_admits_and_is_listed),
        cmocka_unit_test(a_listing_of_invites_leaves_out_what_is_over),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
