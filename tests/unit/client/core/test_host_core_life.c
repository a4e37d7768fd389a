/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a host goes through in a long life: restarts of itself and of its peers, reconnections, full
 * disks, entry points that move. */
#include "tests/support/host_fixture.h"

#include "client/admin/host_admin.h"
#include "client/core/core_internal.h"
#include "client/core/membership.h"
#include "client/peer/initiation.h"
#include "client/peer/life.h"
#include "client/peer/pathfinder.h"
#include "relayd/core/core.h"
#include "relayd/service/operator.h"

static void a_restarted_peer_is_talked_to_again_within_seconds(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    lab->cut_direct = true;
    send_ping(lab, 84);
    run_ms(lab, 1000);
    lab_restart(lab, 1);
    for (int i = 0; i < 80; i++) {
        send_ping(lab, 84);
        run_ms(lab, 100);
    }
    size_t before = lab->hosts[1].delivered;
    send_ping(lab, 84);
    run_ms(lab, 100);
    assert_int_equal(lab->hosts[1].delivered, before + 1);
    lab_free(lab);
}

static void a_restarted_peer_tells_its_candidates_anew(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    send_ping(lab, 84);
    run_ms(lab, 1000);
    for (int i = 0; i < 5; i++) { /* its number grows ... */
        struct host_local_addr addr = {.prefix_bits = 128};

        memcpy(addr.ip, lab->hosts[1].address.ip, sizeof(addr.ip));
        host_core_network(lab->hosts[1].core, &addr, 1, 5000, lab->now);
        run_ms(lab, 500);
    }
    uint32_t told = lab->hosts[0].core->peers.list[0]->conversation->candidates.list.sequence;
    run_ms(lab, 10000);
    lab_restart(lab, 1); /* ... and must not begin anew */
    run_ms(lab, 1000);
    for (int i = 0; i < 100; i++) {
        send_ping(lab, 84);
        run_ms(lab, 100);
    }
    assert_true(lab->hosts[0].core->peers.list[0]->conversation->candidates.list.sequence > told);
    lab_free(lab);
}

static void initiations_of_both_at_once_leave_a_session_that_both_have(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    lab->cut_direct = true;
    send_ping(lab, 84);
    run_ms(lab, 1000);
    for (size_t i = 0; i < HOSTS; i++) {
        struct host_node *h = &lab->hosts[i];
        struct conversation *a = h->core->peers.list[0]->conversation;

        a->initiating.tries = 5; /* as after a time without a relay: neither insists on its own */
        initiation_send(a, &h->io, lab->now);
        flush_host(lab, h);
    }
    run_ms(lab, 200);
    size_t before = lab->hosts[1].delivered;
    size_t lost = lab->hosts[0].core->dataplane.counters.unknown_index;
    send_ping(lab, 84);
    run_ms(lab, 100);
    assert_int_equal(lab->hosts[1].delivered, before + 1);
    run_ms(lab, 3000); /* the relayed round trip is measured in both directions */
    assert_true(lab->hosts[0].core->dataplane.counters.unknown_index <= lost + 1);
    lab_free(lab);
}

/* The peer starts anew again and again, each time at another port: its old addresses do not fill
 * the table of paths for good. */
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

/* A cut takes all direct paths with it. Something was still on its way on another one when the path
 * in use fell silent: that is no reason to wait for the death of both, one after the other. */
