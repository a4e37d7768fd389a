/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory as its callers see it: joins, names, revocations, changes, expiry, crashes. */
#include "rendezvous/directory/directory.h"

#include "proto/crypto/signed.h"
#include "proto/net/addrplan.h"
#include "proto/wire/control.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/directory_fixture.h"
#include "tests/support/fixture.h"

#include <stdio.h>
#include <stdlib.h>

/* The node's name, or the one it had; "-" if the directory does not know it. */
static const char *name_of(struct ziglan *z, uint32_t n)
{
    static struct directory_entry entry;
    struct identity node = node_of(n);

    return directory_find_key(z->directory, node.public_key, &entry) == VERDICT_OK ? entry.name
                                                                                   : "-";
}

static enum directory_status status_of(struct ziglan *z, uint32_t n)
{
    struct identity node = node_of(n);

    return directory_status(z->directory, node.public_key);
}

static enum verdict find_name(struct ziglan *z, const char *name, uint32_t want)
{
    struct identity node = node_of(want);
    struct directory_entry entry;
    enum verdict verdict = directory_find_name(z->directory, name, &entry);

    if (verdict == VERDICT_OK) {
        assert_memory_equal(entry.key, node.public_key, KEY_SIZE);
    }
    return verdict;
}

static void fixed_address(uint8_t ip[16], uint8_t mac)
{
    const uint8_t middle[ADDRPLAN_MIDDLE_SIZE] = {1, 2, 3, 4};
    uint8_t eui64[EUI64_SIZE];

    memset(eui64, mac, sizeof(eui64));
    addrplan_fixed(ip, middle, eui64);
}

/* The owner of a fixed address, or 0. */
static uint32_t owner_of(struct ziglan *z, uint8_t mac, uint32_t node_max)
{
    struct directory_entry entry;
    uint8_t ip[16];

    fixed_address(ip, mac);
    if (directory_find_address(z->directory, ip, &entry) != VERDICT_OK) {
        return 0;
    }
    for (uint32_t n = 1; n <= node_max; n++) {
        struct identity node = node_of(n);
        if (memcmp(node.public_key, entry.key, KEY_SIZE) == 0) {
            return n;
        }
    }
    return 0;
}

static void an_invite_admits_with_a_signed_admission(void **state)
{
    struct directory_joined joined;
    struct record_admission admission;
    struct record_parts parts;
    struct directory_entry entry;
    struct identity node = node_of(1);
    struct ziglan z;
    uint8_t ip[16];

    (void)state;
    ziglan_init(&z);
    assert_int_equal(directory_sequence(z.directory), 0);
    assert_string_equal(ziglan_admit(&z, 1, "Anna's PC", 0x21, &joined), "anna-s-pc");
    assert_true(joined.changed);
    assert_int_equal(joined.sequence, directory_sequence(z.directory));
    assert_int_equal(
        signed_open(&parts, RECORD_TYPE_ADMISSION, joined.admission, joined.admission_size),
        ERR_OK);
    assert_int_equal(record_admission_decode(&admission, parts.record, parts.record_size), ERR_OK);
    assert_memory_equal(admission.header.key, z.entry.public_key, KEY_SIZE);
    assert_memory_equal(admission.ziglan_key, z.ziglan.public_key, KEY_SIZE);
    assert_memory_equal(admission.member_key, node.public_key, KEY_SIZE);
    assert_string_equal(admission.granted_name, "anna-s-pc");
    assert_int_equal(admission.expires_ms, z.ports.wall_ms + 7 * DAY_MS);
    assert_int_equal(admission.header.sequence, joined.sequence);

    assert_int_equal(status_of(&z, 1), DIRECTORY_STATUS_MEMBER);
    assert_int_equal(status_of(&z, 2), DIRECTORY_STATUS_STRANGER);
    assert_int_equal(find_name(&z, "ANNA-S-PC", 1), VERDICT_OK);
    assert_int_equal(find_name(&z, "anna", 1), VERDICT_NOT_FOUND);
    assert_int_equal(directory_find_key(z.directory, node.public_key, &entry), VERDICT_OK);
    assert_memory_equal(entry.admission, joined.admission, joined.admission_size);
    key_ip6(ip, node.public_key);
    assert_int_equal(directory_find_address(z.directory, ip, &entry), VERDICT_OK);
    assert_memory_equal(entry.key, node.public_key, KEY_SIZE);
    assert_int_equal(owner_of(&z, 0x21, 5), 1);
    assert_int_equal(owner_of(&z, 0x22, 5), 0);
    ziglan_fini(&z);
}

