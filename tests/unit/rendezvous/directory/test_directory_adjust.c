/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a member has beside its name: groups, an end, a note, and how it used the relay. */
#include "rendezvous/directory/directory_adjust.h"

#include "rendezvous/directory/directory.h"
#include "tests/support/directory_fixture.h"
#include "tests/support/fixture.h"

#include <stdio.h>
#include <stdlib.h>

static struct directory_terms terms_of(const char *note, const char *group, uint64_t ends_ms)
{
    struct directory_terms terms = {.uses = 1, .ends_ms = ends_ms};

    (void)snprintf(terms.note, sizeof(terms.note), "%s", note);
    if (group != NULL) {
        assert_int_equal(directory_groups_add(&terms.groups, group), ERR_OK);
    }
    return terms;
}

/* Node n joins, or comes back: with these terms, which then are an invite's, or without any. */
static enum verdict joins(struct office *office, uint32_t n, struct directory_terms *terms,
                          struct directory_joined *out)
{
    struct part part = part_of(TEST_WALL_MS, n, 1, 0);
    uint8_t invite[INVITE_SIZE];

    if (terms != NULL) {
        assert_int_equal(directory_invite(office->directory, terms, invite), VERDICT_OK);
    }
    return office_join(office, n, terms != NULL ? invite : NULL, "nas", &part, out);
}

/* The groups in the admission of node n, as all see it. */
static const char *groups_of(struct office *office, uint32_t n,
                             char text[DIRECTORY_GROUPS_TEXT_SIZE])
{
    struct identity node = node_of(n);
    struct record_admission admission;
    struct directory_entry entry;
    struct directory_groups groups;

    assert_int_equal(directory_find_key(office->directory, node.public_key, &entry), VERDICT_OK);
    assert_true(directory_entry_admission(&entry, &admission));
    groups = directory_groups_of(&admission);
    return directory_groups_text(&groups, text);
}

static struct directory_details details_of(struct office *office, uint32_t n)
{
    struct identity node = node_of(n);
    struct directory_details details;

    assert_int_equal(directory_details_read(office->directory, node.public_key, &details), ERR_OK);
    return details;
}

static void an_invites_groups_and_note_are_the_members(void **state)
{
    struct directory_terms terms = terms_of("Zoë's NAS", "family", 0);
    struct directory_groups groups = {0};
    struct identity one = node_of(1);
    struct directory_joined joined;
    char text[DIRECTORY_GROUPS_TEXT_SIZE];
    uint8_t holder[KEY_SIZE];
    struct office office;

    (void)state;
    office_init(&office);
    assert_int_equal(joins(&office, 1, &terms, &joined), VERDICT_OK);
    assert_string_equal(groups_of(&office, 1, text), "family");
    assert_string_equal(details_of(&office, 1).note, "Zoë's NAS");
    assert_int_equal(details_of(&office, 1).joined_ms, office.ports.wall_ms);
    /* Other groups are told to all at once, and stay over a name, a renewal and a restart. */
    assert_int_equal(directory_groups_add(&groups, "servers"), ERR_OK);
    assert_int_equal(directory_groups_add(&groups, "work"), ERR_OK);
    uint64_t before = directory_sequence(office.directory);
    assert_int_equal(directory_set_groups(office.directory, one.public_key, &groups), VERDICT_OK);
    assert_true(directory_sequence(office.directory) > before);
    assert_int_equal(directory_rename(office.directory, one.public_key, "store", holder),
                     VERDICT_OK);
    office.ports.wall_ms += 5 * DAY_MS;
    assert_int_equal(joins(&office, 1, NULL, &joined), VERDICT_OK);
    assert_true(joined.changed);
    office_reopen(&office);
    assert_string_equal(groups_of(&office, 1, text), "servers,work");
    assert_int_equal(directory_set_note(office.directory, one.public_key, ""), VERDICT_OK);
    assert_string_equal(details_of(&office, 1).note, "");
    assert_int_equal(directory_set_note(office.directory, one.public_key, "two\nlines"),
                     VERDICT_BAD_REQUEST);
    struct identity nine = node_of(9);
    assert_int_equal(directory_set_groups(office.directory, nine.public_key, &groups),
                     VERDICT_NOT_FOUND);
    /* Who leaves takes that along. */
    assert_int_equal(office_leave(&office, 1), VERDICT_OK);
    assert_int_equal(details_of(&office, 1).joined_ms, 0);
    office_fini(&office);
}

