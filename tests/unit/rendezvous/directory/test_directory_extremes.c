/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A directory where a cap is filled by those who come and go, and under a clock that was wrong. */
#include "rendezvous/directory/directory.h"

#include "rendezvous/store/store_memory.h"
#include "tests/support/directory_fixture.h"
#include "tests/support/fixture.h"

static void a_member_can_be_thrown_out_however_many_left(void **state)
{
    struct directory_joined joined;
    struct office office;

    (void)state;
    office_init_of(&office, 3);
    for (uint32_t n = 1; n <= 3; n++) {
        (void)office_admit(&office, n, "a", 0, &joined);
        assert_int_equal(office_leave(&office, n), VERDICT_OK);
    }
    (void)office_admit(&office, 4, "b", 0, &joined);
    assert_int_equal(office_leave(&office, 4), VERDICT_LIMIT);
    assert_int_equal(office_revoke(&office, 4), VERDICT_OK);
    assert_int_equal(office_revoke(&office, 4), VERDICT_OK); /* twice is once */
    assert_int_equal(office_revoke(&office, 5), VERDICT_LIMIT);
    office_fini(&office);
}

/* A freed name is kept for the key that had it. That key does not get a name that somebody else
 * holds, or that is kept for somebody else. */
static void who_was_let_in_again_gets_the_name_it_wants_if_that_is_free(void **state)
{
    static const struct {
        const char *wanted, *want;
    } table[] = {{"nas", "nas"}, {"desk", "desk-2"}, {"gone", "gone-2"}, {"new", "new"}};
    struct identity one = node_of(1);
    struct directory_joined joined;

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(table) / sizeof(table[0]); i++) {
        bool left = i % 2 == 1; /* else thrown out, and that was taken back */
        struct office office;
        office_init(&office);
        (void)office_admit(&office, 1, "nas", 0, &joined);
        (void)office_admit(&office, 2, "desk", 0, &joined);
        (void)office_admit(&office, 3, "gone", 0, &joined);
        assert_int_equal(office_leave(&office, 3), VERDICT_OK);
        assert_int_equal(left ? office_leave(&office, 1) : office_revoke(&office, 1), VERDICT_OK);
        if (!left) {
            assert_int_equal(directory_restore(office.directory, one.public_key), VERDICT_OK);
        }
        /* Whoever wants its name meanwhile gets another. */
        assert_string_equal(office_admit(&office, 4, "nas", 0, &joined), "nas-2");
        office_reopen(&office);
        assert_string_equal(office_admit(&office, 1, table[i / 2].wanted, 0, &joined),
                            table[i / 2].want);
        office_fini(&office);
    }
}

/* Hosts refuse what was signed in their future, so the relay must not give it out again. */
static void an_admission_made_under_a_wrong_clock_is_made_anew(void **state)
{
    struct directory_joined joined;
    struct record_admission admission;
    struct office office;
    uint8_t invite[INVITE_SIZE];

    (void)state;
    office_init(&office);
    struct part part = part_of(office.ports.wall_ms, 1, 1, 0);
    office_invite(&office, 1, 0, "", invite);
    office.ports.wall_ms += 10 * DAY_MS;
    assert_int_equal(office_join(&office, 1, invite, "a", &part, &joined), VERDICT_OK);
    uint64_t sequence = joined.sequence;
    office.ports.wall_ms -= 10 * DAY_MS;
    assert_int_equal(office_join(&office, 1, NULL, "a", &part, &joined), VERDICT_OK);
    assert_true(joined.changed);
    assert_true(joined.sequence > sequence);
    assert_int_equal(record_admission_decode(&admission, joined.admission,
                                             joined.admission_size - SIGNATURE_SIZE),
                     ERR_OK);
    assert_int_equal(admission.expires_ms, office.ports.wall_ms + 7 * DAY_MS);
    assert_true(record_live(&admission.header, office.ports.wall_ms));
    office_fini(&office);
}

/* The wall clock is a year ahead for a minute, and nothing is lost: the invite, the reservation of
 * a freed name, and the revocation of one who left. */
