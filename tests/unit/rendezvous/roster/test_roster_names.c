/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which key a name means to a host, after what its entry point says. */
#include "rendezvous/roster/roster.h"

#include "tests/support/fixture.h"
#include "tests/support/roster_fixture.h"

/* Node n joins with an invite that grants this name. */
static void admit_as(struct watcher *w, uint32_t n, const char *name)
{
    uint8_t invite[INVITE_SIZE];
    struct directory_joined joined;
    struct part part = part_of(w->office.ports.wall_ms, n, 1, 0);

    office_invite(&w->office, 1, 0, name, invite);
    assert_int_equal(office_join(&w->office, n, invite, "any", &part, &joined), VERDICT_OK);
    assert_string_equal(joined.name, name);
}

static void rename_to(struct watcher *w, uint32_t n, const char *name)
{
    struct identity node = node_of(n);
    uint8_t holder[KEY_SIZE];

    assert_int_equal(directory_rename(w->office.directory, node.public_key, name, holder),
                     VERDICT_OK);
}

static void a_name_goes_on_to_mean_the_old_key_while_that_is_a_member(void **state)
{
    struct identity one = node_of(1), two = node_of(2), three = node_of(3);
    uint8_t key[KEY_SIZE];
    struct watcher w;

    (void)state;
    watcher_init_with(&w, "nas", 0);
    rename_to(&w, 1, "store");
    admit_as(&w, 2, "nas");
    assert_int_equal(watcher_follow(&w), 2);
    for (int again = 0; again < 2; again++) {
        assert_null(watcher_member_named(&w, "nas"));
        assert_ptr_equal(watcher_member_named(&w, "store"), watcher_member(&w, 1));
        assert_true(watcher_member(&w, 2)->name_conflict);
        assert_true(roster_remembered(w.roster, "NAS", 3, key));
        assert_memory_equal(key, one.public_key, KEY_SIZE);
        watcher_reopen(&w);
    }
    assert_int_equal(roster_accept_name(w.roster, three.public_key), ERR_DROP); /* no member */
    assert_int_equal(roster_accept_name(w.roster, two.public_key), ERR_OK);
    for (int again = 0; again < 2; again++) {
        assert_ptr_equal(watcher_member_named(&w, "nas"), watcher_member(&w, 2));
        assert_false(watcher_member(&w, 2)->name_conflict);
        watcher_reopen(&w);
    }
    assert_false(roster_remembered(w.roster, "other", 5, key));
    watcher_fini(&w);
}

/* What the operator says about the old key, in either order with what it says about the new one. */
static void a_name_means_the_new_key_once_the_old_one_was_revoked(void **state)
{
    struct identity one = node_of(1);
    uint8_t key[KEY_SIZE];
    struct watcher w;

    (void)state;
    for (int order = 0; order < 3; order++) {
        watcher_init_with(&w, "nas", 0);
        if (order == 0) {
            assert_int_equal(office_revoke(&w.office, 1), VERDICT_OK);
            admit_as(&w, 2, "nas");
        } else if (order == 1) { /* both in one step */
            admit_as(&w, 2, "nas");
        } else {
            rename_to(&w, 1, "store");
            admit_as(&w, 2, "nas");
            assert_int_equal(watcher_follow(&w), 2);
            assert_true(watcher_member(&w, 2)->name_conflict);
            assert_int_equal(directory_forget(w.office.directory, one.public_key), VERDICT_OK);
        }
        (void)watcher_follow(&w);
        for (int again = 0; again < 2; again++) {
            assert_non_null(watcher_member(&w, 2));
            assert_ptr_equal(watcher_member_named(&w, "nas"), watcher_member(&w, 2));
            assert_false(watcher_member(&w, 2)->name_conflict);
            assert_true(roster_remembered(w.roster, "nas", 3, key));
            assert_memory_equal(key, watcher_member(&w, 2)->key, KEY_SIZE);
            watcher_reopen(&w);
        }
        watcher_fini(&w);
    }
}

/* A host that missed the revocation, which is not told for ever, must not refuse the name for ever.
   A wall clock that is wrong for a while gives no name away. */
static void a_name_means_the_new_key_once_the_old_admission_is_over_for_good(void **state)
{
    struct watcher w;
    uint8_t key[KEY_SIZE];
    uint64_t right_ms;

    (void)state;
    watcher_init_with(&w, "nas", 0);
    rename_to(&w, 1, "store");
    right_ms = w.office.ports.wall_ms;
    w.office.ports.wall_ms += 6 * DAY_MS;
    admit_as(&w, 2, "nas");
    assert_int_equal(watcher_follow(&w), 2);
    w.office.ports.wall_ms += 2 * DAY_MS; /* now the first admission is over */
    assert_int_equal(watcher_expire(&w, right_ms, key), ROSTER_EFFECT_REMOVED);
    assert_int_equal(watcher_expire(&w, right_ms, key), ROSTER_EFFECT_NONE);
    assert_true(watcher_member(&w, 2)->name_conflict);
    watcher_reopen(&w);
    assert_true(watcher_member(&w, 2)->name_conflict);
    assert_int_equal(watcher_expire(&w, w.office.ports.wall_ms, key), ROSTER_EFFECT_NONE);
    assert_ptr_equal(watcher_member_named(&w, "nas"), watcher_member(&w, 2));
    assert_false(watcher_member(&w, 2)->name_conflict);
    watcher_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_goes_on_to_mean_the_old_key_while_that_is_a_member),
        cmocka_unit_test(a_name_means_the_new_key_once_the_old_one_was_revoked),
        cmocka_unit_test(a_name_means_the_new_key_once_the_old_admission_is_over_for_good),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