static void a_cut_takes_no_longer_with_two_direct_paths(void **state)
{
    struct lab *lab = lab_joined();
    struct conversation *a;
    uint64_t waited_ms = 0;

    (void)state;
    send_ping(lab, 84);
    run_ms(lab, 2000);
    a = lab->hosts[0].core->peers.list[0]->conversation;
    assert_non_null(path_table_direct(&a->paths));
    struct endpoint elsewhere = a->paths.present->remote;
    elsewhere.port++;
    struct path *other = path_table_add(&a->paths, &elsewhere, &elsewhere, false,
                                        a->shared->frame_size_full, lab->now);
    assert_non_null(other);
    *other = *a->paths.present;
    other->remote = elsewhere;
    lab->cut_direct = true;
    run_ms(lab, 2 * DELAY_MS);
    while (path_table_direct(&a->paths) != NULL) {
        send_ping(lab, 84);
        if (waited_ms == 0) {
            run_ms(lab, 5);
            other->at.received_at = lab->now;
        }
        run_ms(lab, 5);
        waited_ms += 5;
        assert_true(waited_ms < PATH_SILENCE_MS + PATH_DEAD_MS + 50);
    }
    lab_free(lab);
}

/* After a while without traffic the mappings of the NATs may be gone: the first packet takes the
 * relay and arrives, and the direct path is asked, not trusted. */
static void the_first_packet_after_a_long_silence_arrives(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    send_ping(lab, 84);
    run_ms(lab, 1000);
    assert_string_equal(state_of_nas(lab), "direct");
    run_ms(lab, 160 * 1000); /* keepalives have ended, the session is still good */
    lab->cut_direct = true;
    size_t before = lab->hosts[1].delivered;
    send_ping(lab, 84);
    run_ms(lab, 200);
    assert_int_equal(lab->hosts[1].delivered, before + 1);
    lab_free(lab);
}

static void a_reconnection_is_no_news_to_the_others(void **state)
{
    struct lab *lab = lab_joined();
    struct host_local_addr addr = {.prefix_bits = 128};

    (void)state;
    run_ms(lab, 1000);
    uint64_t sequence = roster_sequence(ziglan_at(lab, 1)->roster);
    memcpy(addr.ip, lab->hosts[0].address.ip, sizeof(addr.ip));
    host_core_network(lab->hosts[0].core, &addr, 1, 5000, lab->now);
    run_ms(lab, 2000);
    assert_true(host_core_settled(lab->hosts[0].core));
    assert_int_equal(roster_sequence(ziglan_at(lab, 1)->roster), sequence);
    lab_restart(lab, 0);
    run_ms(lab, 2000);
    assert_true(host_core_settled(lab->hosts[0].core));
    assert_int_equal(roster_sequence(ziglan_at(lab, 1)->roster), sequence);
    lab_free(lab);
}

static void a_configuration_read_again_leaves_the_session_alone(void **state)
{
    struct lab *lab = lab_new();
    struct directory_terms terms = {.uses = 2};
    char url[URL_SIZE_MAX];
    char error[200] = "";

    (void)state;
    assert_int_equal(operator_invite(relay_core_operator(lab->relay.core), &terms, url),
                     VERDICT_OK);
    assert_int_equal(host_core_join(lab->hosts[0].core, url, NULL, error, sizeof(error), lab->now),
                     ERR_OK);
    run_ms(lab, 1500);
    struct handle before = ziglan_at(lab, 0)->entry_point->active;
    assert_int_equal(host_core_join(lab->hosts[0].core, url, NULL, error, sizeof(error), lab->now),
                     ERR_OK);
    run_ms(lab, 1500);
    assert_true(ziglan_at(lab, 0)->entry_point->open);
    assert_memory_equal(&ziglan_at(lab, 0)->entry_point->active, &before, sizeof(before));
    lab_free(lab);
}

static void the_name_wished_for_at_a_join_outlives_a_restart(void **state)
{
    struct lab *lab = lab_new();
    struct directory_terms terms = {.uses = 2};
    char url[URL_SIZE_MAX];
    char error[200] = "";

    (void)state;
    assert_int_equal(operator_invite(relay_core_operator(lab->relay.core), &terms, url),
                     VERDICT_OK);
    assert_int_equal(
        host_core_join(lab->hosts[0].core, url, "Anna's PC.local", error, sizeof(error), lab->now),
        ERR_OK);
    lab_restart(lab, 0); /* before the ziglan was ever reached */
    run_ms(lab, 1500);
    assert_string_equal(ziglan_at(lab, 0)->record.granted, "anna-s-pc");
    lab_restart(lab, 0);
    run_ms(lab, 1500);
    assert_string_equal(ziglan_at(lab, 0)->record.wanted, "anna-s-pc");
    assert_string_equal(ziglan_at(lab, 0)->record.granted, "anna-s-pc");
    lab_free(lab);
}

