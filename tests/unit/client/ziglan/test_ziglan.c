/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Admission to a ziglan, what a host asks its entry point, and what a new session to it changes. */
#include "client/core/core_internal.h"
#include "client/core/network.h"
#include "client/peer/presence.h"
#include "client/ziglan/ziglan.h"
#include "relayd/core/core.h"
#include "relayd/service/operator.h"

#include "tests/support/host_fixture.h"

/* Make an invite that may be used twice. */
static void invite_twice(struct lab *lab, char url[URL_SIZE_MAX])
{
    struct directory_terms terms = {.uses = 2};

    assert_int_equal(operator_invite(relay_core_operator(lab->relay.core), &terms, url),
                     VERDICT_OK);
}

static void a_configuration_read_again_leaves_the_session_alone(void **state)
{
    struct lab *lab = lab_new();
    char url[URL_SIZE_MAX];
    char error[200] = "";

    (void)state;
    invite_twice(lab, url);
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

static void the_name_wanted_at_a_join_outlives_a_restart(void **state)
{
    struct lab *lab = lab_new();
    char url[URL_SIZE_MAX];
    char error[200] = "";

    (void)state;
    invite_twice(lab, url);
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

static void a_reconnection_is_not_broadcast(void **state)
{
    struct lab *lab = lab_joined();
    struct host_local_addr addr = {.prefix_bits = 128};

    (void)state;
    run_ms(lab, 1000);
    uint64_t sequence = roster_sequence(ziglan_at(lab, 1)->roster);
    memcpy(addr.ip, lab->hosts[0].address.ip, sizeof(addr.ip));
    host_core_network(lab->hosts[0].core, &addr, 1, 5000, NULL, lab->now);
    run_ms(lab, 2000);
    assert_true(host_node_settled(&lab->hosts[0]));
    assert_int_equal(roster_sequence(ziglan_at(lab, 1)->roster), sequence);
    lab_restart(lab, 0);
    run_ms(lab, 2000);
    assert_true(host_node_settled(&lab->hosts[0]));
    assert_int_equal(roster_sequence(ziglan_at(lab, 1)->roster), sequence);
    lab_free(lab);
}

static void members_that_a_new_session_does_not_mention_are_offline(void **state)
{
    struct lab *lab = lab_joined();
    struct host_local_addr addr = {.prefix_bits = 128};
    const struct roster_member *known;

    (void)state;
    run_ms(lab, 500);
    known = roster_find_key(ziglan_at(lab, 0)->roster, lab->hosts[1].identity.public_key);
    assert_non_null(known);
    assert_true(known->online);
    host_core_shutdown(lab->hosts[1].core);
    flush_host(lab, &lab->hosts[1]);
    run_ms(lab, 500);
    assert_false(known->online);
    ((struct roster_member *)(uintptr_t)known)->online = true; /* as if that change had been lost */
    memcpy(addr.ip, lab->hosts[0].address.ip, sizeof(addr.ip));
    host_core_network(lab->hosts[0].core, &addr, 1, 5000, NULL, lab->now);
    run_ms(lab, 1000);
    assert_true(host_node_settled(&lab->hosts[0]));
    assert_false(known->online);
    lab_free(lab);
}

/* nas was a member before anna joined, and the relay does not tell all members to anybody. */
static struct lab *lab_too_large_to_be_watched(void)
{
    struct lab *lab = lab_new();

    relay_node_stop(&lab->relay);
    lab->relay.cfg.watch_max = 1;
    start_relay(lab);
    join(lab, 1);
    run_ms(lab, 1500);
    join(lab, 0);
    run_ms(lab, 1500);
    assert_true(host_node_settled(&lab->hosts[0]));
    return lab;
}

/* A host that is no member sends anna an initiation, from an address of its own. */
static void initiation_of_stranger(struct lab *lab, uint8_t number)
{
    const uint8_t seed[IDENTITY_SEED_SIZE] = {200, number};
    const uint8_t ip[4] = {203, 0, 113, number};
    struct handshake_local local = lab->hosts[0].core->local;
    struct identity identity;
    struct handshake handshake;
    uint8_t frame[HANDSHAKE_INITIATION_SIZE];
    struct dgram in = {.local = lab->hosts[0].address,
                       .remote = endpoint_v4(ip, 4000),
                       .data = frame,
                       .size = sizeof(frame)};

    identity_from_seed(&identity, seed);
    local.identity = &identity;
    assert_int_equal(handshake_initiate(&handshake, &local, lab->hosts[0].identity.public_key, 16,
                                        test_env_wall_ms(&lab->ports), frame),
                     ERR_OK);
    handshake_wipe(&handshake);
    host_core_receive(lab->hosts[0].core, &in, &lab->hosts[0].io, lab->now);
    flush_host(lab, &lab->hosts[0]);
}

/* A program on anna's machine sends a packet to the address that follows from a key. */
static void packet_for_key(struct lab *lab, const uint8_t key[KEY_SIZE])
{
    uint8_t bytes[48] = {0x60, [5] = 8, [6] = 58, [7] = 64, [40] = 128};
    struct packet packet = {.data = bytes, .size = sizeof(bytes)};

    memcpy(bytes + 8, lab->hosts[0].core->own.v6, 16);
    key_ip6(bytes + 24, key);
    host_core_packets(lab->hosts[0].core, &packet, 1, &lab->hosts[0].io, lab->now);
    flush_host(lab, &lab->hosts[0]);
}

static void strangers_do_not_keep_a_host_from_looking_a_member_up(void **state)
{
    struct lab *lab = lab_too_large_to_be_watched();
    struct host_core *anna = lab->hosts[0].core;
    const uint8_t *nas = lab->hosts[1].identity.public_key;
    uint64_t not_member = anna->dataplane.counters.not_member;

    (void)state;
    assert_null(peer_find(&anna->peers, nas));
    for (uint8_t i = 0; i < 40; i++) {
        initiation_of_stranger(lab, i);
        run_ms(lab, 50);
    }
    /* anna asks the entry point who such a stranger is, as far as that is allowed. */
    assert_int_equal(anna->dataplane.counters.not_member, not_member + 40);
    assert_null(peer_find(&anna->peers, nas));
    initiation_of_stranger(lab, 40);
    packet_for_key(lab, nas);
    run_ms(lab, 100);
    assert_non_null(peer_find(&anna->peers, nas));
    lab_free(lab);
}

/* Monitoring that never rests: each packet asks whether the one that is away is back. */
static void packets_to_who_is_away_do_not_keep_a_host_from_looking_a_member_up(void **state)
{
    struct lab *lab = lab_too_large_to_be_watched();
    struct host_core *anna = lab->hosts[0].core;
    struct ziglan *ziglan = ziglan_at(lab, 0);
    const uint8_t *nas = lab->hosts[1].identity.public_key;
    struct peer away = {.ziglan = ziglan};
    size_t asked = 0;

    (void)state;
    memset(away.key, 9, sizeof(away.key));
    key_ip6(away.pair.peer.v6, away.key);
    for (int i = 0; i < 40; i++) {
        struct ziglan_times before = ziglan->at;

        presence_ask(&away, lab->now);
        asked += memcmp(&before, &ziglan->at, sizeof(before)) != 0 ? 1 : 0;
        run_ms(lab, 100);
    }
    assert_in_range(asked, 4, 5); /* once a second */
    assert_null(peer_find(&anna->peers, nas));
    presence_ask(&away, lab->now);
    packet_for_key(lab, nas);
    run_ms(lab, 100);
    assert_non_null(peer_find(&anna->peers, nas));
    lab_free(lab);
}

/* As if there had been no memory for the Join when the session opened. */
static void a_join_that_could_not_be_sent_is_sent_again(void **state)
{
    struct lab *lab = lab_joined();
    struct ziglan *ziglan = ziglan_at(lab, 0);

    (void)state;
    ziglan->state = ZIGLAN_STATE_CONNECTING;
    ziglan->at.state_at = lab->now;
    ziglan->at.renew_at = MONO_NEVER;
    assert_true(ziglan->entry_point->open);
    run_ms(lab, ZIGLAN_JOIN_TIMEOUT_MS + 500);
    assert_int_equal(ziglan->state, ZIGLAN_STATE_JOINED);
    lab_free(lab);
}

/* Who waits for the answer of one does not wait for the relay of another, which may be gone. */
static void each_ziglan_is_settled_by_itself(void **state)
{
    struct lab *lab = lab_new();
    const struct ziglan *other = join_another(lab);
    uint8_t key[KEY_SIZE];

    (void)state;
    join(lab, 0);
    memcpy(key, lab->relay.ziglan_identity.public_key, KEY_SIZE);
    assert_false(host_core_settled(lab->hosts[0].core, key));
    run_ms(lab, 1500);
    assert_true(host_core_settled(lab->hosts[0].core, key));
    assert_false(host_core_settled(lab->hosts[0].core, other->record.url.key));
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configuration_read_again_leaves_the_session_alone),
        cmocka_unit_test(the_name_wanted_at_a_join_outlives_a_restart),
        cmocka_unit_test(a_reconnection_is_not_broadcast),
        cmocka_unit_test(members_that_a_new_session_does_not_mention_are_offline),
        cmocka_unit_test(strangers_do_not_keep_a_host_from_looking_a_member_up),
        cmocka_unit_test(packets_to_who_is_away_do_not_keep_a_host_from_looking_a_member_up),
        cmocka_unit_test(a_join_that_could_not_be_sent_is_sent_again),
        cmocka_unit_test(each_ziglan_is_settled_by_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
