/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names and addresses of members at their edges: who gets which, and whom a text finds. */
#include "proto/net/addrplan.h"
#include "rendezvous/directory/directory.h"
#include "tests/support/directory_fixture.h"
#include "tests/support/fixture.h"

#define SIXTY "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"

static void leaves(struct ziglan *z, uint32_t n)
{
    struct identity node = node_of(n);

    assert_int_equal(directory_leave(z->directory, node.public_key), VERDICT_OK);
}

static void a_name_is_cut_for_its_number_and_ends_in_no_hyphen(void **state)
{
    struct directory_joined joined;
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    assert_string_equal(ziglan_admit(&z, 1, SIXTY "-bc", 0, &joined), SIXTY "-bc");
    assert_string_equal(ziglan_admit(&z, 2, SIXTY "-bc", 0, &joined), SIXTY "-2");
    assert_string_equal(ziglan_admit(&z, 3, SIXTY "abc", 0, &joined), SIXTY "abc");
    assert_string_equal(ziglan_admit(&z, 4, SIXTY "abc", 0, &joined), SIXTY "a-2");
    assert_string_equal(ziglan_admit(&z, 5, SIXTY "a", 0, &joined), SIXTY "a");
    ziglan_fini(&z);
}

static void a_reserved_name_is_given_to_nobody(void **state)
{
    struct directory_joined joined;
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    assert_string_equal(ziglan_admit(&z, 1, "localhost", 0, &joined), "host");
    assert_string_equal(ziglan_admit(&z, 2, "ADMIN", 0, &joined), "host-2");
    ziglan_fini(&z);
}

static void the_wanted_name_of_a_part_counts_where_no_other_is(void **state)
{
    struct directory_joined joined;
    struct identity node = node_of(1);
    struct record_member record = {.wanted_name = "pantry"};
    uint8_t invite[INVITE_SIZE];
    struct ziglan z;
    struct part part;

    (void)state;
    ziglan_init(&z);
    record.header.sequence = 1;
    record.header.created_ms = z.ports.wall_ms;
    record.header.lifetime_s = 3600;
    part = part_sign(&node, record);
    ziglan_invite(&z, 1, 0, "", invite);
    assert_int_equal(ziglan_join(&z, 1, invite, "", &part, &joined), VERDICT_OK);
    assert_string_equal(joined.name, "pantry");
    ziglan_fini(&z);
}

static void a_text_finds_whom_it_means_and_nobody_else(void **state)
{
    struct directory_joined joined;
    struct directory_entry entry;
    struct identity one = node_of(1);
    uint8_t key[KEY_SIZE];
    char text[KEY_TEXT_SIZE], longer[5000];
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    (void)ziglan_admit(&z, 1, "az-" SIXTY, 0, &joined);
    key_text(one.public_key, text);
    assert_int_equal(directory_resolve(z.directory, text, key), VERDICT_OK);
    assert_memory_equal(key, one.public_key, KEY_SIZE);
    memset(key, 0, sizeof(key));
    assert_int_equal(directory_resolve(z.directory, "AZ-" SIXTY, key), VERDICT_OK);
    assert_memory_equal(key, one.public_key, KEY_SIZE);
    assert_int_equal(directory_find_name(z.directory, "AZ-" SIXTY, &entry), VERDICT_OK);
    memset(longer, 'a', sizeof(longer));
    for (size_t size = sizeof(longer) - 1; size > 62; size = size > 130 ? size / 2 : size - 1) {
        longer[size] = '\0';
        assert_int_equal(directory_find_name(z.directory, longer, &entry), VERDICT_NOT_FOUND);
        assert_int_equal(directory_resolve(z.directory, longer, key), VERDICT_NOT_FOUND);
    }
    assert_int_equal(directory_find_name(z.directory, "", &entry), VERDICT_NOT_FOUND);
    assert_int_equal(directory_resolve(z.directory, "", key), VERDICT_NOT_FOUND);
    assert_int_equal(directory_resolve(z.directory, "nobody", key), VERDICT_NOT_FOUND);
    ziglan_fini(&z);
}

/* A member left, and came again under another name while its old name is in quarantine. */
static void a_name_in_quarantine_finds_nobody(void **state)
{
    struct directory_joined joined;
    struct directory_entry entry;
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    (void)ziglan_admit(&z, 1, "first", 0, &joined);
    leaves(&z, 1);
    assert_int_equal(directory_find_name(z.directory, "first", &entry), VERDICT_NOT_FOUND);
    assert_string_equal(ziglan_admit(&z, 1, "second", 0, &joined), "second");
    assert_int_equal(directory_find_name(z.directory, "second", &entry), VERDICT_OK);
    assert_int_equal(directory_find_name(z.directory, "first", &entry), VERDICT_NOT_FOUND);
    ziglan_fini(&z);
}

