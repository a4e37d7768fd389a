/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory as its callers see it: members that come back, revocations, changes, listings. */
#include "rendezvous/directory/directory.h"

#include "proto/crypto/signed.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/directory_fixture.h"
#include "tests/support/fixture.h"

static void a_member_comes_back_without_invite_and_keeps_its_name(void **state)
{
    struct directory_joined first, again;
    struct office office;

    (void)state;
    office_init(&office);
    (void)office_admit(&office, 1, "nas", 0x21, &first);
    struct part same = part_of(office.ports.wall_ms, 1, office.ports.wall_ms, 0x21);
    office_reopen(&office);
    office.ports.wall_ms += DAY_MS;
    assert_int_equal(office_join(&office, 1, NULL, "other", &same, &again), VERDICT_OK);
    assert_string_equal(again.name, "nas");
    assert_false(again.changed); /* so the watchers are told nothing */
    assert_memory_equal(again.admission, first.admission, first.admission_size);
    assert_int_equal(again.sequence, first.sequence);
    /* An admission is renewed after half of its lifetime. */
    office.ports.wall_ms += 3 * DAY_MS;
    assert_int_equal(office_join(&office, 1, NULL, "other", &same, &again), VERDICT_OK);
    assert_true(again.changed);
    assert_true(again.sequence > first.sequence);
    /* A newer member part is a change, too. An older part is refused. */
    struct part newer = part_of(office.ports.wall_ms, 1, office.ports.wall_ms + 5, 0x22);
    assert_int_equal(office_join(&office, 1, NULL, "other", &newer, &again), VERDICT_OK);
    assert_true(again.changed);
    assert_int_equal(office_owner_of(&office, 0x21, 3), 0);
    assert_int_equal(office_owner_of(&office, 0x22, 3), 1);
    assert_int_equal(office_join(&office, 1, NULL, "other", &same, &again), VERDICT_BAD_REQUEST);
    /* Even a long absence does not end a membership. */
    office.ports.wall_ms += 100 * DAY_MS;
    struct part late = part_of(office.ports.wall_ms, 1, office.ports.wall_ms, 0x22);
    assert_int_equal(office_join(&office, 1, NULL, "", &late, &again), VERDICT_OK);
    assert_string_equal(again.name, "nas");
    assert_int_equal(directory_member_count(office.directory), 1);
    office_fini(&office);
}

static void a_part_that_is_not_the_own_is_refused(void **state)
{
    struct directory_joined joined;
    uint8_t invite[INVITE_SIZE];
    struct office office;

    (void)state;
    office_init(&office);
    office_invite(&office, 1, 0, "", invite);
    struct part good = part_of(office.ports.wall_ms, 1, 1, 0),
                bad = part_of(office.ports.wall_ms, 2, 1, 0);
    assert_int_equal(office_join(&office, 1, invite, "a", &bad, &joined), VERDICT_BAD_REQUEST);
    for (size_t i = 0; i < good.size; i++) { /* one bit of each byte */
        bad = good;
        bad.bytes[i] ^= 0x01;
        assert_int_equal(office_join(&office, 1, invite, "a", &bad, &joined), VERDICT_BAD_REQUEST);
    }
    for (size_t size = 0; size < good.size; size++) { /* every truncation */
        bad = good;
        bad.size = size;
        assert_int_equal(office_join(&office, 1, invite, "a", &bad, &joined), VERDICT_BAD_REQUEST);
    }
    office.ports.wall_ms += 60 * DAY_MS; /* the part's lifetime is over */
    assert_int_equal(office_join(&office, 1, invite, "a", &good, &joined), VERDICT_CLOCK);
    good = part_of(office.ports.wall_ms, 1, 1, 0);
    assert_int_equal(office_join(&office, 1, invite, "a", &good, &joined), VERDICT_OK);
    office_fini(&office);
}