static void an_invite_is_good_for_its_uses_and_its_time(void **state)
{
    struct part part[6];
    struct directory_joined joined;
    uint8_t once[INVITE_SIZE], twice[INVITE_SIZE], day[INVITE_SIZE];
    uint8_t none[INVITE_SIZE] = {0};
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    for (uint32_t n = 1; n < 6; n++) {
        part[n] = part_of(z.ports.wall_ms, n, 1, 0);
    }
    ziglan_invite(&z, 0, 0, "", once);
    ziglan_invite(&z, 2, 0, "", twice);
    ziglan_invite(&z, 9, 1, "", day);
    assert_int_equal(directory_invite_count(z.directory), 3);
    assert_int_equal(ziglan_join(&z, 1, NULL, "a", &part[1], &joined), VERDICT_NOT_MEMBER);
    assert_int_equal(ziglan_join(&z, 1, none, "a", &part[1], &joined), VERDICT_INVITE_INVALID);
    assert_int_equal(ziglan_join(&z, 1, once, "a", &part[1], &joined), VERDICT_OK);
    assert_int_equal(ziglan_join(&z, 2, once, "b", &part[2], &joined), VERDICT_INVITE_INVALID);
    assert_int_equal(ziglan_join(&z, 2, twice, "b", &part[2], &joined), VERDICT_OK);
    /* A member that brings an invite does not use it up. */
    assert_int_equal(ziglan_join(&z, 1, twice, "b", &part[1], &joined), VERDICT_OK);
    assert_int_equal(ziglan_join(&z, 3, twice, "c", &part[3], &joined), VERDICT_OK);
    assert_int_equal(ziglan_join(&z, 4, twice, "d", &part[4], &joined), VERDICT_INVITE_INVALID);
    assert_int_equal(ziglan_join(&z, 4, day, "d", &part[4], &joined), VERDICT_OK);
    assert_int_equal(directory_invite_count(z.directory), 1);
    z.ports.wall_ms += DAY_MS;
    assert_int_equal(ziglan_join(&z, 5, day, "e", &part[5], &joined), VERDICT_INVITE_INVALID);
    directory_expire(z.directory, z.ports.wall_ms);
    assert_int_equal(directory_invite_count(z.directory), 0);
    assert_int_equal(store_memory_count(z.store, STORE_TABLE_INVITES), 0);
    assert_int_equal(directory_member_count(z.directory), 4);
    ziglan_fini(&z);
}

static void the_store_never_sees_an_invite(void **state)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_INVITES, NULL, 0);
    uint8_t invite[INVITE_SIZE], value[STORE_VALUE_SIZE_MAX];
    struct ziglan z;
    size_t size;

    (void)state;
    ziglan_init(&z);
    ziglan_invite(&z, 1, 0, "", invite);
    assert_int_equal(store_next(z.store, &cursor, value, sizeof(value), &size), ERR_OK);
    assert_int_equal(cursor.key_size, 32);
    for (size_t i = 0; i + 8 <= 32; i++) {
        assert_memory_not_equal(cursor.key + i, invite, 8);
    }
    ziglan_fini(&z);
}

static void invites_have_rules_and_a_cap(void **state)
{
    struct directory_terms terms = {.uses = 1, .expires_ms = 1};
    uint8_t invite[INVITE_SIZE];
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    assert_int_equal(directory_invite(z.directory, &terms, invite), VERDICT_BAD_REQUEST);
    terms.expires_ms = 0;
    memcpy(terms.name, "admin", 6);
    assert_int_equal(directory_invite(z.directory, &terms, invite), VERDICT_BAD_REQUEST);
    memset(terms.name, 'a', sizeof(terms.name)); /* no NUL */
    assert_int_equal(directory_invite(z.directory, &terms, invite), VERDICT_BAD_REQUEST);
    for (uint32_t i = 0; i < DIRECTORY_INVITE_COUNT_MAX; i++) {
        ziglan_invite(&z, 1, 0, "nas", invite);
    }
    terms.name[0] = '\0';
    assert_int_equal(directory_invite(z.directory, &terms, invite), VERDICT_LIMIT);
    struct part part = part_of(z.ports.wall_ms, 1, 1, 0);
    ziglan_reopen(&z);
    assert_int_equal(directory_invite(z.directory, &terms, invite), VERDICT_LIMIT);
    ziglan_fini(&z);
    ziglan_init(&z);
    struct directory_joined joined;
    ziglan_invite(&z, 1, 0, "nas", invite);
    assert_int_equal(ziglan_join(&z, 1, invite, "other", &part, &joined), VERDICT_OK);
    assert_string_equal(joined.name, "nas");
    ziglan_fini(&z);
}

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
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    for (uint32_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        assert_string_equal(ziglan_admit(&z, i + 1, table[i].wanted, 0, &joined), table[i].want);
    }
    ziglan_fini(&z);
}