/* The longest name and all groups must fit into a record, or nobody could change them any more. */
static void as_many_groups_as_may_be_fit_into_an_admission(void **state)
{
    struct directory_terms terms = terms_of("", NULL, 0);
    struct directory_groups groups = {0};
    struct identity one = node_of(1);
    struct directory_joined joined;
    char text[DIRECTORY_GROUPS_TEXT_SIZE], name[NAME_TEXT_SIZE];
    uint8_t holder[KEY_SIZE];
    struct office office;

    (void)state;
    office_init(&office);
    assert_int_equal(joins(&office, 1, &terms, &joined), VERDICT_OK);
    for (int i = 0; i < DIRECTORY_GROUPS_MAX; i++) {
        char group[] = "0-a-group-with-the-longest-name";

        assert_int_equal(strlen(group), DIRECTORY_GROUP_SIZE_MAX);
        group[0] = (char)('0' + i);
        assert_int_equal(directory_groups_add(&groups, group), ERR_OK);
    }
    assert_int_equal(directory_groups_add(&groups, "more"), ERR_LIMIT);
    assert_int_equal(directory_groups_add(&groups, "Not_a_label"), ERR_DROP);
    assert_int_equal(directory_groups_add(&groups, "0-a-group-with-the-longest-name-"), ERR_DROP);
    memset(name, 'n', NAME_SIZE_MAX);
    name[NAME_SIZE_MAX] = '\0';
    assert_int_equal(directory_rename(office.directory, one.public_key, name, holder), VERDICT_OK);
    assert_int_equal(directory_set_groups(office.directory, one.public_key, &groups), VERDICT_OK);
    assert_int_equal(strlen(groups_of(&office, 1, text)),
                     DIRECTORY_GROUPS_MAX * (DIRECTORY_GROUP_SIZE_MAX + 1) - 1);
    assert_true(directory_groups_remove(&groups, groups.list[3]));
    assert_false(directory_groups_remove(&groups, "more"));
    assert_int_equal(groups.count, DIRECTORY_GROUPS_MAX - 1);
    office_fini(&office);
}

static void an_admission_never_outlives_the_membership(void **state)
{
    struct directory_terms terms = terms_of("", NULL, 0);
    struct identity one = node_of(1);
    struct directory_joined joined;
    struct directory_until until;
    struct office office;

    (void)state;
    office_init(&office);
    uint64_t begin = office.ports.wall_ms;
    terms.ends_ms = begin + 9 * DAY_MS;
    assert_int_equal(joins(&office, 1, &terms, &joined), VERDICT_OK);
    assert_int_equal(joined.expires_ms, begin + 7 * DAY_MS);
    assert_false(joined.ends);
    office.ports.wall_ms = begin + 5 * DAY_MS;
    assert_int_equal(joins(&office, 1, NULL, &joined), VERDICT_OK);
    assert_int_equal(joined.expires_ms, begin + 9 * DAY_MS);
    assert_true(joined.ends);
    office.ports.wall_ms = begin + 9 * DAY_MS - 1; /* the last one is given again and again */
    assert_int_equal(joins(&office, 1, NULL, &joined), VERDICT_OK);
    assert_false(joined.changed);
    until = directory_admitted_until(office.directory, one.public_key);
    assert_true(until.ends);
    assert_int_equal(until.ms, begin + 9 * DAY_MS);
    office.ports.wall_ms++; /* now it is over, though hosts' clocks may differ by minutes */
    assert_int_equal(directory_admitted_until(office.directory, one.public_key).ms, 0);
    assert_int_equal(joins(&office, 1, NULL, &joined), VERDICT_ENDED);
    assert_int_equal(joins(&office, 1, &(struct directory_terms){.uses = 1}, &joined),
                     VERDICT_ENDED);
    office_reopen(&office);
    assert_int_equal(joins(&office, 1, NULL, &joined), VERDICT_ENDED);
    /* More time lets it come back, with its name. */
    assert_int_equal(directory_set_end(office.directory, one.public_key, begin),
                     VERDICT_BAD_REQUEST);
    assert_int_equal(directory_set_end(office.directory, one.public_key, 0), VERDICT_OK);
    assert_int_equal(joins(&office, 1, NULL, &joined), VERDICT_OK);
    assert_string_equal(joined.name, "nas");
    assert_int_equal(joined.expires_ms, office.ports.wall_ms + 7 * DAY_MS);
    /* Less time counts for the admission that it has, too. */
    assert_int_equal(
        directory_set_end(office.directory, one.public_key, office.ports.wall_ms + DAY_MS),
        VERDICT_OK);
    assert_int_equal(directory_admitted_until(office.directory, one.public_key).ms,
                     office.ports.wall_ms + DAY_MS);
    office_fini(&office);
}

