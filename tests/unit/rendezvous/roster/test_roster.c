/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whom a roster believes, and what it knows of members: names, addresses, who is online. */
#include "rendezvous/roster/roster.h"

#include "proto/crypto/signed.h"
#include "proto/net/addrplan.h"
#include "tests/support/delegations.h"
#include "tests/support/fixture.h"
#include "tests/support/roster_fixture.h"

static void members_are_found_by_all_they_are(void **state)
{
    const uint8_t middle[ADDRPLAN_MIDDLE_SIZE] = {9, 9, 9, 9};
    struct identity one = node_of(1);
    uint8_t ip[16], eui64[EUI64_SIZE];
    struct watcher w;

    (void)state;
    watcher_init(&w);
    watcher_admit(&w, 1, "nas", 0x21);
    watcher_admit(&w, 2, "box", 0);
    assert_int_equal(watcher_follow(&w), 2);
    assert_int_equal(watcher_follow(&w), 0);
    assert_int_equal(roster_count(w.roster), 2);
    for (int again = 0; again < 2; again++) {
        const struct roster_member *m = watcher_member_named(&w, "NAS");
        assert_non_null(m);
        assert_memory_equal(m->key, one.public_key, KEY_SIZE);
        assert_int_equal(m->online, again == 0);
        assert_false(m->name_conflict);
        assert_ptr_equal(watcher_member(&w, 1), m);
        key_ip6(ip, one.public_key);
        assert_memory_equal(m->ip6, ip, sizeof(ip));
        assert_ptr_equal(roster_find_ip6(w.roster, ip), m);
        memset(eui64, 0x21, sizeof(eui64));
        addrplan_fixed(ip, middle, eui64);
        assert_ptr_equal(roster_find_ip6(w.roster, ip), m);
        eui64[0]++;
        addrplan_fixed(ip, middle, eui64);
        assert_null(roster_find_ip6(w.roster, ip));
        assert_null(watcher_member_named(&w, "nothing"));
        assert_null(watcher_member_named(&w, ""));
        watcher_reopen(&w); /* and the same after a restart, before any relay is there */
    }
    assert_int_equal(roster_sequence(w.roster), directory_sequence(w.office.directory));
    assert_int_equal(watcher_follow(&w), 0);
    watcher_fini(&w);
}

static void nothing_unsigned_is_believed(void **state)
{
    struct directory_entry entry;
    struct roster_change change, bad;
    enum roster_effect effect;
    uint8_t copy[RECORD_SIGNED_SIZE_MAX];
    struct watcher w;

    (void)state;
    watcher_init(&w);
    watcher_admit(&w, 1, "nas", 0x21);
    watcher_admit(&w, 2, "box", 0);
    watcher_change_for(&w, 1, &entry, &change);
    for (size_t i = 0; i < change.part.size; i++) {
        memcpy(copy, change.part.data, change.part.size);
        copy[i] ^= 0x40;
        bad = change;
        bad.part.data = copy;
        assert_int_equal(roster_apply(w.roster, &bad, &effect, NULL), ERR_DROP);
    }
    for (size_t i = 0; i < change.admission.size; i++) {
        memcpy(copy, change.admission.data, change.admission.size);
        copy[i] ^= 0x40;
        bad = change;
        bad.admission.data = copy;
        assert_int_equal(roster_apply(w.roster, &bad, &effect, NULL), ERR_DROP);
        bad.admission.size = i;
        assert_int_equal(roster_apply(w.roster, &bad, &effect, NULL), ERR_DROP);
    }
    /* The admission of one with the part of another. */
    struct directory_entry other_entry;
    struct roster_change other;
    watcher_change_for(&w, 2, &other_entry, &other);
    bad = change;
    bad.part = other.part;
    assert_int_equal(roster_apply(w.roster, &bad, &effect, NULL), ERR_DROP);
    bad = (struct roster_change){.online = true};
    assert_int_equal(roster_apply(w.roster, &bad, &effect, NULL), ERR_DROP);
    assert_int_equal(roster_count(w.roster), 0);
    assert_int_equal(roster_apply(w.roster, &change, &effect, NULL), ERR_OK);
    assert_int_equal(effect, ROSTER_EFFECT_ADDED);
    watcher_fini(&w);
}