static void a_clock_that_is_wrong_for_a_minute_deletes_nothing(void **state)
{
    static const uint64_t year_ms = 365 * DAY_MS;
    struct directory_joined joined;
    uint8_t invite[INVITE_SIZE];
    struct office office;

    (void)state;
    office_init(&office);
    directory_expire(office.directory, office.ports.wall_ms);
    (void)office_admit(&office, 1, "nas", 0, &joined);
    assert_int_equal(office_leave(&office, 1), VERDICT_OK);
    office_invite(&office, 1, 1, "", invite);
    struct part now = part_of(office.ports.wall_ms, 2, office.ports.wall_ms, 0);
    office.ports.wall_ms += year_ms;
    struct part later = part_of(office.ports.wall_ms, 2, office.ports.wall_ms, 0);
    directory_expire(office.directory, office.ports.wall_ms - year_ms);
    /* What is over by the clock is not served ... */
    assert_int_equal(office_join(&office, 2, invite, "b", &later, &joined), VERDICT_INVITE_INVALID);
    assert_string_equal(office_admit(&office, 3, "nas", 0, &joined), "nas-2");
    office.ports.wall_ms -= year_ms;
    directory_expire(office.directory, office.ports.wall_ms);
    /* ... but it is all there. */
    assert_int_equal(store_memory_count(office.store, STORE_TABLE_REVOCATIONS), 1);
    assert_int_equal(office_join(&office, 2, invite, "nas", &now, &joined), VERDICT_OK);
    assert_string_equal(joined.name, "nas-3");
    office_fini(&office);
}

static void a_name_freed_in_1970_is_quarantined_once_the_clock_is_right(void **state)
{
    struct directory_joined joined;
    struct office office;

    (void)state;
    office_init(&office);
    uint64_t today_ms = office.ports.wall_ms;
    (void)office_admit(&office, 1, "nas", 0, &joined);
    office.ports.wall_ms = 1000;
    assert_int_equal(office_leave(&office, 1), VERDICT_OK);
    directory_expire(office.directory, 0);
    for (int again = 0; again < 2; again++) {
        office.ports.wall_ms = today_ms + (uint64_t)again * 30 * DAY_MS - (uint64_t)again;
        directory_expire(office.directory, office.ports.wall_ms);
        assert_string_equal(office_admit(&office, 2 + (uint32_t)again, "nas", 0, &joined),
                            again == 0 ? "nas-2" : "nas-3");
    }
    office.ports.wall_ms++;
    directory_expire(office.directory, office.ports.wall_ms);
    assert_string_equal(office_admit(&office, 4, "nas", 0, &joined), "nas");
    office_fini(&office);
}

static void a_change_is_refused_where_none_is_allowed(void **state)
{
    struct directory_joined joined;
    struct identity node = node_of(1);
    struct directory_join join = {.key = node.public_key, .unchanged_only = true};
    struct office office;

    (void)state;
    office_init(&office);
    struct part part = part_of(office.ports.wall_ms, 1, office.ports.wall_ms, 0);
    struct part other = part_of(office.ports.wall_ms, 1, office.ports.wall_ms + 1, 0);
    (void)office_admit(&office, 1, "a", 0, &joined);
    uint64_t sequence = joined.sequence;
    join.member_part = part.bytes;
    join.member_part_size = part.size;
    assert_int_equal(directory_join(office.directory, &join, &joined), VERDICT_OK);
    assert_false(joined.changed);
    assert_int_equal(joined.expires_ms,
                     directory_admitted_until(office.directory, node.public_key).ms);
    join.member_part = other.bytes;
    join.member_part_size = other.size;
    assert_int_equal(directory_join(office.directory, &join, &joined), VERDICT_LIMIT);
    assert_int_equal(directory_sequence(office.directory), sequence);
    assert_int_equal(office_revoke(&office, 1), VERDICT_OK);
    assert_int_equal(directory_admitted_until(office.directory, node.public_key).ms, 0);
    assert_int_equal(directory_join(office.directory, &join, &joined), VERDICT_REVOKED);
    office_fini(&office);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_can_be_thrown_out_however_many_left),
        cmocka_unit_test(who_was_let_in_again_gets_the_name_it_wants_if_that_is_free),
        cmocka_unit_test(an_admission_made_under_a_wrong_clock_is_made_anew),
        cmocka_unit_test(a_clock_that_is_wrong_for_a_minute_deletes_nothing),
        cmocka_unit_test(a_name_freed_in_1970_is_quarantined_once_the_clock_is_right),
        cmocka_unit_test(a_change_is_refused_where_none_is_allowed),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