static void many_equal_wanted_names_end_in_a_part_of_the_key(void **state)
{
    struct directory_joined joined;
    char short_key[KEY_SHORT_SIZE], want[32];
    struct identity node = node_of(201);
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    for (uint32_t n = 1; n <= 201; n++) {
        (void)ziglan_admit(&z, n, "nas", 0, &joined);
    }
    (void)snprintf(want, sizeof(want), "nas-%s", key_short(node.public_key, short_key));
    assert_string_equal(joined.name, want);
    ziglan_fini(&z);
}

static void a_member_comes_back_without_invite_and_keeps_its_name(void **state)
{
    struct directory_joined first, again;
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    (void)ziglan_admit(&z, 1, "nas", 0x21, &first);
    struct part same = part_of(z.ports.wall_ms, 1, z.ports.wall_ms, 0x21);
    ziglan_reopen(&z);
    z.ports.wall_ms += DAY_MS;
    assert_int_equal(ziglan_join(&z, 1, NULL, "other", &same, &again), VERDICT_OK);
    assert_string_equal(again.name, "nas");
    assert_false(again.changed); /* so the watchers are told nothing */
    assert_memory_equal(again.admission, first.admission, first.admission_size);
    assert_int_equal(again.sequence, first.sequence);
    /* An admission is renewed after half of its lifetime. */
    z.ports.wall_ms += 3 * DAY_MS;
    assert_int_equal(ziglan_join(&z, 1, NULL, "other", &same, &again), VERDICT_OK);
    assert_true(again.changed);
    assert_true(again.sequence > first.sequence);
    /* A newer member part is a change, too. An older part is refused. */
    struct part newer = part_of(z.ports.wall_ms, 1, z.ports.wall_ms + 5, 0x22);
    assert_int_equal(ziglan_join(&z, 1, NULL, "other", &newer, &again), VERDICT_OK);
    assert_true(again.changed);
    assert_int_equal(owner_of(&z, 0x21, 3), 0);
    assert_int_equal(owner_of(&z, 0x22, 3), 1);
    assert_int_equal(ziglan_join(&z, 1, NULL, "other", &same, &again), VERDICT_BAD_REQUEST);
    /* Even a long absence does not end a membership. */
    z.ports.wall_ms += 100 * DAY_MS;
    struct part late = part_of(z.ports.wall_ms, 1, z.ports.wall_ms, 0x22);
    assert_int_equal(ziglan_join(&z, 1, NULL, "", &late, &again), VERDICT_OK);
    assert_string_equal(again.name, "nas");
    assert_int_equal(directory_member_count(z.directory), 1);
    ziglan_fini(&z);
}

static void a_part_that_is_not_the_own_is_refused(void **state)
{
    struct directory_joined joined;
    uint8_t invite[INVITE_SIZE];
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    ziglan_invite(&z, 1, 0, "", invite);
    struct part good = part_of(z.ports.wall_ms, 1, 1, 0), bad = part_of(z.ports.wall_ms, 2, 1, 0);
    assert_int_equal(ziglan_join(&z, 1, invite, "a", &bad, &joined), VERDICT_BAD_REQUEST);
    for (size_t i = 0; i < good.size; i++) { /* one bit of each byte */
        bad = good;
        bad.bytes[i] ^= 0x01;
        assert_int_equal(ziglan_join(&z, 1, invite, "a", &bad, &joined), VERDICT_BAD_REQUEST);
    }
    for (size_t size = 0; size < good.size; size++) { /* every truncation */
        bad = good;
        bad.size = size;
        assert_int_equal(ziglan_join(&z, 1, invite, "a", &bad, &joined), VERDICT_BAD_REQUEST);
    }
    z.ports.wall_ms += 60 * DAY_MS; /* the part's lifetime is over */
    assert_int_equal(ziglan_join(&z, 1, invite, "a", &good, &joined), VERDICT_CLOCK);
    good = part_of(z.ports.wall_ms, 1, 1, 0);
    assert_int_equal(ziglan_join(&z, 1, invite, "a", &good, &joined), VERDICT_OK);
    ziglan_fini(&z);
}

