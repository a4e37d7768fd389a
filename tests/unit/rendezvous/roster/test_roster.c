/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The roster of a host that watches a real directory: changes, restarts, torn stores, clocks. */
#include "rendezvous/roster/roster.h"

#include "proto/net/addrplan.h"
#include "rendezvous/store/store_memory.h"
#include "tests/support/delegations.h"
#include "tests/support/directory_fixture.h"
#include "tests/support/fixture.h"

/* A host that watches a ziglan, both on stores of their own. */
struct watcher {
    struct ziglan z;
    struct store *store;
    struct roster *roster;
    struct part delegation;
};

enum { ALL_RIGHTS = RECORD_RIGHT_ADMIT_FLAG | RECORD_RIGHT_REVOKE_FLAG | RECORD_RIGHT_INVITE_FLAG };

static void watcher_reopen(struct watcher *w)
{
    roster_free(w->roster);
    assert_int_equal(roster_new(&w->roster, w->store, &w->z.ports.env, w->z.ziglan.public_key, 0),
                     ERR_OK);
    w->delegation = delegation_of(w->z.ports.wall_ms, &w->z.ziglan, &w->z.entry, ALL_RIGHTS,
                                  w->z.ports.wall_ms + 90 * DAY_MS);
    assert_int_equal(roster_set_delegation(w->roster, w->delegation.bytes, w->delegation.size),
                     ERR_OK);
}

static void watcher_init(struct watcher *w)
{
    memset(w, 0, sizeof(*w));
    ziglan_init(&w->z);
    assert_int_equal(store_memory_new(&w->store), ERR_OK);
    watcher_reopen(w);
}

static void watcher_fini(struct watcher *w)
{
    roster_free(w->roster);
    store_close(w->store);
    ziglan_fini(&w->z);
}

static struct roster_change change_of(const struct directory_change *c)
{
    return (struct roster_change){
        .part = {c->member_part, c->member_part_size},
        .admission = {c->admission, c->admission_size},
        .revocation = {c->revocation, c->revocation_size},
        .online = true,
    };
}

/* Apply what is new; returns how many changes had an effect. */
static size_t watch(struct watcher *w)
{
    static struct directory_chunk chunk;
    size_t effects = 0;

    do {
        assert_int_equal(directory_changes(w->z.directory, roster_sequence(w->roster), &chunk),
                         VERDICT_OK);
        for (size_t i = 0; i < chunk.count; i++) {
            struct roster_change change = change_of(&chunk.changes[i]);
            enum roster_effect effect;
            uint8_t key[KEY_SIZE];
            assert_int_equal(roster_apply(w->roster, &change, &effect, key), ERR_OK);
            if (effect != ROSTER_EFFECT_NONE) {
                assert_memory_equal(key, chunk.changes[i].key, KEY_SIZE);
                effects++;
            }
        }
        roster_progress(w->roster, chunk.sequence);
    } while (chunk.more);
    return effects;
}

static void admit(struct watcher *w, uint32_t n, const char *name, uint8_t mac)
{
    struct directory_joined joined;

    (void)ziglan_admit(&w->z, n, name, mac, &joined);
}

static const struct roster_member *member_named(struct watcher *w, const char *name)
{
    return roster_find_name(w->roster, name, strlen(name));
}

static const struct roster_member *member_of(struct watcher *w, uint32_t n)
{
    struct identity node = node_of(n);

    return roster_find_key(w->roster, node.public_key);
}

static void change_for(struct watcher *w, uint32_t n, struct directory_entry *entry,
                       struct roster_change *change)
{
    struct identity node = node_of(n);

    assert_int_equal(directory_find_key(w->z.directory, node.public_key, entry), VERDICT_OK);
    *change = (struct roster_change){
        .part = {entry->member_part, entry->member_part_size},
        .admission = {entry->admission, entry->admission_size},
        .revocation = {entry->revocation, entry->revocation_size},
        .online = true,
    };
}