static enum verdict find_fixed(struct ziglan *z, uint8_t mac, struct directory_entry *entry)
{
    const uint8_t middle[ADDRPLAN_MIDDLE_SIZE] = {1, 2, 3, 4};
    uint8_t eui64[EUI64_SIZE], ip[16];

    memset(eui64, mac, sizeof(eui64));
    addrplan_fixed(ip, middle, eui64);
    return directory_find_address(z->directory, ip, entry);
}

/* A member whose claim failed because another holds the address gives up that claim: the holder
   keeps the address. */
static void nobody_frees_the_address_of_another(void **state)
{
    struct directory_joined joined;
    struct directory_entry entry;
    struct identity one = node_of(1), two = node_of(2);
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    (void)ziglan_admit(&z, 1, "one", 0x21, &joined);
    (void)ziglan_admit(&z, 2, "two", 0x21, &joined);
    struct part part = part_of(z.ports.wall_ms, 2, z.ports.wall_ms + 1, 0x22);
    assert_int_equal(ziglan_join(&z, 2, NULL, "two", &part, &joined), VERDICT_OK);
    assert_int_equal(find_fixed(&z, 0x21, &entry), VERDICT_OK);
    assert_memory_equal(entry.key, one.public_key, KEY_SIZE);
    assert_int_equal(find_fixed(&z, 0x22, &entry), VERDICT_OK);
    assert_memory_equal(entry.key, two.public_key, KEY_SIZE);
    part = part_of(z.ports.wall_ms, 2, z.ports.wall_ms + 2, 0x21);
    assert_int_equal(ziglan_join(&z, 2, NULL, "two", &part, &joined), VERDICT_OK);
    assert_int_equal(find_fixed(&z, 0x22, &entry), VERDICT_NOT_FOUND);
    leaves(&z, 2);
    assert_int_equal(find_fixed(&z, 0x21, &entry), VERDICT_OK);
    assert_memory_equal(entry.key, one.public_key, KEY_SIZE);
    ziglan_fini(&z);
}

static void who_comes_again_is_told_of_as_a_member_only(void **state)
{
    struct directory_joined joined;
    struct directory_entry entry;
    struct identity one = node_of(1);
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    (void)ziglan_admit(&z, 1, "nas", 0, &joined);
    leaves(&z, 1);
    assert_int_equal(directory_revoked_count(z.directory), 1);
    assert_int_equal(directory_find_key(z.directory, one.public_key, &entry), VERDICT_OK);
    assert_true(entry.revocation_size > 0);
    (void)ziglan_admit(&z, 1, "nas", 0, &joined);
    assert_int_equal(directory_revoked_count(z.directory), 0);
    assert_int_equal(directory_find_key(z.directory, one.public_key, &entry), VERDICT_OK);
    assert_int_equal(entry.revocation_size, 0);
    ziglan_reopen(&z);
    assert_int_equal(directory_revoked_count(z.directory), 0);
    assert_int_equal(directory_status(z.directory, one.public_key), DIRECTORY_STATUS_MEMBER);
    ziglan_fini(&z);
}

static void an_invite_counts_until_it_is_used_up(void **state)
{
    struct directory_joined joined;
    uint8_t invite[INVITE_SIZE];
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    ziglan_invite(&z, 2, 0, "", invite);
    for (uint32_t n = 1; n <= 2; n++) {
        struct part part = part_of(z.ports.wall_ms, n, 1, 0);

        assert_int_equal(directory_invite_count(z.directory), 1);
        assert_int_equal(ziglan_join(&z, n, invite, "x", &part, &joined), VERDICT_OK);
    }
    assert_int_equal(directory_invite_count(z.directory), 0);
    ziglan_reopen(&z);
    assert_int_equal(directory_invite_count(z.directory), 0);
    ziglan_fini(&z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_cut_for_its_number_and_ends_in_no_hyphen),
        cmocka_unit_test(a_reserved_name_is_given_to_nobody),
        cmocka_unit_test(the_wanted_name_of_a_part_counts_where_no_other_is),
        cmocka_unit_test(a_text_finds_whom_it_means_and_nobody_else),
        cmocka_unit_test(a_name_in_quarantine_finds_nobody),
        cmocka_unit_test(nobody_frees_the_address_of_another),
        cmocka_unit_test(who_comes_again_is_told_of_as_a_member_only),
        cmocka_unit_test(an_invite_counts_until_it_is_used_up),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
