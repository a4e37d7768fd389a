/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operator's word about names: invites that grant one, rename, forget. */
#include "rendezvous/directory/directory.h"
#include "rendezvous/directory/directory_name.h"
#include "tests/support/directory_fixture.h"
#include "tests/support/disk.h"
#include "tests/support/fixture.h"

#include <stdlib.h>

/* Node n joins with this invite, wanting this name; the name that it gets stands in *out. */
static const char *joins(struct office *office, uint32_t n, const uint8_t invite[INVITE_SIZE],
                         const char *wanted, struct directory_joined *out)
{
    struct part part = part_of(office->ports.wall_ms, n, 1, 0);

    assert_int_equal(office_join(office, n, invite, wanted, &part, out), VERDICT_OK);
    return out->name;
}

static void the_name_of_an_invite_wins_over_its_quarantine(void **state)
{
    struct directory_joined joined;
    uint8_t invite[INVITE_SIZE];
    struct office office;

    (void)state;
    office_init(&office);
    (void)office_admit(&office, 1, "nas", 0, &joined);
    assert_int_equal(office_revoke(&office, 1), VERDICT_OK);
    office_invite(&office, 1, 0, "nas", invite);
    assert_string_equal(joins(&office, 2, invite, "nas", &joined), "nas");
    assert_false(joined.replaced);
    assert_int_equal(joined.why.note, DIRECTORY_NAME_AS_WANTED);
    office_fini(&office);
}

static void the_name_of_an_invite_is_kept_for_it(void **state)
{
    struct directory_joined joined;
    uint8_t invite[INVITE_SIZE];
    struct office office;

    (void)state;
    office_init(&office);
    office_invite(&office, 1, 0, "nas", invite);
    assert_string_equal(office_admit(&office, 1, "nas", 0, &joined), "nas-2");
    assert_int_equal(joined.why.note, DIRECTORY_NAME_RESERVED);
    assert_string_equal(joins(&office, 2, invite, "whatever", &joined), "nas");
    assert_int_equal(joined.why.note, DIRECTORY_NAME_CHOSEN);
    office_fini(&office);
}

/* The host was installed anew, and its operator makes an invite for it. */
static void who_joins_for_a_member_takes_its_name_and_its_place(void **state)
{
    struct directory_joined joined;
    struct directory_entry entry;
    struct identity one = node_of(1), two = node_of(2);
    uint8_t invite[INVITE_SIZE];
    struct office office;

    (void)state;
    office_init(&office);
    (void)office_admit(&office, 1, "nas", 0x21, &joined);
    office_invite(&office, 2, 0, "nas", invite);
    uint64_t before = directory_sequence(office.directory);
    assert_string_equal(joins(&office, 2, invite, "nas", &joined), "nas");
    assert_true(joined.replaced);
    assert_memory_equal(joined.replaced_key, one.public_key, KEY_SIZE);
    assert_int_equal(directory_status(office.directory, one.public_key), DIRECTORY_STATUS_STRANGER);
    assert_int_equal(directory_find_name(office.directory, "nas", &entry), VERDICT_OK);
    assert_memory_equal(entry.key, two.public_key, KEY_SIZE);
    assert_int_equal(directory_member_count(office.directory), 1);
    assert_int_equal(directory_revoked_count(office.directory), 1);
    struct directory_chunk *chunk = calloc(1, sizeof(*chunk)); /* the end is told before */
    assert_non_null(chunk);
    assert_int_equal(directory_changes(office.directory, before, chunk), VERDICT_OK);
    assert_int_equal(chunk->count, 2);
    assert_memory_equal(chunk->changes[0].key, one.public_key, KEY_SIZE);
    assert_true(chunk->changes[0].revocation_size > 0);
    assert_memory_equal(chunk->changes[1].key, two.public_key, KEY_SIZE);
    free(chunk);
    /* A second use takes the name from nobody: the first one who joined was not meant. */
    assert_string_equal(joins(&office, 3, invite, "nas", &joined), "nas-2");
    assert_false(joined.replaced);
    office_reopen(&office);
    assert_int_equal(directory_member_count(office.directory), 2);
    assert_int_equal(directory_revoked_count(office.directory), 1);
    office_fini(&office);
}