static void the_first_claim_of_a_fixed_address_holds(void **state)
{
    struct directory_joined joined;
    struct identity one = node_of(1);
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    (void)ziglan_admit(&z, 1, "a", 0x21, &joined);
    (void)ziglan_admit(&z, 2, "b", 0x21, &joined);
    assert_int_equal(owner_of(&z, 0x21, 3), 1);
    ziglan_reopen(&z);
    assert_int_equal(owner_of(&z, 0x21, 3), 1);
    assert_int_equal(directory_leave(z.directory, one.public_key), VERDICT_OK);
    assert_int_equal(owner_of(&z, 0x21, 3), 0);
    struct part part = part_of(z.ports.wall_ms, 2, z.ports.wall_ms + 9, 0x21);
    assert_int_equal(ziglan_join(&z, 2, NULL, "b", &part, &joined), VERDICT_OK);
    assert_int_equal(owner_of(&z, 0x21, 3), 2);
    ziglan_fini(&z);
}

static void the_revoked_stay_out_until_restored(void **state)
{
    struct directory_joined joined;
    struct directory_entry entry;
    uint8_t invite[INVITE_SIZE], key[KEY_SIZE];
    struct identity one = node_of(1), two = node_of(2);
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    (void)ziglan_admit(&z, 1, "nas", 0x21, &joined);
    struct part part = part_of(z.ports.wall_ms, 1, z.ports.wall_ms + 1, 0x21);
    ziglan_invite(&z, 5, 0, "", invite);
    uint64_t before = directory_sequence(z.directory);
    assert_int_equal(directory_resolve(z.directory, "NAS", key), VERDICT_OK);
    assert_int_equal(directory_revoke(z.directory, key), VERDICT_OK);
    uint64_t after = directory_sequence(z.directory);
    assert_true(after > before);
    assert_int_equal(directory_revoke(z.directory, key), VERDICT_OK); /* no effect */
    assert_int_equal(directory_sequence(z.directory), after);
    ziglan_reopen(&z);
    assert_int_equal(status_of(&z, 1), DIRECTORY_STATUS_REVOKED);
    assert_int_equal(find_name(&z, "nas", 1), VERDICT_NOT_FOUND);
    assert_int_equal(owner_of(&z, 0x21, 3), 0);
    assert_int_equal(ziglan_join(&z, 1, NULL, "nas", &part, &joined), VERDICT_REVOKED);
    assert_int_equal(ziglan_join(&z, 1, invite, "nas", &part, &joined), VERDICT_REVOKED);
    assert_int_equal(directory_leave(z.directory, key), VERDICT_NOT_MEMBER);
    assert_int_equal(directory_find_key(z.directory, key, &entry), VERDICT_OK);
    assert_true(entry.revocation_size > 0);
    assert_int_equal(entry.admission_size, 0);
    assert_int_equal(directory_member_count(z.directory), 0);
    assert_int_equal(directory_revoked_count(z.directory), 1);
    assert_string_equal(name_of(&z, 1), "nas");
    /* A key that was never a member can be revoked, too. */
    assert_int_equal(directory_revoke(z.directory, two.public_key), VERDICT_OK);
    struct part other = part_of(z.ports.wall_ms, 2, 1, 0);
    assert_int_equal(ziglan_join(&z, 2, invite, "x", &other, &joined), VERDICT_REVOKED);

    /* A freed name still leads to the key. */
    assert_int_equal(directory_resolve(z.directory, "nas", key), VERDICT_OK);
    assert_int_equal(directory_restore(z.directory, key), VERDICT_OK);
    assert_int_equal(directory_restore(z.directory, key), VERDICT_NOT_FOUND);
    assert_int_equal(store_memory_count(z.store, STORE_TABLE_FORMER), 0);
    assert_int_equal(ziglan_join(&z, 1, NULL, "nas", &part, &joined), VERDICT_NOT_MEMBER);
    assert_int_equal(ziglan_join(&z, 1, invite, "nas", &part, &joined), VERDICT_OK);
    assert_string_equal(joined.name, "nas"); /* its own freed name */
    assert_true(joined.sequence > after);
    assert_memory_equal(key, one.public_key, KEY_SIZE);
    ziglan_fini(&z);
}