static void a_ping_under_way_begins_nothing_with_a_removed_member(void **state)
{
    struct lab *lab = lab_joined();
    uint8_t key[KEY_SIZE];
    json_t *request = json_pack("{s:s, s:s}", "do", "ping", "peer", "nas");
    json_t *answer = host_admin_request(lab->hosts[0].core, request, lab->now);

    (void)state;
    assert_true(json_is_true(json_object_get(answer, "ok")));
    json_decref(answer);
    json_decref(request);
    /* The removal is heard of before the ping leaves. */
    memcpy(key, lab->hosts[1].identity.public_key, KEY_SIZE);
    membership_on_effect(lab->hosts[0].core, ziglan_at(lab, 0), ROSTER_EFFECT_REMOVED, key,
                         lab->now);
    assert_null(lab->hosts[0].core->peers.list[0]);
    host_core_expire(lab->hosts[0].core, &lab->hosts[0].io, lab->now);
    assert_int_equal(lab->hosts[0].core->conversations.count, 0);
    lab_free(lab);
}

static void a_ping_without_answer_is_over_after_its_time(void **state)
{
    struct lab *lab = lab_joined();
    json_t *request = json_pack("{s:s, s:s}", "do", "ping", "peer", "nas");

    (void)state;
    relay_node_stop(&lab->relay);
    json_decref(host_admin_request(lab->hosts[0].core, request, lab->now));
    json_decref(request);
    for (int i = 0; i < 300; i++) {
        run_ms(lab, 1000);
    }
    assert_null(lab->hosts[0].core->peers.list[0]->conversation);
    lab_free(lab);
}

/* ---- the disk ---- */

struct disk {
    struct store_ops ops;
    const struct store_ops *true_ops;
    bool full;
    size_t writes, writes_most; /* in the present transaction, and in the fullest */
};

static struct disk disk;

static int disk_write(struct store *store, enum store_table table, const void *key, size_t key_size,
                      const void *value, size_t size)
{
    disk.writes++;
    disk.writes_most = disk.writes > disk.writes_most ? disk.writes : disk.writes_most;
    return disk.full ? ERR_SYSTEM : disk.true_ops->write(store, table, key, key_size, value, size);
}

static int disk_begin(struct store *store)
{
    disk.writes = 0;
    return disk.full ? ERR_SYSTEM : disk.true_ops->begin(store);
}

static void disk_put_under(struct store *store)
{
    disk = (struct disk){.ops = *store->ops, .true_ops = store->ops};
    disk.ops.write = disk_write;
    disk.ops.begin = disk_begin;
    store->ops = &disk.ops;
}