static void the_revoked_stay_out_until_restored(void **state)
{
    struct directory_joined joined;
    struct directory_entry entry;
    uint8_t invite[INVITE_SIZE], key[KEY_SIZE];
    struct identity one = node_of(1), two = node_of(2);
    struct office office;

    (void)state;
    office_init(&office);
    (void)office_admit(&office, 1, "nas", 0x21, &joined);
    struct part part = part_of(office.ports.wall_ms, 1, office.ports.wall_ms + 1, 0x21);
    office_invite(&office, 5, 0, "", invite);
    uint64_t before = directory_sequence(office.directory);
    memcpy(key, one.public_key, KEY_SIZE);
    assert_int_equal(directory_revoke(office.directory, key), VERDICT_OK);
    uint64_t after = directory_sequence(office.directory);
    assert_true(after > before);
    assert_int_equal(directory_revoke(office.directory, key), VERDICT_OK); /* no effect */
    assert_int_equal(directory_sequence(office.directory), after);
    office_reopen(&office);
    assert_int_equal(office_status_of(&office, 1), DIRECTORY_STATUS_REVOKED);
    assert_int_equal(office_find_name(&office, "nas", 1), VERDICT_NOT_FOUND);
    assert_int_equal(office_owner_of(&office, 0x21, 3), 0);
    assert_int_equal(office_join(&office, 1, NULL, "nas", &part, &joined), VERDICT_REVOKED);
    assert_int_equal(office_join(&office, 1, invite, "nas", &part, &joined), VERDICT_REVOKED);
    assert_int_equal(directory_leave(office.directory, key), VERDICT_NOT_MEMBER);
    assert_int_equal(directory_find_key(office.directory, key, &entry), VERDICT_OK);
    assert_true(entry.revocation_size > 0);
    assert_int_equal(entry.admission_size, 0);
    assert_int_equal(directory_member_count(office.directory), 0);
    assert_int_equal(directory_revoked_count(office.directory), 1);
    assert_string_equal(office_name_of(&office, 1), "nas");
    /* A key that was never a member can be revoked, too. */
    assert_int_equal(directory_revoke(office.directory, two.public_key), VERDICT_OK);
    struct part other = part_of(office.ports.wall_ms, 2, 1, 0);
    assert_int_equal(office_join(&office, 2, invite, "x", &other, &joined), VERDICT_REVOKED);

    assert_int_equal(directory_restore(office.directory, key), VERDICT_OK);
    assert_int_equal(directory_restore(office.directory, key), VERDICT_NOT_FOUND);
    assert_int_equal(store_memory_count(office.store, STORE_TABLE_FORMER), 0);
    assert_int_equal(office_join(&office, 1, NULL, "nas", &part, &joined), VERDICT_NOT_MEMBER);
    assert_int_equal(office_join(&office, 1, invite, "nas", &part, &joined), VERDICT_OK);
    assert_string_equal(joined.name, "nas"); /* its own freed name */
    assert_true(joined.sequence > after);
    office_fini(&office);
}

static void a_full_directory_admits_nobody_more(void **state)
{
    struct directory_joined joined;
    uint8_t invite[INVITE_SIZE];
    struct identity one = node_of(1);
    struct office office;

    (void)state;
    office_init_of(&office, 3);
    for (uint32_t n = 1; n <= 3; n++) {
        (void)office_admit(&office, n, "a", 0, &joined);
    }
    office_invite(&office, 1, 0, "", invite);
    struct part part = part_of(office.ports.wall_ms, 4, 1, 0);
    assert_int_equal(office_join(&office, 4, invite, "a", &part, &joined), VERDICT_LIMIT);
    assert_int_equal(directory_leave(office.directory, one.public_key), VERDICT_OK);
    assert_int_equal(office_join(&office, 4, invite, "a", &part, &joined), VERDICT_OK);
    for (uint32_t n = 11; n <= 12; n++) {
        assert_int_equal(office_revoke(&office, n), VERDICT_OK);
    }
    assert_int_equal(office_revoke(&office, 13), VERDICT_LIMIT);
    office_fini(&office);
}

/* ---- changes ---- */