static void a_freed_name_is_quarantined_for_thirty_days(void **state)
{
    struct directory_joined joined;
    struct identity one = node_of(1);
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    (void)ziglan_admit(&z, 1, "nas", 0, &joined);
    assert_int_equal(directory_leave(z.directory, one.public_key), VERDICT_OK);
    assert_int_equal(directory_leave(z.directory, one.public_key), VERDICT_NOT_MEMBER);
    assert_int_equal(status_of(&z, 1), DIRECTORY_STATUS_STRANGER);
    assert_string_equal(ziglan_admit(&z, 2, "nas", 0, &joined), "nas-2");
    z.ports.wall_ms += 30 * DAY_MS - 1;
    directory_expire(z.directory, z.ports.wall_ms);
    assert_string_equal(ziglan_admit(&z, 3, "nas", 0, &joined), "nas-3");
    z.ports.wall_ms += 1;
    directory_expire(z.directory, z.ports.wall_ms);
    assert_string_equal(ziglan_admit(&z, 4, "nas", 0, &joined), "nas");
    /* The host that left has lost its name and joins like a new one. */
    assert_string_equal(ziglan_admit(&z, 1, "nas", 0, &joined), "nas-4");
    assert_int_equal(directory_member_count(z.directory), 4);
    assert_int_equal(directory_revoked_count(z.directory), 0);
    ziglan_fini(&z);
}

static void a_full_directory_admits_nobody_more(void **state)
{
    struct directory_joined joined;
    uint8_t invite[INVITE_SIZE];
    struct identity one = node_of(1);
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    z.cfg.member_max = 3;
    ziglan_reopen(&z);
    for (uint32_t n = 1; n <= 3; n++) {
        (void)ziglan_admit(&z, n, "a", 0, &joined);
    }
    ziglan_invite(&z, 1, 0, "", invite);
    struct part part = part_of(z.ports.wall_ms, 4, 1, 0);
    assert_int_equal(ziglan_join(&z, 4, invite, "a", &part, &joined), VERDICT_LIMIT);
    assert_int_equal(directory_leave(z.directory, one.public_key), VERDICT_OK);
    assert_int_equal(ziglan_join(&z, 4, invite, "a", &part, &joined), VERDICT_OK);
    for (uint32_t n = 11; n <= 12; n++) {
        assert_int_equal(ziglan_revoke(&z, n), VERDICT_OK);
    }
    assert_int_equal(ziglan_revoke(&z, 13), VERDICT_LIMIT);
    ziglan_fini(&z);
}

/* ---- changes ---- */

/* Reads and counts all changes after `since`. Checks that each chunk fits into its message. */
static size_t follow(struct ziglan *z, uint64_t *since, size_t *revoked)
{
    static struct directory_chunk chunk;
    static uint8_t packed[CONTROL_SIZE_MAX];
    size_t count = 0;

    *revoked = 0;
    do {
        Ziglan__Control control = ZIGLAN__CONTROL__INIT;
        Ziglan__Changes changes = ZIGLAN__CHANGES__INIT;
        Ziglan__Member members[DIRECTORY_CHUNK_COUNT_MAX];
        Ziglan__Member *pointers[DIRECTORY_CHUNK_COUNT_MAX];
        uint64_t last = *since;
        size_t size;

        assert_int_equal(directory_changes(z->directory, *since, &chunk), VERDICT_OK);
        for (size_t i = 0; i < chunk.count; i++) {
            const struct directory_change *c = &chunk.changes[i];
            assert_true(c->sequence > last || *since > directory_sequence(z->directory));
            last = c->sequence;
            ziglan__member__init(&members[i]);
            members[i].member_part.data = (uint8_t *)(uintptr_t)c->member_part;
            members[i].member_part.len = c->member_part_size;
            members[i].admission.data = (uint8_t *)(uintptr_t)c->admission;
            members[i].admission.len = c->admission_size;
            members[i].revocation.data = (uint8_t *)(uintptr_t)c->revocation;
            members[i].revocation.len = c->revocation_size;
            members[i].online = true;
            members[i].sequence = UINT64_MAX;
            pointers[i] = &members[i];
            *revoked += c->revocation_size > 0 ? 1 : 0;
        }
        changes.members = pointers;
        changes.n_members = chunk.count;
        changes.sequence = UINT64_MAX;
        changes.more = true;
        control.request_id = UINT32_MAX;
        control.body_case = ZIGLAN__CONTROL__BODY_CHANGES;
        control.changes = &changes;
        assert_int_equal(control_pack(packed, sizeof(packed), &size, &control), ERR_OK);
        count += chunk.count;
        *since = chunk.sequence;
    } while (chunk.more);
    return count;
}