static void a_full_disk_does_not_end_what_runs(void **state)
{
    struct lab *lab = lab_joined();
    char error[200] = "";

    (void)state;
    disk_put_under(lab->hosts[0].store);
    disk.full = true;
    for (int i = 0; i < 300; i++) { /* beyond two renewals of the session */
        send_ping(lab, 84);
        run_ms(lab, 1000);
    }
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

static void a_message_of_changes_is_one_transaction(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    run_ms(lab, 1000);
    disk_put_under(lab->hosts[0].store);
    lab_restart_as(lab, 1, "shed");
    run_ms(lab, 2000);
    assert_true(disk.writes_most >= 2); /* a member, and how far the changes came */
    lab_free(lab);
}

/* ---- the entry point ---- */

static void of_whom_a_new_session_says_nothing_is_offline(void **state)
{
    struct lab *lab = lab_joined();
    struct host_local_addr addr = {.prefix_bits = 128};
    const struct roster_member *known;

    (void)state;
    run_ms(lab, 500);
    known = roster_find_key(ziglan_at(lab, 0)->roster, lab->hosts[1].identity.public_key);
    assert_non_null(known);
    assert_true(known->online);
    host_core_shutdown(lab->hosts[1].core, lab->now);
    flush_host(lab, &lab->hosts[1]);
    run_ms(lab, 500);
    assert_false(known->online);
    ((struct roster_member *)(uintptr_t)known)->online = true; /* as if that news had been lost */
    memcpy(addr.ip, lab->hosts[0].address.ip, sizeof(addr.ip));
    host_core_network(lab->hosts[0].core, &addr, 1, 5000, lab->now);
    run_ms(lab, 1000);
    assert_true(host_core_settled(lab->hosts[0].core));
    assert_false(known->online);
    lab_free(lab);
}

static void an_entry_point_that_moves_often_is_still_dialled(void **state)
{
    struct url url = {.kind = URL_KIND_ZIGLAN, .hosts_count = 1};
    struct relay_session entry = {0};
    struct mono now = {NS_PER_S};
    struct endpoint last = {0};

    (void)state;
    (void)snprintf(url.hosts[0].name, sizeof(url.hosts[0].name), "relay.example");
    relay_session_begin(&entry, &url, now);
    for (uint8_t i = 1; i <= 40; i++) {
        const uint8_t ip[4] = {203, 0, 113, i};

        last = endpoint_v4(ip, 0);
        relay_session_resolved(&entry, 0, &last, 1, now);
    }
    last.port = RELAY_SESSION_PORT_FIRST;
    assert_int_equal(entry.targets.count, 2);
    assert_true(endpoint_equal(&entry.targets.list[0], &last));
    relay_session_resolved(&entry, 0, NULL, 0, now); /* the resolver fails: the last known stays */
    assert_int_equal(entry.targets.count, 2);
}

static void a_name_that_resolves_does_not_cut_a_wait_short(void **state)
{
    struct lab *lab = lab_joined();
    struct ziglan *ziglan = ziglan_at(lab, 0);
    struct relay_session *entry = ziglan->entry_point;
    struct endpoint addr = lab->relay.address;

    (void)state;
    relay_session_close(entry, 30000, lab->now);
    struct mono wait_end = entry->dial_at;
    relay_session_resolved(entry, 0, &addr, 1, lab->now);
    assert_int_equal(entry->dial_at.ns, wait_end.ns);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restarted_peer_is_talked_to_again_within_seconds),
        cmocka_unit_test(a_restarted_peer_tells_its_candidates_anew),
        cmocka_unit_test(initiations_of_both_at_once_leave_a_session_that_both_have),
        cmocka_unit_test(a_peer_that_restarts_often_is_reached_directly_again),
        cmocka_unit_test(a_cut_takes_no_longer_with_two_direct_paths),
        cmocka_unit_test(the_first_packet_after_a_long_silence_arrives),
        cmocka_unit_test(a_reconnection_is_no_news_to_the_others),
        cmocka_unit_test(a_configuration_read_again_leaves_the_session_alone),
        cmocka_unit_test(the_name_wished_for_at_a_join_outlives_a_restart),
        cmocka_unit_test(a_ping_under_way_begins_nothing_with_a_removed_member),
        cmocka_unit_test(a_ping_without_answer_is_over_after_its_time),
        cmocka_unit_test(a_full_disk_does_not_end_what_runs),
        cmocka_unit_test(a_message_of_changes_is_one_transaction),
        cmocka_unit_test(of_whom_a_new_session_says_nothing_is_offline),
        cmocka_unit_test(an_entry_point_that_moves_often_is_still_dialled),
        cmocka_unit_test(a_name_that_resolves_does_not_cut_a_wait_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