static void only_a_delegated_entry_point_is_believed(void **state)
{
    struct directory_entry entry;
    struct roster_change change;
    enum roster_effect effect;
    struct identity stranger = node_of(5);
    struct watcher w;

    (void)state;
    watcher_init_untold(&w, "nas", 0, &entry, &change);
    uint64_t now = w.office.ports.wall_ms;
    struct {
        const char *name;
        struct part delegation;
        int want_set, want_apply;
    } table[] = {
        {"signed by another ziglan",
         delegation_of(w.office.ports.wall_ms, &stranger, &w.office.entry, ALL_RIGHTS,
                       now + DAY_MS),
         ERR_DROP, ERR_DROP},
        {"over",
         delegation_of(w.office.ports.wall_ms, &w.office.ziglan, &w.office.entry, ALL_RIGHTS,
                       now - DAY_MS),
         ERR_DROP, ERR_DROP},
        {"for another relay",
         delegation_of(w.office.ports.wall_ms, &w.office.ziglan, &stranger, ALL_RIGHTS,
                       now + DAY_MS),
         ERR_OK, ERR_DROP},
        {"without the right to admit",
         delegation_of(w.office.ports.wall_ms, &w.office.ziglan, &w.office.entry,
                       RECORD_RIGHT_REVOKE_FLAG, now + DAY_MS),
         ERR_OK, ERR_DROP},
        {"good",
         delegation_of(w.office.ports.wall_ms, &w.office.ziglan, &w.office.entry, ALL_RIGHTS,
                       now + DAY_MS),
         ERR_OK, ERR_OK},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct roster *roster;
        struct store *store;
        watcher_roster_new(&w, &roster, &store);
        int set =
            roster_set_delegation(roster, table[i].delegation.bytes, table[i].delegation.size);
        int applied = roster_apply(roster, &change, &effect, NULL);
        if (set != table[i].want_set || applied != table[i].want_apply) {
            fail_msg("%s", table[i].name);
        }
        roster_free(roster);
        store_close(store);
    }
    watcher_fini(&w);
}

static void a_revocation_wins_and_old_admissions_do_not_return(void **state)
{
    struct directory_entry admitted, revoked_entry;
    struct roster_change old, revocation;
    enum roster_effect effect;
    struct identity one = node_of(1);
    struct watcher w;

    (void)state;
    watcher_init(&w);
    watcher_admit(&w, 1, "nas", 0x21);
    watcher_change_for(&w, 1, &admitted, &old);
    assert_int_equal(watcher_follow(&w), 1);
    assert_int_equal(directory_revoke(w.office.directory, one.public_key), VERDICT_OK);
    watcher_change_for(&w, 1, &revoked_entry, &revocation);
    assert_int_equal(watcher_follow(&w), 1);
    assert_null(watcher_member(&w, 1));
    assert_null(watcher_member_named(&w, "nas"));
    for (int again = 0; again < 2; again++) {
        assert_int_equal(roster_apply(w.roster, &old, &effect, NULL), ERR_DROP); /* a replay */
        assert_int_equal(effect, ROSTER_EFFECT_NONE);
        assert_int_equal(roster_count(w.roster), 0);
        watcher_reopen(&w);
    }
    /* Let in anew, the revocation of old is history, even when it is repeated. */
    assert_int_equal(directory_restore(w.office.directory, one.public_key), VERDICT_OK);
    w.office.ports.wall_ms += 1000;
    watcher_admit(&w, 1, "nas", 0x21);
    assert_int_equal(watcher_follow(&w), 1);
    assert_non_null(watcher_member_named(&w, "nas"));
    assert_int_equal(roster_apply(w.roster, &revocation, &effect, NULL), ERR_DROP);
    assert_non_null(watcher_member_named(&w, "nas"));
    assert_int_equal(roster_stats(w.roster)->refused_old, 1); /* since the last restart */
    watcher_fini(&w);
}