static void an_invite_for_a_time_that_is_past_lets_nobody_in(void **state)
{
    struct directory_terms terms;
    struct directory_joined joined;
    uint8_t invite[INVITE_SIZE];
    struct office office;

    (void)state;
    office_init(&office);
    terms = terms_of("", NULL, office.ports.wall_ms + DAY_MS);
    assert_int_equal(directory_invite(office.directory, &terms, invite), VERDICT_OK);
    office.ports.wall_ms += DAY_MS;
    struct part part = part_of(office.ports.wall_ms, 1, 1, 0);
    assert_int_equal(office_join(&office, 1, invite, "nas", &part, &joined),
                     VERDICT_INVITE_INVALID);
    terms = terms_of("", NULL, 1);
    assert_int_equal(directory_invite(office.directory, &terms, invite), VERDICT_BAD_REQUEST);
    office_fini(&office);
}

/* The operator may grant a place without an invite; a good invite goes first, and stays otherwise.
 */
static void who_is_granted_a_place_needs_no_invite(void **state)
{
    struct directory_terms granted = terms_of("on the list", "family", 0);
    struct identity one = node_of(1);
    struct directory_joined joined;
    char text[DIRECTORY_GROUPS_TEXT_SIZE];
    uint8_t invite[INVITE_SIZE] = {0};
    struct office office;

    (void)state;
    office_init(&office);
    (void)snprintf(granted.name, sizeof(granted.name), "store");
    struct part part = part_of(office.ports.wall_ms, 1, 1, 0);
    struct directory_join join = {.key = one.public_key,
                                  .granted = &granted,
                                  .invite = invite, /* that nobody knows */
                                  .invite_size = INVITE_SIZE,
                                  .wanted_name = "nas",
                                  .member_part = part.bytes,
                                  .member_part_size = part.size};
    assert_int_equal(directory_join(office.directory, &join, &joined), VERDICT_OK);
    assert_true(joined.granted);
    assert_string_equal(joined.invite_id, "");
    assert_string_equal(joined.name, "store");
    assert_string_equal(groups_of(&office, 1, text), "family");
    assert_int_equal(directory_invite_count(office.directory), 0);
    assert_int_equal(directory_member_count(office.directory), 1);
    /* A member that is thrown out, or whose time is over, is not granted anything. */
    assert_int_equal(
        directory_set_end(office.directory, one.public_key, office.ports.wall_ms + DAY_MS),
        VERDICT_OK);
    office.ports.wall_ms += DAY_MS;
    assert_int_equal(directory_join(office.directory, &join, &joined), VERDICT_ENDED);
    assert_int_equal(office_revoke(&office, 1), VERDICT_OK);
    assert_int_equal(directory_join(office.directory, &join, &joined), VERDICT_REVOKED);
    office_fini(&office);
}

/* What an earlier version wrote ends behind the key of who is replaced. */
static void an_invite_of_an_earlier_version_is_good(void **state)
{
    uint8_t value[DIRECTORY_INVITE_VALUE_SIZE_MAX];
    uint8_t at[DIRECTORY_INVITE_HASH_SIZE] = {0};
    struct directory_invite_row row;
    struct directory_joined joined;
    uint8_t invite[INVITE_SIZE];
    struct office office;
    size_t size;

    (void)state;
    office_init(&office);
    office_invite(&office, 3, 0, "nas", invite);
    assert_int_equal(directory_invite_next(office.directory, at, &row), VERDICT_OK);
    assert_int_equal(
        store_read(office.store, STORE_TABLE_INVITES, at, sizeof(at), value, sizeof(value), &size),
        ERR_OK);
    assert_int_equal(size, 4 + 8 + 1 + 3 + 8 + 4 + KEY_SIZE + 1 + 1 + 8);
    assert_int_equal(
        store_write(office.store, STORE_TABLE_INVITES, at, sizeof(at), value, size - 1 - 1 - 8),
        ERR_OK);
    office_reopen(&office);
    assert_int_equal(directory_invite_count(office.directory), 1);
    struct part part = part_of(office.ports.wall_ms, 1, 1, 0);
    assert_int_equal(office_join(&office, 1, invite, "", &part, &joined), VERDICT_OK);
    assert_string_equal(joined.name, "nas");
    office_fini(&office);
}

static void use_is_summed_for_members_alone(void **state)
{
    struct directory_use_row rows[2] = {{.use = {.seen_ms = 5000, .rx_bytes = 7, .tx_bytes = 8}},
                                        {.use = {.seen_ms = 6000, .rx_bytes = 1}}};
    struct identity one = node_of(1), two = node_of(2);
    struct directory_joined joined;
    struct directory_use use;
    struct office office;

    (void)state;
    office_init(&office);
    (void)office_admit(&office, 1, "nas", 0, &joined);
    memcpy(rows[0].key, one.public_key, KEY_SIZE);
    memcpy(rows[1].key, two.public_key, KEY_SIZE); /* a stranger's */
    assert_int_equal(directory_use_add(office.directory, rows, 2), VERDICT_OK);
    rows[0].use.seen_ms = 4000; /* told late */
    assert_int_equal(directory_use_add(office.directory, rows, 1), VERDICT_OK);
    office_reopen(&office);
    assert_int_equal(directory_use_read(office.directory, one.public_key, &use), ERR_OK);
    assert_int_equal(use.seen_ms, 5000);
    assert_int_equal(use.rx_bytes, 14);
    assert_int_equal(use.tx_bytes, 16);
    assert_int_equal(directory_use_read(office.directory, two.public_key, &use), ERR_OK);
    assert_int_equal(use.seen_ms, 0);
    assert_int_equal(office_revoke(&office, 1), VERDICT_OK);
    assert_int_equal(directory_use_read(office.directory, one.public_key, &use), ERR_OK);
    assert_int_equal(use.rx_bytes, 0);
    office_fini(&office);
}