static void who_joins_for_a_member_finds_room_in_a_full_directory(void **state)
{
    struct directory_joined joined;
    struct part part;
    uint8_t invite[INVITE_SIZE], other[INVITE_SIZE];
    struct office office;

    (void)state;
    office_init_of(&office, 1);
    (void)office_admit(&office, 1, "nas", 0, &joined);
    office_invite(&office, 1, 0, "nas", invite);
    office_invite(&office, 1, 0, "pi", other);
    part = part_of(office.ports.wall_ms, 3, 1, 0);
    assert_int_equal(office_join(&office, 3, other, "pi", &part, &joined), VERDICT_LIMIT);
    assert_string_equal(joins(&office, 2, invite, "nas", &joined), "nas");
    assert_int_equal(directory_member_count(office.directory), 1);
    office_fini(&office);
}

/* A name is looked for among the open invites, which takes long; not for those who do not join. */
static void who_cannot_join_costs_no_search_for_a_name(void **state)
{
    struct directory_joined joined;
    struct identity two = node_of(2);
    struct test_disk disk;
    uint8_t invite[INVITE_SIZE];
    struct office office;

    (void)state;
    office_init_of(&office, 1);
    office_invite(&office, 5, 0, "", invite);
    struct part part = part_of(office.ports.wall_ms, 2, 1, 0);
    const struct directory_join join = {.key = two.public_key,
                                        .invite = invite,
                                        .invite_size = INVITE_SIZE,
                                        .wanted_name = "nas",
                                        .member_part = part.bytes,
                                        .member_part_size = part.size,
                                        .unchanged_only = true};
    test_disk_put_under(&disk, office.store);
    assert_int_equal(directory_join(office.directory, &join, &joined), VERDICT_LIMIT);
    assert_int_equal(disk.steps, 0);
    (void)office_admit(&office, 1, "pi", 0, &joined); /* now it is full */
    disk.steps = 0;
    assert_int_equal(office_join(&office, 2, invite, "nas", &part, &joined), VERDICT_LIMIT);
    assert_int_equal(disk.steps, 0);
    office_fini(&office);
}

static void the_answer_says_why_a_name_has_a_number(void **state)
{
    struct directory_joined joined;
    struct identity one = node_of(1), three = node_of(3);
    uint8_t invite[INVITE_SIZE];
    struct office office;

    (void)state;
    office_init(&office);
    office_invite(&office, 9, 0, "", invite);
    (void)joins(&office, 1, invite, "nas", &joined);
    assert_int_equal(joined.why.note, DIRECTORY_NAME_AS_WANTED);
    assert_string_equal(joins(&office, 2, invite, "NAS", &joined), "nas-2");
    assert_int_equal(joined.why.note, DIRECTORY_NAME_TAKEN);
    assert_memory_equal(joined.why.key, one.public_key, KEY_SIZE);
    assert_string_equal(joins(&office, 2, NULL, "nas", &joined), "nas-2"); /* each time it comes */
    assert_int_equal(joined.why.note, DIRECTORY_NAME_TAKEN);
    (void)joins(&office, 3, invite, "desk", &joined);
    assert_int_equal(office_leave(&office, 3), VERDICT_OK);
    assert_string_equal(joins(&office, 4, invite, "desk", &joined), "desk-2");
    assert_int_equal(joined.why.note, DIRECTORY_NAME_FREED);
    assert_memory_equal(joined.why.key, three.public_key, KEY_SIZE);
    assert_int_equal(joined.why.free_ms, office.ports.wall_ms + DIRECTORY_NAME_FREED_MS);
    assert_string_equal(joins(&office, 2, NULL, "other", &joined), "nas-2");
    assert_int_equal(joined.why.note, DIRECTORY_NAME_CHOSEN);
    office_fini(&office);
}

