/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What ends with time: admissions, the memory of revocations; and clocks that were wrong. */
#include "rendezvous/roster/roster.h"

#include "rendezvous/store/store_memory.h"
#include "tests/support/disk.h"
#include "tests/support/fixture.h"
#include "tests/support/roster_fixture.h"

static void the_memory_of_revocations_ends_after_eight_days(void **state)
{
    struct identity one = node_of(1);
    uint8_t key[KEY_SIZE];
    struct watcher w;

    (void)state;
    watcher_init_with(&w, "nas", 0);
    assert_int_equal(directory_leave(w.office.directory, one.public_key), VERDICT_OK);
    assert_int_equal(watcher_follow(&w), 1);
    assert_int_equal(roster_count(w.roster), 0);
    assert_int_equal(store_memory_count(w.store, STORE_TABLE_ROSTER), 1);
    w.office.ports.wall_ms += 8 * DAY_MS - 1;
    assert_int_equal(watcher_expire(&w, w.office.ports.wall_ms, key), ROSTER_EFFECT_NONE);
    assert_int_equal(store_memory_count(w.store, STORE_TABLE_ROSTER), 1);
    w.office.ports.wall_ms += DAY_MS;
    assert_int_equal(watcher_expire(&w, 0, key), ROSTER_EFFECT_NONE); /* the clock, alone */
    assert_int_equal(store_memory_count(w.store, STORE_TABLE_ROSTER), 1);
    assert_int_equal(watcher_expire(&w, w.office.ports.wall_ms, key), ROSTER_EFFECT_NONE);
    assert_int_equal(store_memory_count(w.store, STORE_TABLE_ROSTER), 0);
    watcher_fini(&w);
}

/* A large roster is looked at about once a minute: its rows are read only when one is due. */
static void revocations_are_looked_for_only_when_one_is_due(void **state)
{
    struct identity one = node_of(1), two = node_of(2);
    uint8_t key[KEY_SIZE];
    struct test_disk disk;
    struct watcher w;

    (void)state;
    watcher_init(&w);
    test_disk_put_under(&disk, w.store);
    watcher_admit(&w, 1, "nas", 0);
    watcher_admit(&w, 2, "pc", 0);
    assert_int_equal(watcher_follow(&w), 2);
    assert_int_equal(directory_leave(w.office.directory, one.public_key), VERDICT_OK);
    assert_int_equal(watcher_follow(&w), 1);
    w.office.ports.wall_ms += DAY_MS;
    assert_int_equal(directory_leave(w.office.directory, two.public_key), VERDICT_OK);
    assert_int_equal(watcher_follow(&w), 1);
    for (int again = 0; again < 2; again++) {
        disk.steps = 0;
        assert_int_equal(watcher_expire(&w, w.office.ports.wall_ms, key), ROSTER_EFFECT_NONE);
        assert_int_equal(disk.steps, 0);
        watcher_reopen(&w);
    }
    for (size_t left = 2; left-- > 0;) {
        w.office.ports.wall_ms += left == 1 ? 7 * DAY_MS + 1000 : DAY_MS;
        assert_int_equal(watcher_expire(&w, w.office.ports.wall_ms, key), ROSTER_EFFECT_NONE);
        assert_int_equal(store_memory_count(w.store, STORE_TABLE_ROSTER), left);
    }
    watcher_fini(&w);
}

static void admissions_expire_and_are_renewed(void **state)
{
    struct directory_joined joined;
    struct identity one = node_of(1);
    uint8_t key[KEY_SIZE];
    struct watcher w;

    (void)state;
    watcher_init(&w);
    watcher_admit(&w, 1, "a", 0);
    watcher_admit(&w, 2, "b", 0);
    assert_int_equal(watcher_follow(&w), 2);
    w.office.ports.wall_ms += 6 * DAY_MS;
    struct part part = part_of(w.office.ports.wall_ms, 2, w.office.ports.wall_ms, 0);
    assert_int_equal(office_join(&w.office, 2, NULL, "b", &part, &joined), VERDICT_OK);
    assert_int_equal(watcher_follow(&w), 1);
    assert_int_equal(watcher_expire(&w, w.office.ports.wall_ms, key), ROSTER_EFFECT_NONE);
    w.office.ports.wall_ms += 2 * DAY_MS;
    assert_int_equal(watcher_expire(&w, w.office.ports.wall_ms, key), ROSTER_EFFECT_REMOVED);
    assert_memory_equal(key, one.public_key, KEY_SIZE);
    assert_null(watcher_member(&w, 1));
    assert_int_equal(watcher_expire(&w, w.office.ports.wall_ms, key), ROSTER_EFFECT_NONE);
    assert_int_equal(store_memory_count(w.store, STORE_TABLE_ROSTER), 1);
    assert_non_null(watcher_member_named(&w, "b"));
    watcher_reopen(&w);
    assert_int_equal(roster_count(w.roster), 1);
    watcher_fini(&w);
}

/* The clock is a year ahead: nobody is a member by it. Set right, all are members again, whether
 * the host was restarted in between or not. */