static void members_are_found_by_all_they_are(void **state)
{
    const uint8_t middle[ADDRPLAN_MIDDLE_SIZE] = {9, 9, 9, 9};
    struct identity one = node_of(1);
    uint8_t ip[16], eui64[EUI64_SIZE];
    struct watcher w;

    (void)state;
    watcher_init(&w);
    admit(&w, 1, "nas", 0x21);
    admit(&w, 2, "box", 0);
    assert_int_equal(watch(&w), 2);
    assert_int_equal(watch(&w), 0);
    assert_int_equal(roster_count(w.roster), 2);
    for (int again = 0; again < 2; again++) {
        const struct roster_member *m = member_named(&w, "NAS");
        assert_non_null(m);
        assert_memory_equal(m->key, one.public_key, KEY_SIZE);
        assert_int_equal(m->online, again == 0);
        assert_false(m->name_conflict);
        assert_ptr_equal(member_of(&w, 1), m);
        key_ip6(ip, one.public_key);
        assert_memory_equal(m->ip6, ip, sizeof(ip));
        assert_ptr_equal(roster_find_ip6(w.roster, ip), m);
        memset(eui64, 0x21, sizeof(eui64));
        addrplan_fixed(ip, middle, eui64);
        assert_ptr_equal(roster_find_ip6(w.roster, ip), m);
        eui64[0]++;
        addrplan_fixed(ip, middle, eui64);
        assert_null(roster_find_ip6(w.roster, ip));
        assert_null(member_named(&w, "nothing"));
        assert_null(member_named(&w, ""));
        watcher_reopen(&w); /* and the same after a restart, before any relay is there */
    }
    assert_int_equal(roster_sequence(w.roster), directory_sequence(w.z.directory));
    assert_int_equal(watch(&w), 0);
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
    admit(&w, 1, "nas", 0x21);
    admit(&w, 2, "box", 0);
    change_for(&w, 1, &entry, &change);
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
    change_for(&w, 2, &other_entry, &other);
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
    watcher_init(&w);
    admit(&w, 1, "nas", 0);
    change_for(&w, 1, &entry, &change);
    uint64_t now = w.z.ports.wall_ms;
    struct {
        const char *name;
        struct part delegation;
        int want_set, want_apply;
    } table[] = {
        {"signed by another ziglan",
         delegation_of(w.z.ports.wall_ms, &stranger, &w.z.entry, ALL_RIGHTS, now + DAY_MS),
         ERR_DROP, ERR_DROP},
        {"over",
         delegation_of(w.z.ports.wall_ms, &w.z.ziglan, &w.z.entry, ALL_RIGHTS, now - DAY_MS),
         ERR_DROP, ERR_DROP},
        {"for another relay",
         delegation_of(w.z.ports.wall_ms, &w.z.ziglan, &stranger, ALL_RIGHTS, now + DAY_MS), ERR_OK,
         ERR_DROP},
        {"without the right to admit",
         delegation_of(w.z.ports.wall_ms, &w.z.ziglan, &w.z.entry, RECORD_RIGHT_REVOKE_FLAG,
                       now + DAY_MS),
         ERR_OK, ERR_DROP},
        {"good",
         delegation_of(w.z.ports.wall_ms, &w.z.ziglan, &w.z.entry, ALL_RIGHTS, now + DAY_MS),
         ERR_OK, ERR_OK},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct roster *roster;
        struct store *store;
        assert_int_equal(store_memory_new(&store), ERR_OK);
        assert_int_equal(roster_new(&roster, store, &w.z.ports.env, w.z.ziglan.public_key, 0),
                         ERR_OK);
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
    admit(&w, 1, "nas", 0x21);
    change_for(&w, 1, &admitted, &old);
    assert_int_equal(watch(&w), 1);
    assert_int_equal(directory_revoke(w.z.directory, one.public_key), VERDICT_OK);
    change_for(&w, 1, &revoked_entry, &revocation);
    assert_int_equal(watch(&w), 1);
    assert_null(member_of(&w, 1));
    assert_null(member_named(&w, "nas"));
    for (int again = 0; again < 2; again++) {
        assert_int_equal(roster_apply(w.roster, &old, &effect, NULL), ERR_DROP); /* a replay */
        assert_int_equal(effect, ROSTER_EFFECT_NONE);
        assert_int_equal(roster_count(w.roster), 0);
        watcher_reopen(&w);
    }
    /* Let in anew, the revocation of old is history, even when it is repeated. */
    assert_int_equal(directory_restore(w.z.directory, one.public_key), VERDICT_OK);
    w.z.ports.wall_ms += 1000;
    admit(&w, 1, "nas", 0x21);
    assert_int_equal(watch(&w), 1);
    assert_non_null(member_named(&w, "nas"));
    assert_int_equal(roster_apply(w.roster, &revocation, &effect, NULL), ERR_DROP);
    assert_non_null(member_named(&w, "nas"));
    assert_int_equal(roster_stats(w.roster)->refused_old, 1); /* since the last restart */
    watcher_fini(&w);
}

static void the_memory_of_revocations_ends_after_eight_days(void **state)
{
    struct identity one = node_of(1);
    uint8_t key[KEY_SIZE];
    struct watcher w;

    (void)state;
    watcher_init(&w);
    admit(&w, 1, "nas", 0);
    assert_int_equal(watch(&w), 1);
    assert_int_equal(directory_leave(w.z.directory, one.public_key), VERDICT_OK);
    assert_int_equal(watch(&w), 1);
    assert_int_equal(roster_count(w.roster), 0);
    assert_int_equal(store_memory_count(w.store, STORE_TABLE_ROSTER), 1);
    w.z.ports.wall_ms += 8 * DAY_MS - 1;
    assert_int_equal(roster_expire(w.roster, w.z.ports.wall_ms, key), ROSTER_EFFECT_NONE);
    assert_int_equal(store_memory_count(w.store, STORE_TABLE_ROSTER), 1);
    w.z.ports.wall_ms += DAY_MS;
    assert_int_equal(roster_expire(w.roster, 0, key), ROSTER_EFFECT_NONE); /* the clock, alone */
    assert_int_equal(store_memory_count(w.store, STORE_TABLE_ROSTER), 1);
    assert_int_equal(roster_expire(w.roster, w.z.ports.wall_ms, key), ROSTER_EFFECT_NONE);
    assert_int_equal(store_memory_count(w.store, STORE_TABLE_ROSTER), 0);
    watcher_fini(&w);
}

static void a_name_goes_on_to_mean_the_old_key(void **state)
{
    struct identity one = node_of(1), two = node_of(2);
    uint8_t key[KEY_SIZE];
    struct watcher w;

    (void)state;
    watcher_init(&w);
    admit(&w, 1, "nas", 0);
    assert_int_equal(watch(&w), 1);
    assert_int_equal(directory_leave(w.z.directory, one.public_key), VERDICT_OK);
    assert_int_equal(watch(&w), 1);
    w.z.ports.wall_ms += 31 * DAY_MS;
    directory_expire(w.z.directory, w.z.ports.wall_ms);
    watcher_reopen(&w);
    admit(&w, 2, "nas", 0);
    assert_int_equal(watch(&w), 1);
    for (int again = 0; again < 2; again++) {
        assert_null(member_named(&w, "nas"));
        assert_non_null(member_of(&w, 2));
        assert_true(member_of(&w, 2)->name_conflict);
        assert_true(roster_remembered(w.roster, "NAS", 3, key));
        assert_memory_equal(key, one.public_key, KEY_SIZE);
        watcher_reopen(&w);
    }
    assert_int_equal(roster_accept_name(w.roster, one.public_key), ERR_DROP); /* no member */
    assert_int_equal(roster_accept_name(w.roster, two.public_key), ERR_OK);
    for (int again = 0; again < 2; again++) {
        assert_ptr_equal(member_named(&w, "nas"), member_of(&w, 2));
        assert_false(member_of(&w, 2)->name_conflict);
        watcher_reopen(&w);
    }
    assert_false(roster_remembered(w.roster, "other", 5, key));
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
    admit(&w, 1, "a", 0x21);
    assert_int_equal(watch(&w), 1);
    admit(&w, 2, "b", 0x21);
    assert_int_equal(watch(&w), 1);
    assert_ptr_equal(roster_find_ip6(w.roster, ip), member_of(&w, 1));
    watcher_reopen(&w);
    assert_ptr_equal(roster_find_ip6(w.roster, ip), member_of(&w, 1));
    assert_int_equal(directory_leave(w.z.directory, one.public_key), VERDICT_OK);
    assert_int_equal(watch(&w), 1);
    assert_null(roster_find_ip6(w.roster, ip));
    struct part part = part_of(w.z.ports.wall_ms, 2, w.z.ports.wall_ms + 9, 0x21);
    assert_int_equal(ziglan_join(&w.z, 2, NULL, "b", &part, &joined), VERDICT_OK);
    assert_int_equal(watch(&w), 1);
    assert_ptr_equal(roster_find_ip6(w.roster, ip), member_of(&w, 2));
    watcher_fini(&w);
}

static void online_is_told_without_a_new_sequence(void **state)
{
    struct directory_entry entry;
    struct roster_change change;
    enum roster_effect effect;
    struct watcher w;

    (void)state;
    watcher_init(&w);
    admit(&w, 1, "a", 0);
    assert_int_equal(watch(&w), 1);
    change_for(&w, 1, &entry, &change);
    assert_int_equal(roster_apply(w.roster, &change, &effect, NULL), ERR_OK);
    assert_int_equal(effect, ROSTER_EFFECT_NONE);
    change.online = false;
    assert_int_equal(roster_apply(w.roster, &change, &effect, NULL), ERR_OK);
    assert_int_equal(effect, ROSTER_EFFECT_ONLINE);
    assert_false(member_of(&w, 1)->online);
    change.online = true;
    assert_int_equal(roster_apply(w.roster, &change, &effect, NULL), ERR_OK);
    assert_true(member_of(&w, 1)->online);
    roster_all_offline(w.roster);
    assert_false(member_of(&w, 1)->online);
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
    admit(&w, 1, "a", 0);
    admit(&w, 2, "b", 0);
    assert_int_equal(watch(&w), 2);
    w.z.ports.wall_ms += 6 * DAY_MS;
    struct part part = part_of(w.z.ports.wall_ms, 2, w.z.ports.wall_ms, 0);
    assert_int_equal(ziglan_join(&w.z, 2, NULL, "b", &part, &joined), VERDICT_OK);
    assert_int_equal(watch(&w), 1);
    assert_int_equal(roster_expire(w.roster, w.z.ports.wall_ms, key), ROSTER_EFFECT_NONE);
    w.z.ports.wall_ms += 2 * DAY_MS;
    assert_int_equal(roster_expire(w.roster, w.z.ports.wall_ms, key), ROSTER_EFFECT_REMOVED);
    assert_memory_equal(key, one.public_key, KEY_SIZE);
    assert_null(member_of(&w, 1));
    assert_int_equal(roster_expire(w.roster, w.z.ports.wall_ms, key), ROSTER_EFFECT_NONE);
    assert_int_equal(store_memory_count(w.store, STORE_TABLE_ROSTER), 1);
    assert_non_null(member_named(&w, "b"));
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
        admit(&w, 1, "a", 0);
        admit(&w, 2, "b", 0x21);
        admit(&w, 3, "c", 0);
        assert_int_equal(watch(&w), 3);
        memcpy(ip6, member_of(&w, 2)->ip6, sizeof(ip6));
        uint64_t settled_ms = w.z.ports.wall_ms;
        w.z.ports.wall_ms += year_ms;
        if (restarts > 0) {
            watcher_reopen(&w);
        } else {
            for (int n = 0; n < 3; n++) {
                assert_int_equal(roster_expire(w.roster, settled_ms, key), ROSTER_EFFECT_REMOVED);
            }
        }
        assert_int_equal(roster_expire(w.roster, settled_ms, key), ROSTER_EFFECT_NONE);
        assert_int_equal(roster_count(w.roster), 0);
        assert_null(roster_at(w.roster, 0));
        assert_null(member_of(&w, 1));
        assert_null(member_named(&w, "b"));
        assert_null(roster_find_ip6(w.roster, ip6));
        assert_int_equal(store_memory_count(w.store, STORE_TABLE_ROSTER), 3);
        w.z.ports.wall_ms -= year_ms;
        if (restarts > 1) {
            watcher_reopen(&w);
        } else {
            for (int n = 0; n < 3; n++) {
                assert_int_equal(roster_expire(w.roster, settled_ms, key), ROSTER_EFFECT_ADDED);
                assert_false(roster_find_key(w.roster, key)->online);
            }
        }
        assert_int_equal(roster_expire(w.roster, settled_ms, key), ROSTER_EFFECT_NONE);
        assert_int_equal(roster_count(w.roster), 3);
        assert_ptr_equal(member_named(&w, "b"), member_of(&w, 2));
        assert_ptr_equal(roster_find_ip6(w.roster, ip6), member_of(&w, 2));
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
    watcher_init(&w);
    roster_free(w.roster);
    assert_int_equal(roster_new(&w.roster, w.store, &w.z.ports.env, w.z.ziglan.public_key, 3),
                     ERR_OK);
    assert_int_equal(roster_set_delegation(w.roster, w.delegation.bytes, w.delegation.size),
                     ERR_OK);
    admit(&w, 1, "a", 0);
    admit(&w, 2, "b", 0);
    admit(&w, 3, "c", 0);
    assert_int_equal(watch(&w), 3);
    uint64_t settled_ms = w.z.ports.wall_ms;
    w.z.ports.wall_ms += 8 * DAY_MS;
    while (roster_expire(w.roster, settled_ms, key) != ROSTER_EFFECT_NONE) {
    }
    assert_int_equal(roster_count(w.roster), 0);
    /* Renewed, it is a member again. Revoked, it has no effect, since it was hidden already. */
    struct part part = part_of(w.z.ports.wall_ms, 1, w.z.ports.wall_ms, 0);
    assert_int_equal(ziglan_join(&w.z, 1, NULL, "a", &part, &joined), VERDICT_OK);
    change_for(&w, 1, &entry, &change);
    assert_int_equal(roster_apply(w.roster, &change, &effect, key), ERR_OK);
    assert_int_equal(effect, ROSTER_EFFECT_ADDED);
    assert_int_equal(directory_revoke(w.z.directory, two.public_key), VERDICT_OK);
    change_for(&w, 2, &entry, &change);
    assert_int_equal(roster_apply(w.roster, &change, &effect, key), ERR_OK);
    assert_int_equal(effect, ROSTER_EFFECT_NONE);
    for (uint32_t n = 4; n <= 6; n++) {
        admit(&w, n, "n", 0);
        change_for(&w, n, &entry, &change);
        assert_int_equal(roster_apply(w.roster, &change, &effect, key),
                         n <= 5 ? ERR_OK : ERR_LIMIT);
    }
    assert_int_equal(roster_count(w.roster), 3);
    assert_int_equal(roster_stats(w.roster)->expired, 1);
    w.z.ports.wall_ms -= 8 * DAY_MS;
    assert_int_equal(roster_expire(w.roster, settled_ms, key), ROSTER_EFFECT_NONE);
    assert_null(member_of(&w, 2));
    assert_null(member_of(&w, 3));
    watcher_fini(&w);
}

static void a_full_roster_refuses_and_keeps_what_it_has(void **state)
{
    struct directory_entry entry;
    struct roster_change change;
    enum roster_effect effect;
    struct watcher w;

    (void)state;
    watcher_init(&w);
    roster_free(w.roster);
    assert_int_equal(roster_new(&w.roster, w.store, &w.z.ports.env, w.z.ziglan.public_key, 3),
                     ERR_OK);
    assert_int_equal(roster_set_delegation(w.roster, w.delegation.bytes, w.delegation.size),
                     ERR_OK);
    for (uint32_t n = 1; n <= 4; n++) {
        admit(&w, n, "a", 0);
        change_for(&w, n, &entry, &change);
        assert_int_equal(roster_apply(w.roster, &change, &effect, NULL),
                         n <= 3 ? ERR_OK : ERR_LIMIT);
    }
    assert_int_equal(roster_count(w.roster), 3);
    assert_int_equal(roster_stats(w.roster)->refused_limit, 1);
    /* Revocations of strangers are bounded as well; the oldest are forgotten. */
    for (uint32_t n = 10; n < 20; n++) {
        struct identity node = node_of(n);
        assert_int_equal(directory_revoke(w.z.directory, node.public_key), VERDICT_OK);
        change_for(&w, n, &entry, &change);
        assert_int_equal(roster_apply(w.roster, &change, &effect, NULL), ERR_OK);
    }
    assert_int_equal(store_memory_count(w.store, STORE_TABLE_ROSTER), 6);
    watcher_fini(&w);
}

static void two_ziglans_in_one_store_do_not_see_each_other(void **state)
{
    struct roster *other;
    struct identity other_key = node_of(1000003);
    struct watcher w;

    (void)state;
    watcher_init(&w);
    admit(&w, 1, "a", 0x21);
    assert_int_equal(watch(&w), 1);
    assert_int_equal(roster_new(&other, w.store, &w.z.ports.env, other_key.public_key, 0), ERR_OK);
    assert_int_equal(roster_count(other), 0);
    assert_int_equal(roster_sequence(other), 0);
    roster_progress(other, 5);
    assert_int_equal(roster_erase(other), ERR_OK);
    roster_free(other);
    watcher_reopen(&w);
    assert_int_equal(roster_count(w.roster), 1);
    assert_int_equal(roster_erase(w.roster), ERR_OK);
    assert_int_equal(roster_count(w.roster), 0);
    for (size_t t = 0; t < STORE_TABLE_COUNT; t++) {
        assert_int_equal(store_memory_count(w.store, (enum store_table)t), 0);
    }
    watcher_fini(&w);
}

static void a_failing_store_is_survived(void **state)
{
    struct directory_entry entry;
    struct roster_change change;
    enum roster_effect effect;
    struct watcher w;

    (void)state;
    watcher_init(&w);
    admit(&w, 1, "a", 0x21);
    change_for(&w, 1, &entry, &change);
    for (uint64_t nth = 1; nth <= 3; nth++) { /* name, fixed address, member */
        struct roster *roster;
        struct store *store;
        assert_int_equal(store_memory_new(&store), ERR_OK);
        assert_int_equal(roster_new(&roster, store, &w.z.ports.env, w.z.ziglan.public_key, 0),
                         ERR_OK);
        assert_int_equal(roster_set_delegation(roster, w.delegation.bytes, w.delegation.size),
                         ERR_OK);
        store_memory_fail_write(store, nth);
        assert_int_equal(roster_apply(roster, &change, &effect, NULL), ERR_SYSTEM);
        assert_int_equal(effect, ROSTER_EFFECT_ADDED);
        assert_int_equal(roster_count(roster), 1);
        roster_free(roster);
        store_close(store);
    }
    watcher_fini(&w);
}

static int write_without_memory(struct store *store, enum store_table table, const void *key,
                                size_t key_size, const void *value, size_t size)
{
    (void)store;
    (void)table;
    (void)key;
    (void)key_size;
    (void)value;
    (void)size;
    return ERR_NOMEM;
}

/* The member is in memory, and its change is known from now on. So it must be told now: nobody will
 * tell it later. */
static void a_member_is_told_even_if_its_name_finds_no_memory(void **state)
{
    struct directory_entry entry;
    struct roster_change change;
    enum roster_effect effect;
    struct watcher w;

    (void)state;
    watcher_init(&w);
    admit(&w, 1, "a", 0x21);
    change_for(&w, 1, &entry, &change);
    const struct store_ops *true_ops = w.store->ops;
    struct store_ops ops = *true_ops;
    ops.write = write_without_memory;
    w.store->ops = &ops;
    assert_int_equal(roster_apply(w.roster, &change, &effect, NULL), ERR_NOMEM);
    w.store->ops = true_ops;
    assert_int_equal(roster_count(w.roster), 1);
    assert_int_equal(effect, ROSTER_EFFECT_ADDED);
    watcher_fini(&w);
}

static void damaged_values_are_forgotten(void **state)
{
    struct watcher w;

    (void)state;
    for (uint32_t round = 0; round < 50; round++) {
        uint8_t value[STORE_VALUE_SIZE_MAX];
        struct store_cursor cursor = store_cursor_from(STORE_TABLE_ROSTER, NULL, 0);
        size_t size;
        watcher_init(&w);
        w.z.ports.rng.state += round;
        admit(&w, 1, "a", 0x21);
        admit(&w, 2, "b", 0);
        assert_int_equal(watch(&w), 2);
        assert_int_equal(store_next(w.store, &cursor, value, sizeof(value), &size), ERR_OK);
        size_t cut = env_random_below(&w.z.ports.env, (uint32_t)size);
        value[env_random_below(&w.z.ports.env, (uint32_t)size)] ^= 0xff;
        assert_int_equal(
            store_write(w.store, STORE_TABLE_ROSTER, cursor.key, cursor.key_size, value, cut),
            ERR_OK);
        watcher_reopen(&w);
        assert_int_equal(roster_count(w.roster), 1);
        assert_int_equal(store_memory_count(w.store, STORE_TABLE_ROSTER), 1);
        watcher_fini(&w);
    }
}

/* A roster knows the ziglan, and learns from the delegation which relay it is about. */
static void every_wrong_delegation_is_refused(void **state)
{
    struct watcher w;

    (void)state;
    watcher_init(&w);
    for (size_t i = 0; i < delegation_case_count; i++) {
        const struct delegation_case *c = &delegation_cases[i];
        struct part part = delegation_case_make(c, &w.z.ziglan, &w.z.entry, w.z.ports.wall_ms);
        bool believed = delegation_case_is(c, true, false) == DELEGATION_BELIEVED;
        int rc = roster_set_delegation(w.roster, part.bytes, part.size);

        if (rc != (believed ? ERR_OK : ERR_DROP)) {
            fail_msg("%s: %s", c->name, err_name(rc));
        }
    }
    watcher_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wrong_delegation_is_refused),
        cmocka_unit_test(members_are_found_by_all_they_are),
        cmocka_unit_test(nothing_unsigned_is_believed),
        cmocka_unit_test(only_a_delegated_entry_point_is_believed),
        cmocka_unit_test(a_revocation_wins_and_old_admissions_do_not_return),
        cmocka_unit_test(the_memory_of_revocations_ends_after_eight_days),
        cmocka_unit_test(a_name_goes_on_to_mean_the_old_key),
        cmocka_unit_test(a_fixed_address_stays_with_its_first_member),
        cmocka_unit_test(online_is_told_without_a_new_sequence),
        cmocka_unit_test(admissions_expire_and_are_renewed),
        cmocka_unit_test(members_come_back_when_the_clock_is_right),
        cmocka_unit_test(who_is_over_makes_room_and_can_be_renewed_or_revoked),
        cmocka_unit_test(a_full_roster_refuses_and_keeps_what_it_has),
        cmocka_unit_test(two_ziglans_in_one_store_do_not_see_each_other),
        cmocka_unit_test(a_failing_store_is_survived),
        cmocka_unit_test(a_member_is_told_even_if_its_name_finds_no_memory),
        cmocka_unit_test(damaged_values_are_forgotten),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