static void a_renamed_member_keeps_everything_but_its_name(void **state)
{
    struct directory_joined joined, again;
    struct record_admission admission;
    struct directory_entry entry;
    struct identity one = node_of(1), two = node_of(2);
    uint8_t holder[KEY_SIZE], invite[INVITE_SIZE];
    struct office office;

    (void)state;
    office_init(&office);
    office_invite(&office, 1, 0, "", invite);
    (void)joins(&office, 1, invite, "nas", &joined);
    (void)office_admit(&office, 2, "desk", 0, &joined);
    assert_int_equal(directory_rename(office.directory, one.public_key, "desk", holder),
                     VERDICT_NAME_TAKEN);
    assert_memory_equal(holder, two.public_key, KEY_SIZE);
    assert_int_equal(directory_rename(office.directory, one.public_key, "admin", holder),
                     VERDICT_BAD_REQUEST);
    struct identity nine = node_of(9);
    assert_int_equal(directory_rename(office.directory, nine.public_key, "x", holder),
                     VERDICT_NOT_FOUND);
    office.ports.wall_ms += DAY_MS;
    uint64_t before = directory_sequence(office.directory);
    assert_int_equal(directory_rename(office.directory, one.public_key, "store", holder),
                     VERDICT_OK);
    assert_true(directory_sequence(office.directory) > before);
    assert_int_equal(directory_rename(office.directory, one.public_key, "store", holder),
                     VERDICT_OK);
    assert_int_equal(directory_find_name(office.directory, "store", &entry), VERDICT_OK);
    assert_memory_equal(entry.key, one.public_key, KEY_SIZE);
    assert_int_equal(entry.expires_ms, office.ports.wall_ms + 6 * DAY_MS);
    assert_int_equal(
        record_admission_decode(&admission, entry.admission, entry.admission_size - SIGNATURE_SIZE),
        ERR_OK);
    assert_true(record_live(&admission.header, office.ports.wall_ms + 6 * DAY_MS));
    assert_int_equal(directory_find_name(office.directory, "nas", &entry), VERDICT_NOT_FOUND);
    assert_string_equal(office_admit(&office, 3, "nas", 0, &joined), "nas-2"); /* freed lately */
    assert_string_equal(joins(&office, 1, NULL, "nas", &again), "store");
    office_reopen(&office);
    assert_int_equal(directory_find_name(office.directory, "store", &entry), VERDICT_OK);
    office_fini(&office);
}

static void the_name_of_who_is_forgotten_is_free_at_once(void **state)
{
    struct directory_joined joined;
    struct identity one = node_of(1), two = node_of(2);
    uint8_t key[KEY_SIZE], holder[KEY_SIZE];
    struct office office;

    (void)state;
    office_init(&office);
    (void)office_admit(&office, 1, "nas", 0, &joined);
    assert_string_equal(office_admit(&office, 2, "nas", 0, &joined), "nas-2");
    assert_int_equal(directory_forget_name(office.directory, "nas", key), VERDICT_NOT_FOUND);
    assert_int_equal(directory_forget(office.directory, one.public_key), VERDICT_OK);
    assert_int_equal(directory_forget(office.directory, one.public_key), VERDICT_NOT_MEMBER);
    assert_int_equal(directory_rename(office.directory, two.public_key, "nas", holder), VERDICT_OK);
    assert_int_equal(directory_forget_name(office.directory, "nas-2", key), VERDICT_OK);
    assert_memory_equal(key, two.public_key, KEY_SIZE);
    assert_string_equal(office_admit(&office, 3, "nas-2", 0, &joined), "nas-2");
    /* Who was revoked stays out, although its name is given on. */
    assert_int_equal(office_revoke(&office, 2), VERDICT_OK);
    assert_int_equal(directory_forget_name(office.directory, "nas", key), VERDICT_OK);
    assert_string_equal(office_admit(&office, 4, "nas", 0, &joined), "nas");
    assert_int_equal(directory_status(office.directory, two.public_key), DIRECTORY_STATUS_REVOKED);
    office_reopen(&office);
    assert_int_equal(directory_member_count(office.directory), 2);
    office_fini(&office);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_of_an_invite_wins_over_its_quarantine),
        cmocka_unit_test(the_name_of_an_invite_is_kept_for_it),
        cmocka_unit_test(who_joins_for_a_member_takes_its_name_and_its_place),
        cmocka_unit_test(who_joins_for_a_member_finds_room_in_a_full_directory),
        cmocka_unit_test(who_cannot_join_costs_no_search_for_a_name),
        cmocka_unit_test(the_answer_says_why_a_name_has_a_number),
        cmocka_unit_test(a_renamed_member_keeps_everything_but_its_name),
        cmocka_unit_test(the_name_of_who_is_forgotten_is_free_at_once),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