static void changes_are_told_in_order_and_once(void **state)
{
    struct directory_joined joined;
    struct identity two = node_of(2), three = node_of(3);
    uint64_t since = 0;
    size_t revoked;
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    assert_int_equal(follow(&z, &since, &revoked), 0);
    for (uint32_t n = 1; n <= 200; n++) {
        (void)ziglan_admit(&z, n, "member-with-a-name-of-some-length", (uint8_t)(n % 200 + 1),
                           &joined);
    }
    assert_int_equal(follow(&z, &since, &revoked), 200);
    assert_int_equal(since, directory_sequence(z.directory));
    assert_int_equal(follow(&z, &since, &revoked), 0);
    assert_int_equal(directory_revoke(z.directory, two.public_key), VERDICT_OK);
    assert_int_equal(directory_leave(z.directory, three.public_key), VERDICT_OK);
    struct part part = part_of(z.ports.wall_ms, 4, z.ports.wall_ms + 500, 0);
    assert_int_equal(ziglan_join(&z, 4, NULL, "", &part, &joined), VERDICT_OK);
    uint64_t old = since;
    assert_int_equal(follow(&z, &since, &revoked), 3);
    assert_int_equal(revoked, 2);
    ziglan_reopen(&z);
    assert_int_equal(follow(&z, &old, &revoked), 3);
    uint64_t zero = 0, beyond = since + 1;
    assert_int_equal(follow(&z, &zero, &revoked), 200);
    /* This directory never gave the number `beyond`, so it tells everything again. */
    assert_int_equal(follow(&z, &beyond, &revoked), 200);
    /* A host that left is forgotten once its last admission has expired. The revoked stay. */
    z.ports.wall_ms += 9 * DAY_MS;
    directory_expire(z.directory, z.ports.wall_ms);
    zero = 0;
    assert_int_equal(follow(&z, &zero, &revoked), 199);
    assert_int_equal(revoked, 1);
    ziglan_fini(&z);
}

static void the_largest_entries_fit_their_chunk(void **state)
{
    struct record_member record = {0};
    struct ziglan z;
    uint64_t since = 0;
    size_t revoked;

    (void)state;
    ziglan_init(&z);
    for (uint32_t n = 1; n <= 40; n++) {
        struct identity node = node_of(n);
        uint8_t bytes[RECORD_MEMBER_SIZE_MAX], invite[INVITE_SIZE];
        struct directory_joined joined;
        struct part part;
        size_t size;
        memset(&record, 0, sizeof(record));
        memcpy(record.header.key, node.public_key, KEY_SIZE);
        record.header.created_ms = z.ports.wall_ms;
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
        ziglan_invite(&z, 1, 0, "", invite);
        assert_int_equal(ziglan_join(&z, n, invite, "x", &part, &joined), VERDICT_OK);
    }
    assert_int_equal(follow(&z, &since, &revoked), 40);
    ziglan_fini(&z);
}

static void a_listing_shows_members_and_revoked_in_key_order(void **state)
{
    struct directory_joined joined;
    struct directory_entry entry;
    uint8_t key[KEY_SIZE] = {0}, last[KEY_SIZE] = {0};
    size_t members = 0, revoked = 0;
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    for (uint32_t n = 1; n <= 9; n++) {
        (void)ziglan_admit(&z, n, "a", 0, &joined);
    }
    assert_int_equal(ziglan_revoke(&z, 3), VERDICT_OK);
    assert_int_equal(ziglan_revoke(&z, 77), VERDICT_OK);
    assert_int_equal(ziglan_leave(&z, 4), VERDICT_OK);
    while (directory_next(z.directory, key, &entry) == VERDICT_OK) {
        assert_true(memcmp(key, last, KEY_SIZE) > 0);
        memcpy(last, key, KEY_SIZE);
        members += entry.revocation_size == 0 ? 1 : 0;
        revoked += entry.revocation_size > 0 ? 1 : 0;
    }
    assert_int_equal(members, 7);
    assert_int_equal(revoked, 2);
    ziglan_fini(&z);
}

/* ---- faults ---- */

