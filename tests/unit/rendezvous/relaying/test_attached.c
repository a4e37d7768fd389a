/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Attachments of foreign hosts (rendezvous/relaying/attached.h): whom a relay believes. */
#include "tests/support/fixture.h"

#include "proto/crypto/attachment.h"
#include "rendezvous/relaying/attached.h"
#include "tests/support/env.h"
#include "tests/support/identities.h"

static const uint8_t neighbour[KEY_SIZE] = {7}, other_neighbour[KEY_SIZE] = {8};
static const struct mono start = {NS_PER_S};

struct setting {
    size_t count_max;
    struct test_env ports;
    struct attached_table *table;
    struct identity host;
    uint8_t entry[KEY_SIZE];
};

static void setting_init_of(struct setting *s, size_t count_max)
{
    s->count_max = count_max;
    test_env_init(&s->ports, 1);
    assert_int_equal(attached_new(&s->table, s->count_max, &s->ports.env), ERR_OK);
    s->host = node_of(1);
    memset(s->entry, 0x55, KEY_SIZE);
}

static void setting_init(struct setting *s)
{
    setting_init_of(s, ATTACHED_MAX);
}

static enum attached_verdict take(struct setting *s, const uint8_t *data, size_t size)
{
    return attached_take(s->table, s->host.public_key, s->entry, neighbour, data, size,
                         TEST_WALL_MS, start);
}

static void sign(const struct setting *s, uint8_t out[ATTACHMENT_SIZE], uint64_t sequence,
                 int64_t from_now_ms)
{
    assert_int_equal(
        attachment_sign(out, &s->host, s->entry, sequence, TEST_WALL_MS + (uint64_t)from_now_ms),
        ERR_OK);
}

static void a_valid_one_is_taken_and_found(void **state)
{
    struct setting s;
    uint8_t signed_one[ATTACHMENT_SIZE];
    struct attached found;

    (void)state;
    setting_init(&s);
    assert_false(attached_find(s.table, s.host.public_key, s.entry, &found, start));
    sign(&s, signed_one, 5, 0);
    assert_int_equal(take(&s, signed_one, ATTACHMENT_SIZE), ATTACHED_TAKEN);
    assert_true(
        attached_is_known(s.table, s.host.public_key, s.entry, signed_one, ATTACHMENT_SIZE));
    assert_true(attached_find(s.table, s.host.public_key, s.entry, &found, start));
    assert_int_equal(found.sequence, 5);
    assert_int_equal(found.record_size, ATTACHMENT_SIZE);
    assert_memory_equal(found.record, signed_one, ATTACHMENT_SIZE);
    attached_free(s.table);
}

static void the_larger_sequence_of_a_relay_wins(void **state)
{
    struct setting s;
    uint8_t newer[ATTACHMENT_SIZE], older[ATTACHMENT_SIZE];
    struct attached found;

    (void)state;
    setting_init(&s);
    sign(&s, newer, 6, 0);
    sign(&s, older, 5, 0);
    assert_int_equal(take(&s, newer, ATTACHMENT_SIZE), ATTACHED_TAKEN);
    assert_int_equal(take(&s, older, ATTACHMENT_SIZE), ATTACHED_OLDER); /* replayed */
    assert_true(attached_find(s.table, s.host.public_key, s.entry, &found, start));
    assert_int_equal(found.sequence, 6);
    memset(s.entry, 0x66, KEY_SIZE);
    sign(&s, older, 4, 0); /* a host that uses two relays is at both */
    assert_int_equal(take(&s, older, ATTACHMENT_SIZE), ATTACHED_TAKEN);
    assert_true(attached_find(s.table, s.host.public_key, s.entry, &found, start));
    assert_int_equal(found.sequence, 4);
    assert_int_equal(take(&s, newer, ATTACHMENT_SIZE), ATTACHED_REFUSED); /* of another relay */
    assert_int_equal(attached_count(s.table), 2);
    attached_free(s.table);
}

static void what_is_not_valid_changes_nothing(void **state)
{
    static const int64_t skew = RECORD_CLOCK_SKEW_MS, life = ATTACHMENT_MS_MAX;
    struct setting s;
    uint8_t raw[ATTACHMENT_SIZE], wrong[ATTACHMENT_SIZE];

    (void)state;
    setting_init(&s);
    sign(&s, raw, 1, 0);
    for (size_t i = 0; i < ATTACHMENT_SIZE; i++) { /* forged in any byte */
        memcpy(wrong, raw, sizeof(wrong));
        wrong[i] ^= 1;
        assert_int_equal(take(&s, wrong, ATTACHMENT_SIZE), ATTACHED_REFUSED);
    }
    for (size_t size = 0; size < ATTACHMENT_SIZE; size++) {
        assert_int_equal(take(&s, raw, size), ATTACHED_REFUSED);
    }
    sign(&s, raw, 1, skew + 1000); /* from the future */
    assert_int_equal(take(&s, raw, ATTACHMENT_SIZE), ATTACHED_REFUSED);
    sign(&s, raw, 1, -life - skew - 1000); /* over */
    assert_int_equal(take(&s, raw, ATTACHMENT_SIZE), ATTACHED_REFUSED);
    s.host = node_of(2); /* of somebody else */
    sign(&s, raw, 1, 0);
    s.host = node_of(1);
    assert_int_equal(take(&s, raw, ATTACHMENT_SIZE), ATTACHED_REFUSED);
    assert_int_equal(attached_count(s.table), 0);
    attached_free(s.table);
}