static void a_fixed_address_stays_with_its_first_member(void **state)
{
    const uint8_t middle[ADDRPLAN_MIDDLE_SIZE] = {0};
    struct identity one = node_of(1);
    uint8_t ip[16], eui64[EUI64_SIZE];
    struct directory_joined joined;
    struct watcher w;

    (void)state;
    watcher_init(&w);
    memset(eui64, 0x21, sizeof(eui64));
    addrplan_fixed(ip, middle, eui64);
    watcher_admit(&w, 1, "a", 0x21);
    assert_int_equal(watcher_follow(&w), 1);
    watcher_admit(&w, 2, "b", 0x21);
    assert_int_equal(watcher_follow(&w), 1);
    assert_ptr_equal(roster_find_ip6(w.roster, ip), watcher_member(&w, 1));
    watcher_reopen(&w);
    assert_ptr_equal(roster_find_ip6(w.roster, ip), watcher_member(&w, 1));
    assert_int_equal(directory_leave(w.office.directory, one.public_key), VERDICT_OK);
    assert_int_equal(watcher_follow(&w), 1);
    assert_null(roster_find_ip6(w.roster, ip));
    struct part part = part_of(w.office.ports.wall_ms, 2, w.office.ports.wall_ms + 9, 0x21);
    assert_int_equal(office_join(&w.office, 2, NULL, "b", &part, &joined), VERDICT_OK);
    assert_int_equal(watcher_follow(&w), 1);
    assert_ptr_equal(roster_find_ip6(w.roster, ip), watcher_member(&w, 2));
    watcher_fini(&w);
}

static void online_is_told_without_a_new_sequence(void **state)
{
    struct directory_entry entry;
    struct roster_change change;
    enum roster_effect effect;
    struct watcher w;

    (void)state;
    watcher_init_with(&w, "a", 0);
    watcher_change_for(&w, 1, &entry, &change);
    assert_int_equal(roster_apply(w.roster, &change, &effect, NULL), ERR_OK);
    assert_int_equal(effect, ROSTER_EFFECT_NONE);
    change.online = false;
    assert_int_equal(roster_apply(w.roster, &change, &effect, NULL), ERR_OK);
    assert_int_equal(effect, ROSTER_EFFECT_ONLINE);
    assert_false(watcher_member(&w, 1)->online);
    change.online = true;
    assert_int_equal(roster_apply(w.roster, &change, &effect, NULL), ERR_OK);
    assert_int_equal(effect, ROSTER_EFFECT_CAME);
    assert_true(watcher_member(&w, 1)->online);
    roster_all_offline(w.roster);
    assert_false(watcher_member(&w, 1)->online);
    watcher_fini(&w);
}

/* A clock that is set while the entry point tells who is there makes nobody offline. */
static void a_wrong_clock_hides_nobody_who_is_known(void **state)
{
    const uint64_t year_ms = UINT64_C(365) * 24 * 3600 * 1000;
    struct directory_entry entry;
    struct roster_change change;
    enum roster_effect effect;
    struct watcher w;

    (void)state;
    watcher_init_with(&w, "a", 0);
    watcher_change_for(&w, 1, &entry, &change);
    roster_all_offline(w.roster);
    w.office.ports.wall_ms -= year_ms;
    assert_int_equal(roster_apply(w.roster, &change, &effect, NULL), ERR_OK);
    assert_true(watcher_member(&w, 1)->online);
    w.office.ports.wall_ms += year_ms;
    watcher_admit(&w, 2, "b", 0); /* and whoever is not known stays so */
    watcher_change_for(&w, 2, &entry, &change);
    w.office.ports.wall_ms -= year_ms;
    assert_int_equal(roster_apply(w.roster, &change, &effect, NULL), ERR_DROP);
    assert_int_equal(roster_count(w.roster), 1);
    watcher_fini(&w);
}

static enum roster_effect tell_session(struct watcher *w, uint64_t session)
{
    struct directory_entry entry;
    struct roster_change change;
    enum roster_effect effect;

    watcher_change_for(w, 1, &entry, &change);
    change.online = session != 0;
    change.session = session;
    assert_int_equal(roster_apply(w->roster, &change, &effect, NULL), ERR_OK);
    return effect;
}

static void a_member_in_another_session_has_come_again(void **state)
{
    struct watcher w;

    (void)state;
    watcher_init_with(&w, "a", 0);
    assert_int_equal(tell_session(&w, 7), ROSTER_EFFECT_CAME);
    assert_int_equal(tell_session(&w, 7), ROSTER_EFFECT_NONE);
    assert_int_equal(tell_session(&w, 8), ROSTER_EFFECT_CAME);
    assert_int_equal(tell_session(&w, 0), ROSTER_EFFECT_ONLINE);
    assert_false(watcher_member(&w, 1)->online);
    assert_int_equal(tell_session(&w, 9), ROSTER_EFFECT_CAME);
    roster_all_offline(w.roster); /* our own session ended; nothing happened to the member */
    assert_int_equal(tell_session(&w, 9), ROSTER_EFFECT_ONLINE);
    assert_true(watcher_member(&w, 1)->online);
    watcher_fini(&w);
}

