/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a host goes through in a long life: restarts of itself and of its peers, and full disks. */
#include "client/core/core_internal.h"
#include "client/core/network.h"
#include "client/peer/pinging.h"

#include "tests/support/disk.h"
#include "tests/support/host_fixture.h"

static void a_restarted_peer_is_talked_to_again_within_seconds(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    lab->cut_direct = true;
    send_ping(lab, 84);
    run_ms(lab, 1000);
    lab_restart(lab, 1);
    send_pings(lab, 80, 100);
    next_ping_arrives(lab, 84, 100);
    lab_free(lab);
}

static void a_restarted_peer_tells_its_candidates_anew(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    send_ping(lab, 84);
    run_ms(lab, 1000);
    for (int i = 0; i < 5; i++) { /* the sequence of its candidates grows ... */
        struct host_local_addr addr = {.prefix_bits = (uint8_t)(120 + i)};

        memcpy(addr.ip, lab->hosts[1].address.ip, sizeof(addr.ip));
        host_core_network(lab->hosts[1].core, &addr, 1, 5000, NULL, lab->now);
        run_ms(lab, 500);
    }
    uint32_t told = lab->hosts[0].core->peers.list[0]->conversation->candidates.list.sequence;
    run_ms(lab, 10000);
    lab_restart(lab, 1); /* ... and must not begin again at the first number */
    run_ms(lab, 1000);
    send_pings(lab, 100, 100);
    assert_true(lab->hosts[0].core->peers.list[0]->conversation->candidates.list.sequence > told);
    lab_free(lab);
}

/* The peer restarts again and again, each time at another port. Its old addresses must not fill the
 * table of paths for good. */
static void a_peer_that_restarts_often_is_reached_directly_again(void **state)
{
    struct lab *lab = lab_joined();
    struct host_node *nas = &lab->hosts[1];

    (void)state;
    for (int i = 0; i < PATH_TABLE_DIRECT_MAX + 4; i++) {
        nas->address.port = (uint16_t)(6000 + i);
        lab_restart(lab, 1);
        run_ms(lab, 500);
        for (int k = 0; k < 15; k++) {
            send_ping_between(lab, 1, "anna", 84);
            run_ms(lab, 100);
        }
        assert_string_equal(state_of_nas(lab), "direct");
    }
    lab_free(lab);
}

/* Below the store of the first host. */
static struct test_disk disk;

static void a_full_disk_does_not_end_what_runs(void **state)
{
    struct lab *lab = lab_joined();
    char error[200] = "";

    (void)state;
    test_disk_put_under(&disk, lab->hosts[0].store);
    disk.full = true;
    send_pings(lab, 300, 1000); /* beyond two renewals of the session */
    assert_int_equal(lab->hosts[1].delivered, 300);
    assert_int_not_equal(
        host_core_join(lab->hosts[0].core,
                       "ziglan://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                       "@192.0.2.9",
                       NULL, error, sizeof(error), lab->now),
        ERR_OK);
    assert_true(error[0] != '\0');
    assert_int_equal(lab->hosts[0].core->ziglans.count, 1);
    lab_free(lab);
}

/* What the first host shares with its peer and with its relay. */
struct shared_keys {
    uint32_t index; /* by which it names the Noise session to nas */
    struct handle relay;
};

static struct shared_keys shared_now(struct lab *lab)
{
    const struct noise_session *session = conversation_at(lab, 0)->sessions.current;

    assert_non_null(session);
    return (struct shared_keys){session->remote_index, ziglan_at(lab, 0)->entry_point->active};
}

static void expect_all_new(struct lab *lab, const struct shared_keys *before)
{
    struct shared_keys after;

    send_pings(lab, 20, 100);
    next_ping_arrives(lab, 84, 100);
    after = shared_now(lab);
    assert_int_not_equal(after.index, before->index);
    assert_false(handle_equal(after.relay, before->relay));
    assert_null(noise_sessions_find(&conversation_at(lab, 0)->sessions, before->index));
}