static void a_failed_write_changes_nothing(void **state)
{
    struct directory_joined joined;
    uint8_t invite[INVITE_SIZE];
    uint64_t nth = 1;
    struct ziglan z;

    (void)state;
    ziglan_init(&z);
    ziglan_invite(&z, 1, 0, "", invite);
    struct part part = part_of(z.ports.wall_ms, 1, 1, 0x21);
    for (;; nth++) {
        store_memory_fail_write(z.store, nth);
        enum verdict verdict = ziglan_join(&z, 1, invite, "nas", &part, &joined);
        store_memory_fail_write(z.store, 0);
        if (verdict == VERDICT_OK) {
            break;
        }
        assert_int_equal(verdict, VERDICT_UNAVAILABLE);
        assert_int_equal(status_of(&z, 1), DIRECTORY_STATUS_STRANGER);
        assert_int_equal(find_name(&z, "nas", 1), VERDICT_NOT_FOUND);
        assert_int_equal(directory_sequence(z.directory), 0);
        assert_int_equal(directory_member_count(z.directory), 0);
        assert_int_equal(directory_invite_count(z.directory), 1);
    }
    assert_true(nth > 6); /* the loop did fail at each of the writes */
    assert_int_equal(status_of(&z, 1), DIRECTORY_STATUS_MEMBER);
    store_memory_fail_commit(z.store, true);
    assert_int_equal(ziglan_revoke(&z, 1), VERDICT_UNAVAILABLE);
    store_memory_fail_commit(z.store, false);
    assert_int_equal(status_of(&z, 1), DIRECTORY_STATUS_MEMBER);
    assert_int_equal(directory_revoked_count(z.directory), 0);
    ziglan_fini(&z);
}

/* Whatever a lying disk kept of the first changes of a transaction: the directory opens, its
   indexes fit its records, no invite is used twice, and no revocation is done by half. */
static void a_torn_store_is_repaired(void **state)
{
    (void)state;
    for (size_t keep = 0; keep < 12; keep++) {
        struct directory_joined joined;
        uint8_t invite[INVITE_SIZE];
        struct ziglan z;
        size_t revoked;
        uint64_t since = 0;

        ziglan_init(&z);
        (void)ziglan_admit(&z, 1, "nas", 0x21, &joined);
        (void)ziglan_admit(&z, 2, "box", 0x22, &joined);
        ziglan_invite(&z, 1, 0, "", invite);
        struct part part = part_of(z.ports.wall_ms, 3, 1, 0x23);
        store_memory_tear(z.store, keep);
        assert_int_equal(ziglan_join(&z, 3, invite, "nas", &part, &joined), VERDICT_UNAVAILABLE);
        ziglan_reopen(&z);
        store_memory_tear(z.store, keep);
        assert_int_equal(ziglan_revoke(&z, 1), VERDICT_UNAVAILABLE);
        ziglan_reopen(&z);
        uint32_t warnings = z.ports.warnings;
        ziglan_reopen(&z);
        assert_int_equal(z.ports.warnings, warnings); /* nothing was left to repair */

        bool gone = status_of(&z, 1) == DIRECTORY_STATUS_REVOKED;
        assert_int_equal(gone, keep >= 1);
        assert_string_equal(name_of(&z, 1), "nas"); /* gone or not */
        assert_int_equal(find_name(&z, "nas", 1), gone ? VERDICT_NOT_FOUND : VERDICT_OK);
        assert_int_equal(owner_of(&z, 0x21, 3), gone ? 0 : 1);
        assert_int_equal(find_name(&z, "box", 2), VERDICT_OK);
        assert_int_equal(owner_of(&z, 0x22, 3), 2);
        bool in = status_of(&z, 3) == DIRECTORY_STATUS_MEMBER;
        assert_int_equal(directory_member_count(z.directory), 1 + (gone ? 0 : 1) + (in ? 1 : 0));
        assert_int_equal(follow(&z, &since, &revoked), directory_member_count(z.directory) +
                                                           directory_revoked_count(z.directory));
        if (keep >= 1) {
            struct part other = part_of(z.ports.wall_ms, 4, 1, 0);
            assert_int_equal(ziglan_join(&z, 4, invite, "x", &other, &joined),
                             VERDICT_INVITE_INVALID);
        }
        (void)ziglan_admit(&z, 5, "nas", 0x25, &joined);
        assert_int_equal(find_name(&z, joined.name, 5), VERDICT_OK);
        ziglan_fini(&z);
    }
}