static void one_that_is_over_is_not_found_and_goes(void **state)
{
    struct setting s;
    uint8_t raw[ATTACHMENT_SIZE];
    struct attached found;
    struct mono end = mono_add_ms(start, ATTACHMENT_MS_MAX + RECORD_CLOCK_SKEW_MS);

    (void)state;
    setting_init(&s);
    sign(&s, raw, 9, 0);
    assert_int_equal(take(&s, raw, ATTACHMENT_SIZE), ATTACHED_TAKEN);
    assert_true(
        attached_find(s.table, s.host.public_key, s.entry, &found, mono_add_ms(start, 3600000)));
    assert_false(attached_find(s.table, s.host.public_key, s.entry, &found, end));
    attached_expire(s.table, mono_add_ms(start, 1000));
    assert_int_equal(attached_count(s.table), 1);
    attached_expire(s.table, end);
    assert_int_equal(attached_count(s.table), 0);
    attached_free(s.table);
}

static void a_neighbour_pushes_out_only_its_own(void **state)
{
    enum { MORE = 100 };
    struct setting s;
    uint8_t raw[ATTACHMENT_SIZE];
    struct attached found;

    (void)state;
    setting_init(&s);
    s.host = node_of(1);
    sign(&s, raw, 1, 0);
    assert_int_equal(attached_take(s.table, s.host.public_key, s.entry, other_neighbour, raw,
                                   ATTACHMENT_SIZE, TEST_WALL_MS, start),
                     ATTACHED_TAKEN);
    for (uint32_t i = 0; i < ATTACHED_PER_RELAY_MAX + MORE; i++) {
        s.host = node_of(10 + i);
        sign(&s, raw, 1, 0);
        assert_int_equal(take(&s, raw, ATTACHMENT_SIZE), ATTACHED_TAKEN);
    }
    assert_int_equal(attached_count(s.table), 1 + ATTACHED_PER_RELAY_MAX);
    s.host = node_of(1);
    assert_true(attached_find(s.table, s.host.public_key, s.entry, &found, start));
    s.host = node_of(10);
    assert_false(attached_find(s.table, s.host.public_key, s.entry, &found, start));
    s.host = node_of(10 + MORE);
    assert_true(attached_find(s.table, s.host.public_key, s.entry, &found, start));
    attached_free(s.table);
}

/* All places of a small table are taken by one; another one comes, and has its share of them. */
static void in_a_full_table_the_largest_share_makes_room(void **state)
{
    enum { PLACES = 10 };
    struct setting s;
    uint8_t raw[ATTACHMENT_SIZE];
    struct attached found;

    (void)state;
    setting_init_of(&s, PLACES);
    for (uint32_t i = 0; i < 3 * PLACES; i++) {
        s.host = node_of(10 + i);
        sign(&s, raw, 1, 0);
        (void)take(&s, raw, ATTACHMENT_SIZE);
    }
    assert_int_equal(attached_count(s.table), PLACES);
    for (uint32_t i = 0; i < PLACES / 2; i++) {
        s.host = node_of(100 + i);
        sign(&s, raw, 1, 0);
        assert_int_equal(attached_take(s.table, s.host.public_key, s.entry, other_neighbour, raw,
                                       ATTACHMENT_SIZE, TEST_WALL_MS, start),
                         ATTACHED_TAKEN);
    }
    assert_int_equal(attached_count(s.table), PLACES);
    for (uint32_t i = 0; i < PLACES / 2; i++) {
        s.host = node_of(100 + i);
        assert_true(attached_find(s.table, s.host.public_key, s.entry, &found, start));
    }
    attached_free(s.table);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_valid_one_is_taken_and_found),
        cmocka_unit_test(the_larger_sequence_of_a_relay_wins),
        cmocka_unit_test(what_is_not_valid_changes_nothing),
        cmocka_unit_test(one_that_is_over_is_not_found_and_goes),
        cmocka_unit_test(a_neighbour_pushes_out_only_its_own),
        cmocka_unit_test(in_a_full_table_the_largest_share_makes_room),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