static void a_copy_of_a_machine_forgets_all_keys_and_talks_again(void **state)
{
    struct lab *lab = lab_joined();
    struct shared_keys before;

    (void)state;
    send_pings(lab, 30, 100);
    before = shared_now(lab);
    host_core_copied(lab->hosts[0].core);
    send_ping(lab, 84);
    assert_null(
        conversation_at(lab, 0)->sessions.current); /* nothing was sealed with the old one */
    expect_all_new(lab, &before);
    lab_free(lab);
}

/* The next datagram on the wire to host 0, which is not delivered. */
static struct wire_packet *next_to_anna(struct lab *lab)
{
    for (;;) {
        struct wire_packet *packet = wire_take(&lab->wire, lab->now);

        if (packet == NULL || endpoint_equal(&packet->to, &lab->hosts[0].address)) {
            return packet;
        }
        wire_packet_free(&lab->wire, packet);
    }
}

static void a_copy_of_a_machine_does_not_answer_with_its_former_keys(void **state)
{
    struct lab *lab = lab_joined();
    struct host_node *anna = &lab->hosts[0];
    struct conversation *nas;

    (void)state;
    send_pings(lab, 30, 100);
    nas = conversation_at(lab, 1);
    for (int copied = 0; copied < 2; copied++) {
        struct wire_packet *packet;

        assert_int_not_equal(
            pinging_send(nas, path_table_direct(&nas->paths), 0, &lab->hosts[1].io, lab->now), 0);
        flush_host(lab, &lab->hosts[1]);
        lab->now = mono_add_ms(lab->now, DELAY_MS);
        packet = next_to_anna(lab);
        assert_non_null(packet);
        struct dgram in = wire_packet_dgram(packet);
        if (copied == 1) {
            host_core_copied(anna->core);
        }
        host_core_receive(anna->core, &in, &anna->io, lab->now);
        assert_int_equal(anna->box.items_count, copied == 0 ? 1 : 0); /* the pong */
        outbox_clear(&anna->box);
        wire_packet_free(&lab->wire, packet);
    }
    lab_free(lab);
}

/* All single values of a host, and a row of each of its other tables, have another size than it
 * writes: another version was here, or a disk went bad. */
static void rows_of_a_wrong_size_do_not_keep_a_host_from_its_peers(void **state)
{
    static const enum store_table tables[] = {STORE_TABLE_CONTACTS, STORE_TABLE_RELAYS,
                                              STORE_TABLE_BLOCKS, STORE_TABLE_ADDRESS_BOOK};
    static const uint8_t key[KEY_SIZE] = {9}, junk[4000] = {1};
    struct lab *lab = lab_joined();
    struct store *store = lab->hosts[1].store;
    struct store_cursor cursor = store_cursor_from(STORE_TABLE_META, NULL, 0);
    uint8_t value[STORE_VALUE_SIZE_MAX];
    size_t size = 0, count = 0;

    (void)state;
    while (store_next(store, &cursor, value, sizeof(value), &size) == ERR_OK &&
           size != STORE_NONE) {
        assert_int_equal(
            store_write(store, STORE_TABLE_META, cursor.key, cursor.key_size, junk, sizeof(junk)),
            ERR_OK);
        count++;
    }
    assert_true(count > 0);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        assert_int_equal(store_write(store, tables[i], key, KEY_SIZE, junk, sizeof(junk)), ERR_OK);
    }
    lab_restart(lab, 1);
    run_ms(lab, 2000);
    send_pings(lab, 80, 100);
    next_ping_arrives(lab, 84, 100);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restarted_peer_is_talked_to_again_within_seconds),
        cmocka_unit_test(a_restarted_peer_tells_its_candidates_anew),
        cmocka_unit_test(a_peer_that_restarts_often_is_reached_directly_again),
        cmocka_unit_test(a_copy_of_a_machine_forgets_all_keys_and_talks_again),
        cmocka_unit_test(a_copy_of_a_machine_does_not_answer_with_its_former_keys),
        cmocka_unit_test(a_full_disk_does_not_end_what_runs),
        cmocka_unit_test(rows_of_a_wrong_size_do_not_keep_a_host_from_its_peers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