static void keys_are_allowed_with_terms(void **state)
{
    struct directory_terms terms = terms_of("Zoë's", "family", 0), found;
    struct identity one = node_of(1);
    uint8_t at[KEY_SIZE] = {0};
    struct office office;
    bool is;

    (void)state;
    office_init(&office);
    (void)snprintf(terms.name, sizeof(terms.name), "Not a name");
    assert_int_equal(directory_allow(office.directory, one.public_key, &terms),
                     VERDICT_BAD_REQUEST);
    (void)snprintf(terms.name, sizeof(terms.name), "nas");
    terms.ends_ms = office.ports.wall_ms;
    assert_int_equal(directory_allow(office.directory, one.public_key, &terms),
                     VERDICT_BAD_REQUEST);
    terms.ends_ms += DAY_MS;
    assert_int_equal(directory_allow(office.directory, one.public_key, &terms), VERDICT_OK);
    office_reopen(&office);
    assert_int_equal(directory_allowed_find(office.directory, one.public_key, &found, &is), ERR_OK);
    assert_true(is);
    assert_string_equal(found.name, "nas");
    assert_string_equal(found.note, "Zoë's");
    assert_string_equal(found.groups.list[0], "family");
    assert_int_equal(found.ends_ms, terms.ends_ms);
    assert_int_equal(directory_allowed_next(office.directory, at, &found), VERDICT_OK);
    assert_memory_equal(at, one.public_key, KEY_SIZE);
    assert_int_equal(directory_allowed_next(office.directory, at, &found), VERDICT_NOT_FOUND);
    office.ports.wall_ms += DAY_MS; /* for a time that is past it lets nobody in */
    assert_int_equal(directory_allowed_find(office.directory, one.public_key, &found, &is), ERR_OK);
    assert_false(is);
    assert_int_equal(directory_disallow(office.directory, one.public_key), VERDICT_OK);
    assert_int_equal(directory_disallow(office.directory, one.public_key), VERDICT_NOT_FOUND);
    /* A row that makes no sense is passed over. */
    assert_int_equal(
        store_write(office.store, STORE_TABLE_ALLOWED, one.public_key, KEY_SIZE, "x", 1), ERR_OK);
    assert_int_equal(directory_allowed_find(office.directory, one.public_key, &found, &is), ERR_OK);
    assert_false(is);
    office_fini(&office);
}

static void so_many_keys_are_allowed_and_no_more(void **state)
{
    struct directory_terms terms = terms_of("", NULL, 0);
    uint8_t key[KEY_SIZE] = {0};
    struct office office;

    (void)state;
    office_init(&office);
    for (int i = 0; i < DIRECTORY_ALLOWED_COUNT_MAX; i++) {
        key[0] = (uint8_t)(i >> 8);
        key[1] = (uint8_t)i;
        assert_int_equal(store_write(office.store, STORE_TABLE_ALLOWED, key, KEY_SIZE, "x", 1),
                         ERR_OK);
    }
    key[2] = 1;
    assert_int_equal(directory_allow(office.directory, key, &terms), VERDICT_LIMIT);
    key[2] = 0; /* the last one, which may be given other terms */
    assert_int_equal(directory_allow(office.directory, key, &terms), VERDICT_OK);
    assert_int_equal(directory_disallow(office.directory, key), VERDICT_OK);
    key[2] = 1;
    assert_int_equal(directory_allow(office.directory, key, &terms), VERDICT_OK);
    office_fini(&office);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invites_groups_and_note_are_the_members),
        cmocka_unit_test(as_many_groups_as_may_be_fit_into_an_admission),
        cmocka_unit_test(an_admission_never_outlives_the_membership),
        cmocka_unit_test(an_invite_for_a_time_that_is_past_lets_nobody_in),
        cmocka_unit_test(who_is_granted_a_place_needs_no_invite),
        cmocka_unit_test(an_invite_of_an_earlier_version_is_good),
        cmocka_unit_test(use_is_summed_for_members_alone),
        cmocka_unit_test(keys_are_allowed_with_terms),
        cmocka_unit_test(so_many_keys_are_allowed_and_no_more),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
