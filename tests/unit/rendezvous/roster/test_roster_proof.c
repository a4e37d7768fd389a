/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one member shows another one is believed as far as what an entry point says, and no
 * further. */
#include "rendezvous/roster/roster_proof.h"

#include "rendezvous/store/store_memory.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"
#include "tests/support/roster_fixture.h"

#include <string.h>

enum { CAPACITY = 1157 };

/* The proof that node 1 is a member, by the roster of w. */
static size_t proof_of(struct watcher *w, uint8_t bytes[CAPACITY])
{
    const struct roster_member *member = watcher_member(w, 1);
    size_t size;

    assert_non_null(member);
    assert_int_equal(roster_proof_write(w->roster, member->key, bytes, CAPACITY, &size), ERR_OK);
    return size;
}

static enum roster_effect shown(struct roster *roster, const uint8_t *bytes, size_t size)
{
    enum roster_effect effect = ROSTER_EFFECT_NONE;
    struct roster_proof proof;

    if (roster_proof_read(&proof, bytes, size) != ERR_OK ||
        roster_proof_apply(roster, &proof, &effect) != ERR_OK) {
        assert_int_equal(effect, ROSTER_EFFECT_NONE);
    }
    return effect;
}

/* Node 1 meets a host of the same ziglan that has heard of nobody. */
struct meeting {
    struct watcher w;
    struct roster *other;
    struct store *store; /* of the other one */
    uint8_t bytes[CAPACITY];
    size_t size;
};

static void meeting_init(struct meeting *m)
{
    watcher_init_with(&m->w, "laptop", 1);
    m->size = proof_of(&m->w, m->bytes);
    watcher_roster_new(&m->w, &m->other, &m->store);
}

static void meeting_fini(struct meeting *m)
{
    roster_free(m->other);
    store_close(m->store);
    watcher_fini(&m->w);
}

static void who_never_heard_of_a_member_believes_its_proof(void **state)
{
    struct meeting m;

    (void)state;
    meeting_init(&m);
    assert_int_equal(shown(m.other, m.bytes, m.size), ROSTER_EFFECT_ADDED);
    const struct roster_member *member = roster_find_name(m.other, "laptop", 6);
    assert_non_null(member);
    assert_false(member->online); /* nobody says so */
    assert_memory_equal(member->key, watcher_member(&m.w, 1)->key, KEY_SIZE);
    meeting_fini(&m);
}

/* So it can be shown after a restart without any entry point. */
static void delegations_are_kept_over_a_restart(void **state)
{
    struct watcher w;
    uint8_t bytes[CAPACITY], again[CAPACITY];

    (void)state;
    watcher_init_with(&w, "laptop", 1);
    size_t size = proof_of(&w, bytes);
    roster_free(w.roster);
    assert_int_equal(
        roster_new(&w.roster, w.store, &w.office.ports.env, w.office.ziglan.public_key, 0), ERR_OK);
    assert_int_equal(proof_of(&w, again), size);
    assert_memory_equal(again, bytes, size);
    watcher_fini(&w);
}

static void a_revoked_member_shows_it_in_vain(void **state)
{
    struct watcher w;
    uint8_t bytes[CAPACITY], key[KEY_SIZE];

    (void)state;
    watcher_init_with(&w, "laptop", 1);
    size_t size = proof_of(&w, bytes);
    memcpy(key, watcher_member(&w, 1)->key, KEY_SIZE);
    assert_int_equal(directory_revoke(w.office.directory, key), VERDICT_OK);
    assert_int_equal(watcher_follow(&w), 1);
    assert_int_equal(shown(w.roster, bytes, size), ROSTER_EFFECT_NONE);
    assert_null(watcher_member(&w, 1));
    size_t none;
    assert_int_equal(roster_proof_write(w.roster, key, bytes, CAPACITY, &none), ERR_DROP);
    watcher_fini(&w);
}

static void no_changed_byte_and_no_shorter_proof_is_believed(void **state)
{
    struct meeting m;

    (void)state;
    meeting_init(&m);
    for (size_t i = 0; i < m.size; i++) {
        m.bytes[i] ^= 1;
        assert_int_equal(shown(m.other, m.bytes, m.size), ROSTER_EFFECT_NONE);
        m.bytes[i] ^= 1;
        assert_int_equal(shown(m.other, m.bytes, i), ROSTER_EFFECT_NONE);
    }
    assert_int_equal(roster_count(m.other), 0);
    assert_int_equal(shown(m.other, m.bytes, m.size), ROSTER_EFFECT_ADDED);
    meeting_fini(&m);
}

static void a_proof_without_room_or_of_nobody_is_not_written(void **state)
{
    const uint8_t nobody[KEY_SIZE] = {9};
    struct watcher w;
    uint8_t bytes[CAPACITY];
    size_t size, written;

    (void)state;
    watcher_init_with(&w, "laptop", 1);
    size = proof_of(&w, bytes);
    assert_int_equal(
        roster_proof_write(w.roster, watcher_member(&w, 1)->key, bytes, size - 1, &written),
        ERR_DROP);
    assert_int_equal(roster_proof_write(w.roster, nobody, bytes, CAPACITY, &written), ERR_DROP);
    watcher_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_never_heard_of_a_member_believes_its_proof),
        cmocka_unit_test(delegations_are_kept_over_a_restart),
        cmocka_unit_test(a_revoked_member_shows_it_in_vain),
        cmocka_unit_test(no_changed_byte_and_no_shorter_proof_is_believed),
        cmocka_unit_test(a_proof_without_room_or_of_nobody_is_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