/* A roster knows the ziglan, and learns from the delegation which relay it is about. */
static void every_wrong_delegation_is_refused(void **state)
{
    struct watcher w;

    (void)state;
    watcher_init(&w);
    for (size_t i = 0; i < delegation_case_count; i++) {
        const struct delegation_case *c = &delegation_cases[i];
        struct part part =
            delegation_case_make(c, &w.office.ziglan, &w.office.entry, w.office.ports.wall_ms);
        bool believed = delegation_case_is(c, true, false) == DELEGATION_BELIEVED;
        int rc = roster_set_delegation(w.roster, part.bytes, part.size);

        if (rc != (believed ? ERR_OK : ERR_DROP)) {
            fail_msg("%s: %s", c->name, err_name(rc));
        }
    }
    watcher_fini(&w);
}

/* A delegation that the ziglan signed when its clock showed made_ms, which is its sequence, too. */
static struct part delegation_made(const struct watcher *w, uint64_t made_ms, uint32_t rights)
{
    struct record_delegation record = {.header = {.type = RECORD_TYPE_DELEGATION,
                                                  .sequence = made_ms,
                                                  .created_ms = made_ms,
                                                  .lifetime_s = 30 * 24 * 3600},
                                       .rights = rights,
                                       .expires_ms = made_ms + 30 * DAY_MS};
    uint8_t bytes[RECORD_SIZE_MAX];
    struct part part;
    size_t size;

    memcpy(record.header.key, w->office.ziglan.public_key, KEY_SIZE);
    memcpy(record.entry_key, w->office.entry.public_key, KEY_SIZE);
    assert_int_equal(record_delegation_encode(bytes, &size, &record), ERR_OK);
    assert_int_equal(
        signed_make(part.bytes, sizeof(part.bytes), &part.size, &w->office.ziglan, bytes, size),
        ERR_OK);
    return part;
}

/* The larger sequence wins (docs/protocol.md, section 5): an entry point that shows the delegation
 * that it had before must not get back rights that the ziglan has taken from it. A delegation that
 * is not in force does not stand in the way of one that is. */
static void an_older_delegation_does_not_replace_a_newer_one(void **state)
{
    struct part older, newer;
    struct directory_entry entry;
    struct roster_change change;
    enum roster_effect effect;
    struct watcher w;

    (void)state;
    watcher_init(&w);
    uint64_t now = w.office.ports.wall_ms;
    watcher_admit(&w, 1, "nas", 0);
    watcher_change_for(&w, 1, &entry, &change);
    older = delegation_made(&w, now - DAY_MS, ALL_RIGHTS);
    newer = delegation_made(&w, now, RECORD_RIGHT_REVOKE_FLAG);
    assert_int_equal(roster_set_delegation(w.roster, newer.bytes, newer.size), ERR_OK);
    assert_int_equal(roster_set_delegation(w.roster, older.bytes, older.size), ERR_OK);
    assert_int_equal(roster_apply(w.roster, &change, &effect, NULL), ERR_DROP);
    /* The newer one was made by a clock that was wrong and is set back now. */
    w.office.ports.wall_ms = now - DAY_MS / 2;
    assert_int_equal(roster_set_delegation(w.roster, older.bytes, older.size), ERR_OK);
    w.office.ports.wall_ms = now;
    assert_int_equal(roster_apply(w.roster, &change, &effect, NULL), ERR_OK);
    watcher_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wrong_delegation_is_refused),
        cmocka_unit_test(members_are_found_by_all_they_are),
        cmocka_unit_test(nothing_unsigned_is_believed),
        cmocka_unit_test(only_a_delegated_entry_point_is_believed),
        cmocka_unit_test(an_older_delegation_does_not_replace_a_newer_one),
        cmocka_unit_test(a_revocation_wins_and_old_admissions_do_not_return),
        cmocka_unit_test(a_fixed_address_stays_with_its_first_member),
        cmocka_unit_test(a_wrong_clock_hides_nobody_who_is_known),
        cmocka_unit_test(online_is_told_without_a_new_sequence),
        cmocka_unit_test(a_member_in_another_session_has_come_again),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