/* Random bytes in place of a stored value: the directory opens and forgets at most that value. */
static void damaged_values_are_forgotten(void **state)
{
    static const enum store_table tables[] = {
        STORE_TABLE_MEMBERS,   STORE_TABLE_ADMISSIONS, STORE_TABLE_REVOCATIONS, STORE_TABLE_NAMES,
        STORE_TABLE_ADDRESSES, STORE_TABLE_CHANGES,    STORE_TABLE_FORMER,
    };

    (void)state;
    for (uint32_t round = 0; round < 70; round++) {
        struct directory_joined joined;
        uint8_t value[40];
        struct ziglan z;
        size_t size, revoked;
        uint64_t since = 0;

        ziglan_init(&z);
        z.ports.rng.state += round;
        for (uint32_t n = 1; n <= 4; n++) {
            (void)ziglan_admit(&z, n, "nas", (uint8_t)n, &joined);
        }
        assert_int_equal(ziglan_revoke(&z, 2), VERDICT_OK);
        enum store_table table = tables[round % 7];
        struct store_cursor cursor = store_cursor_from(table, NULL, 0);
        uint8_t old[STORE_VALUE_SIZE_MAX];
        assert_int_equal(store_next(z.store, &cursor, old, sizeof(old), &size), ERR_OK);
        env_random(&z.ports.env, value, sizeof(value));
        assert_int_equal(store_write(z.store, table, cursor.key, cursor.key_size, value,
                                     env_random_below(&z.ports.env, sizeof(value) + 1)),
                         ERR_OK);
        ziglan_reopen(&z);
        uint32_t warnings = z.ports.warnings;
        ziglan_reopen(&z);
        assert_int_equal(z.ports.warnings, warnings);
        (void)follow(&z, &since, &revoked);
        (void)ziglan_admit(&z, 9, "new", 9, &joined);
        assert_int_equal(find_name(&z, "new", 9), VERDICT_OK);
        ziglan_fini(&z);
    }
}

static void verdicts_are_the_error_codes_of_the_wire(void **state)
{
    static const int codes[VERDICT_COUNT] = {
        [VERDICT_OK] = ZIGLAN__ERROR_CODE__ERROR_NONE,
        [VERDICT_BAD_REQUEST] = ZIGLAN__ERROR_CODE__ERROR_BAD_REQUEST,
        [VERDICT_NOT_MEMBER] = ZIGLAN__ERROR_CODE__ERROR_NOT_MEMBER,
        [VERDICT_INVITE_INVALID] = ZIGLAN__ERROR_CODE__ERROR_INVITE_INVALID,
        [VERDICT_NAME_TAKEN] = ZIGLAN__ERROR_CODE__ERROR_NAME_TAKEN,
        [VERDICT_NOT_FOUND] = ZIGLAN__ERROR_CODE__ERROR_NOT_FOUND,
        [VERDICT_LIMIT] = ZIGLAN__ERROR_CODE__ERROR_LIMIT,
        [VERDICT_MEASURE_FIRST] = ZIGLAN__ERROR_CODE__ERROR_MEASURE_FIRST,
        [VERDICT_REFUSED] = ZIGLAN__ERROR_CODE__ERROR_REFUSED,
        [VERDICT_UNSUPPORTED] = ZIGLAN__ERROR_CODE__ERROR_UNSUPPORTED,
        [VERDICT_REVOKED] = ZIGLAN__ERROR_CODE__ERROR_REVOKED,
        [VERDICT_UNAVAILABLE] = ZIGLAN__ERROR_CODE__ERROR_UNAVAILABLE,
        [VERDICT_CLOCK] = ZIGLAN__ERROR_CODE__ERROR_CLOCK,
    };

    (void)state;
    for (int i = 0; i < VERDICT_COUNT; i++) {
        assert_int_equal(codes[i], i);
        assert_true(strlen(verdict_text((enum verdict)i)) > 0);
        assert_true(strlen(verdict_name((enum verdict)i)) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_are_the_error_codes_of_the_wire),
        cmocka_unit_test(an_invite_admits_with_a_signed_admission),
        cmocka_unit_test(an_invite_is_good_for_its_uses_and_its_time),
        cmocka_unit_test(the_store_never_sees_an_invite),
        cmocka_unit_test(invites_have_rules_and_a_cap),
        cmocka_unit_test(conflicting_names_get_numbers),
        cmocka_unit_test(many_equal_wanted_names_end_in_a_part_of_the_key),
        cmocka_unit_test(a_member_comes_back_without_invite_and_keeps_its_name),
        cmocka_unit_test(a_part_that_is_not_the_own_is_refused),
        cmocka_unit_test(the_first_claim_of_a_fixed_address_holds),
        cmocka_unit_test(the_revoked_stay_out_until_restored),
        cmocka_unit_test(a_freed_name_is_quarantined_for_thirty_days),
        cmocka_unit_test(a_full_directory_admits_nobody_more),
        cmocka_unit_test(changes_are_told_in_order_and_once),
        cmocka_unit_test(the_largest_entries_fit_their_chunk),
        cmocka_unit_test(a_listing_shows_members_and_revoked_in_key_order),
        cmocka_unit_test(a_failed_write_changes_nothing),
        cmocka_unit_test(a_torn_store_is_repaired),
        cmocka_unit_test(damaged_values_are_forgotten),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
