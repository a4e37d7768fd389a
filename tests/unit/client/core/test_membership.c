/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Peers come and go with the members of rosters, in memory and in the store. */
#include "client/core/membership.h"
#include "client/peer/life.h"

#include "tests/support/alone.h"
#include "tests/support/disk.h"
#include "tests/support/fixture.h"
#include "tests/support/host_fixture.h"

static size_t addresses_stored(struct store *store)
{
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_ADDRESS_BOOK, NULL, 0);
    uint8_t v4[4];
    size_t count = 0;
    size_t size;

    for (;;) {
        assert_int_equal(store_next(store, &cursor, v4, sizeof(v4), &size), ERR_OK);
        if (size == STORE_NONE) {
            return count;
        }
        count++;
    }
}

/* An entry point that admits and revokes keys without end. */
static void a_directory_that_churns_keys_does_not_take_ever_more_memory(void **state)
{
    enum { ROUNDS = 40000, AT_ONCE = 5 };
    struct alone *alone = *state;
    struct host_core *core = alone->node.core;
    struct ziglan *ours = alone_ziglan();
    struct ziglan *churning = alone_ziglan();
    struct roster_member friend = alone_member(UINT32_MAX);
    struct peer *peer = peer_learn(&core->peers, ours, &friend);
    struct peer before;

    assert_true(peer != NULL && ours != NULL && churning != NULL);
    assert_non_null(life_of(peer, &core->conversations, alone->now));
    before = *peer;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct roster_member newcomer = alone_member(i);
        struct roster_member leaver = alone_member(i - AT_ONCE);

        assert_non_null(peer_learn(&core->peers, churning, &newcomer));
        membership_on_effect(core, churning, ROSTER_EFFECT_REMOVED, leaver.key, alone->now);
        assert_true(core->peers.count <= AT_ONCE + 2);
    }
    /* The churning ziglan has no say about members of ours. */
    membership_on_effect(core, churning, ROSTER_EFFECT_REMOVED, friend.key, alone->now);
    assert_ptr_equal(peer_find(&core->peers, friend.key), peer);
    assert_memory_equal(peer, &before, sizeof(before));
    assert_int_equal(address_book_assigned_count(core->book),
                     ADDRESS_BOOK_ABSENT_MAX + AT_ONCE + 2);
    assert_int_equal(addresses_stored(alone->node.store), ADDRESS_BOOK_ABSENT_MAX + AT_ONCE + 2);
    free(ours);
    free(churning);
}

/* Below the store of the first host. */
static struct test_disk disk;

static void a_message_of_changes_is_one_transaction(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    run_ms(lab, 1000);
    test_disk_put_under(&disk, lab->hosts[0].store);
    lab_restart_as(lab, 1, "shed");
    run_ms(lab, 2000);
    assert_true(disk.writes_most >= 2); /* a member, and up to which sequence changes are known */
    lab_free(lab);
}

/* As if there had been no memory for the peer when the member came. */
static void a_member_that_is_no_peer_becomes_one_when_it_greets_us(void **state)
{
    struct lab *lab = lab_joined();
    struct host_core *anna = lab->hosts[0].core;
    const uint8_t *nas = lab->hosts[1].identity.public_key;
    struct peer *peer = peer_find(&anna->peers, nas);

    (void)state;
    assert_non_null(peer);
    life_end(peer->conversation);
    peer_drop(&anna->peers, peer);
    assert_non_null(roster_find_key(ziglan_at(lab, 0)->roster, nas));
    send_ping_between(lab, 1, "anna", 84);
    run_ms(lab, 2000);
    assert_non_null(peer_find(&anna->peers, nas));
    assert_true(lab->hosts[0].delivered > 0);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_directory_that_churns_keys_does_not_take_ever_more_memory,
                                        alone_new, alone_free),
        cmocka_unit_test(a_message_of_changes_is_one_transaction),
        cmocka_unit_test(a_member_that_is_no_peer_becomes_one_when_it_greets_us),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