static void members_come_back_when_the_clock_is_right(void **state)
{
    static const uint64_t year_ms = 365 * DAY_MS;
    uint8_t key[KEY_SIZE];
    uint8_t ip6[16];
    struct watcher w;

    (void)state;
    for (int restarts = 0; restarts < 3; restarts++) {
        watcher_init(&w);
        watcher_admit(&w, 1, "a", 0);
        watcher_admit(&w, 2, "b", 0x21);
        watcher_admit(&w, 3, "c", 0);
        assert_int_equal(watcher_follow(&w), 3);
        memcpy(ip6, watcher_member(&w, 2)->ip6, sizeof(ip6));
        uint64_t settled_ms = w.office.ports.wall_ms;
        w.office.ports.wall_ms += year_ms;
        if (restarts > 0) {
            watcher_reopen(&w);
        } else {
            for (int n = 0; n < 3; n++) {
                assert_int_equal(watcher_expire(&w, settled_ms, key), ROSTER_EFFECT_REMOVED);
            }
        }
        assert_int_equal(watcher_expire(&w, settled_ms, key), ROSTER_EFFECT_NONE);
        assert_int_equal(roster_count(w.roster), 0);
        assert_null(roster_at(w.roster, 0));
        assert_null(watcher_member(&w, 1));
        assert_null(watcher_member_named(&w, "b"));
        assert_null(roster_find_ip6(w.roster, ip6));
        assert_int_equal(store_memory_count(w.store, STORE_TABLE_ROSTER), 3);
        w.office.ports.wall_ms -= year_ms;
        if (restarts > 1) {
            watcher_reopen(&w);
        } else {
            for (int n = 0; n < 3; n++) {
                assert_int_equal(watcher_expire(&w, settled_ms, key), ROSTER_EFFECT_ADDED);
                assert_false(roster_find_key(w.roster, key)->online);
            }
        }
        assert_int_equal(watcher_expire(&w, settled_ms, key), ROSTER_EFFECT_NONE);
        assert_int_equal(roster_count(w.roster), 3);
        assert_ptr_equal(watcher_member_named(&w, "b"), watcher_member(&w, 2));
        assert_ptr_equal(roster_find_ip6(w.roster, ip6), watcher_member(&w, 2));
        watcher_fini(&w);
    }
}

/* Those whose admission is over make room for members, and can be renewed or revoked. */
static void who_is_over_makes_room_and_can_be_renewed_or_revoked(void **state)
{
    struct identity two = node_of(2);
    struct directory_joined joined;
    struct directory_entry entry;
    struct roster_change change;
    enum roster_effect effect;
    uint8_t key[KEY_SIZE];
    struct watcher w;

    (void)state;
    watcher_init_of(&w, 3);
    watcher_admit(&w, 1, "a", 0);
    watcher_admit(&w, 2, "b", 0);
    watcher_admit(&w, 3, "c", 0);
    assert_int_equal(watcher_follow(&w), 3);
    uint64_t settled_ms = w.office.ports.wall_ms;
    w.office.ports.wall_ms += 8 * DAY_MS;
    while (watcher_expire(&w, settled_ms, key) != ROSTER_EFFECT_NONE) {
    }
    assert_int_equal(roster_count(w.roster), 0);
    /* Renewed, it is a member again. Revoked, it has no effect, since it was hidden already. */
    struct part part = part_of(w.office.ports.wall_ms, 1, w.office.ports.wall_ms, 0);
    assert_int_equal(office_join(&w.office, 1, NULL, "a", &part, &joined), VERDICT_OK);
    watcher_change_for(&w, 1, &entry, &change);
    assert_int_equal(roster_apply(w.roster, &change, &effect, key), ERR_OK);
    assert_int_equal(effect, ROSTER_EFFECT_ADDED);
    assert_int_equal(directory_revoke(w.office.directory, two.public_key), VERDICT_OK);
    watcher_change_for(&w, 2, &entry, &change);
    assert_int_equal(roster_apply(w.roster, &change, &effect, key), ERR_OK);
    assert_int_equal(effect, ROSTER_EFFECT_NONE);
    for (uint32_t n = 4; n <= 6; n++) {
        watcher_admit(&w, n, "n", 0);
        watcher_change_for(&w, n, &entry, &change);
        assert_int_equal(roster_apply(w.roster, &change, &effect, key),
                         n <= 5 ? ERR_OK : ERR_LIMIT);
    }
    assert_int_equal(roster_count(w.roster), 3);
    assert_int_equal(roster_stats(w.roster)->expired, 1);
    w.office.ports.wall_ms -= 8 * DAY_MS;
    assert_int_equal(watcher_expire(&w, settled_ms, key), ROSTER_EFFECT_NONE);
    assert_null(watcher_member(&w, 2));
    assert_null(watcher_member(&w, 3));
    watcher_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_memory_of_revocations_ends_after_eight_days),
        cmocka_unit_test(revocations_are_looked_for_only_when_one_is_due),
        cmocka_unit_test(admissions_expire_and_are_renewed),
        cmocka_unit_test(members_come_back_when_the_clock_is_right),
        cmocka_unit_test(who_is_over_makes_room_and_can_be_renewed_or_revoked),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