static void changes_are_told_in_order_and_once(void **state)
{
    struct directory_joined joined;
    struct identity two = node_of(2), three = node_of(3);
    uint64_t since = 0;
    size_t revoked;
    struct office office;

    (void)state;
    office_init(&office);
    assert_int_equal(office_follow(&office, &since, &revoked), 0);
    for (uint32_t n = 1; n <= 200; n++) {
        (void)office_admit(&office, n, "member-with-a-name-of-some-length", (uint8_t)(n % 200 + 1),
                           &joined);
    }
    assert_int_equal(office_follow(&office, &since, &revoked), 200);
    assert_int_equal(since, directory_sequence(office.directory));
    assert_int_equal(office_follow(&office, &since, &revoked), 0);
    assert_int_equal(directory_revoke(office.directory, two.public_key), VERDICT_OK);
    assert_int_equal(directory_leave(office.directory, three.public_key), VERDICT_OK);
    struct part part = part_of(office.ports.wall_ms, 4, office.ports.wall_ms + 500, 0);
    assert_int_equal(office_join(&office, 4, NULL, "", &part, &joined), VERDICT_OK);
    uint64_t old = since;
    assert_int_equal(office_follow(&office, &since, &revoked), 3);
    assert_int_equal(revoked, 2);
    office_reopen(&office);
    assert_int_equal(office_follow(&office, &old, &revoked), 3);
    uint64_t zero = 0, beyond = since + 1;
    assert_int_equal(office_follow(&office, &zero, &revoked), 200);
    /* This directory never gave the number `beyond`, so it tells everything again. */
    assert_int_equal(office_follow(&office, &beyond, &revoked), 200);
    /* A host that left is forgotten once its last admission has expired. The revoked stay. */
    office.ports.wall_ms += 9 * DAY_MS;
    directory_expire(office.directory, office.ports.wall_ms);
    zero = 0;
    assert_int_equal(office_follow(&office, &zero, &revoked), 199);
    assert_int_equal(revoked, 1);
    office_fini(&office);
}

static void the_largest_entries_fit_their_chunk(void **state)
{
    struct record_member record = {0};
    struct office office;
    uint64_t since = 0;
    size_t revoked;

    (void)state;
    office_init(&office);
    for (uint32_t n = 1; n <= 40; n++) {
        struct identity node = node_of(n);
        uint8_t bytes[RECORD_MEMBER_SIZE_MAX], invite[INVITE_SIZE];
        struct directory_joined joined;
        struct part part;
        size_t size;
        memset(&record, 0, sizeof(record));
        memcpy(record.header.key, node.public_key, KEY_SIZE);
        record.header.created_ms = office.ports.wall_ms;
        record.header.lifetime_s = 3600;
        record.relays_count = RECORD_RELAYS_MAX;
        for (record.services_count = 0; record.services_count < 12; record.services_count++) {
            struct record_service *s = &record.services[record.services_count];
            memset(s->name, 'a' + (int)record.services_count, 60);
            s->protocol = 6;
            s->port = 80;
        }
        assert_int_equal(record_member_encode(bytes, &size, &record), ERR_OK);
        assert_int_equal(
            signed_make(part.bytes, sizeof(part.bytes), &part.size, &node, bytes, size), ERR_OK);
        assert_true(part.size > 950);
        office_invite(&office, 1, 0, "", invite);
        assert_int_equal(office_join(&office, n, invite, "x", &part, &joined), VERDICT_OK);
    }
    assert_int_equal(office_follow(&office, &since, &revoked), 40);
    office_fini(&office);
}

static void a_listing_shows_members_and_those_who_went_in_key_order(void **state)
{
    struct directory_joined joined;
    struct directory_entry entry;
    uint8_t key[KEY_SIZE] = {0}, last[KEY_SIZE] = {0};
    size_t members = 0, revoked = 0;
    struct office office;

    (void)state;
    office_init(&office);
    for (uint32_t n = 1; n <= 9; n++) {
        (void)office_admit(&office, n, "a", 0, &joined);
    }
    assert_int_equal(office_revoke(&office, 3), VERDICT_OK);
    assert_int_equal(office_revoke(&office, 77), VERDICT_OK);
    assert_int_equal(office_leave(&office, 4), VERDICT_OK);
    while (directory_next(office.directory, key, &entry) == VERDICT_OK) {
        assert_true(memcmp(key, last, KEY_SIZE) > 0);
        memcpy(last, key, KEY_SIZE);
        members += entry.revocation_size == 0 ? 1 : 0;
        revoked += entry.revocation_size > 0 ? 1 : 0;
    }
    assert_int_equal(members, 7);
    assert_int_equal(revoked, 3);
    office_fini(&office);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_comes_back_without_invite_and_keeps_its_name),
        cmocka_unit_test(a_part_that_is_not_the_own_is_refused),
        cmocka_unit_test(the_revoked_stay_out_until_restored),
        cmocka_unit_test(a_full_directory_admits_nobody_more),
        cmocka_unit_test(changes_are_told_in_order_and_once),
        cmocka_unit_test(the_largest_entries_fit_their_chunk),
        cmocka_unit_test(a_listing_shows_members_and_those_who_went_in_key_order),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
