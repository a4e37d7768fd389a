/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts of one ziglan on one LAN, where no relay answers (client/core/lan.h). */
#include "client/core/lan.h"

#include "client/core/core_internal.h"
#include "rendezvous/roster/roster_proof.h"
#include "tests/support/host_fixture.h"

#include <string.h>

enum { LAN_BITS = 120, STEP_MS = 10 };

static struct host_core *core_of(struct lab *lab, size_t i)
{
    return lab->hosts[i].core;
}

static const struct host_counters *counts(struct lab *lab, size_t i)
{
    return &core_of(lab, i)->dataplane.counters;
}

static void on_lan(struct lab *lab, size_t i)
{
    lab->hosts[i].prefix_bits = LAN_BITS;
    lab_restart(lab, i);
    assert_int_equal(host_core_lan_begin(core_of(lab, i), lab->now), ERR_OK);
}

/* Both have known each other; now they start anew in one LAN, and there is no relay. */
static struct lab *lan_new(void)
{
    struct lab *lab = lab_joined();

    next_ping_arrives(lab, 84, 3000);
    relay_node_stop(&lab->relay);
    on_lan(lab, 0);
    on_lan(lab, 1);
    lab->hosts[1].delivered = 0;
    lab->direct_frames = 0;
    return lab;
}

static size_t proofs; /* that were said */

/* What host `from` wants to say now reaches the other one, unless nobody listens. Returns how many
 * notices that were; the last one is in *last. Proofs precede them. */
static size_t say(struct lab *lab, size_t from, bool heard, uint8_t last[LAN_NOTICE_SIZE])
{
    uint8_t datagram[LAN_DATAGRAM_SIZE_MAX];
    size_t count = 0, size;

    (void)host_node_expire(&lab->hosts[from], lab->now);
    while (host_core_lan_wanted(core_of(lab, from), datagram, &size, lab->now)) {
        if (size == LAN_NOTICE_SIZE) {
            count++;
            memcpy(last, datagram, size);
        } else {
            assert_int_equal(size, LAN_PROOF_SIZE);
            proofs++;
        }
        if (heard) {
            host_core_lan_receive(core_of(lab, 1 - from), datagram, size, lab->now);
            flush_host(lab, &lab->hosts[1 - from]);
        }
    }
    return count;
}

/* Time passes on the LAN; returns how many notices were said. */
static size_t lan_run_ms(struct lab *lab, uint64_t ms)
{
    uint8_t last[LAN_NOTICE_SIZE];
    size_t count = 0;

    for (uint64_t gone = 0; gone < ms; gone += STEP_MS) {
        run_ms(lab, STEP_MS);
        count += say(lab, 0, true, last) + say(lab, 1, true, last);
    }
    return count;
}

/* A notice of nas, as it would say it now, with another address or number. */
static void notice_of_nas(struct lab *lab, uint8_t out[LAN_NOTICE_SIZE], const uint8_t ip4[4],
                          uint64_t sequence, bool asks)
{
    const uint8_t nonce[LAN_NOTICE_NONCE_SIZE] = {(uint8_t)sequence};
    struct lan_notice notice = {.sequence = sequence, .port = 5000, .count = 1, .asks = asks};

    memcpy(notice.ips[0], endpoint_v4(ip4, 0).ip, 16);
    lan_notice_write(out, &notice, &lab->hosts[1].identity, ziglan_at(lab, 0)->record.url.key,
                     nonce);
}

static const uint8_t nas_ip4[4] = {198, 51, 100, 2};

/* ---- cases ---- */

static void two_members_reach_each_other_without_a_relay(void **state)
{
    struct lab *lab = lan_new();

    (void)state;
    lan_run_ms(lab, 1000);
    send_ping(lab, 84);
    lan_run_ms(lab, 200);
    assert_int_equal(lab->hosts[1].delivered, 1); /* the first packet itself, not a second one */
    assert_string_equal(state_of_nas(lab), "direct");
    lab_free(lab);
}

static void who_comes_later_is_found_at_once(void **state)
{
    struct lab *lab = lan_new();

    (void)state;
    lab_restart(lab, 1); /* and it does not listen to the LAN */
    send_ping(lab, 84);
    lan_run_ms(lab, 2500);
    assert_int_equal(lab->hosts[1].delivered, 0);
    on_lan(lab, 1);
    lan_run_ms(lab, 1000);
    assert_int_equal(lab->hosts[1].delivered, 1); /* it has waited for that */
    lab_free(lab);
}

/* Nas joined when anna was away, and then the relay went: neither of the two was told of the other
 * one, or anna was not. */
static void who_joined_later_is_known_by_its_proof(void **state)
{
    struct lab *lab = lab_new();

    (void)state;
    join(lab, 0);
    run_ms(lab, 3000);
    lab->relay_deaf_to = &lab->hosts[0].address;
    join(lab, 1);
    run_ms(lab, 3000);
    relay_node_stop(&lab->relay);
    lab->relay_deaf_to = NULL;
    on_lan(lab, 0);
    on_lan(lab, 1);
    assert_string_equal(state_of_nas(lab), "");
    lan_run_ms(lab, 1000);
    send_ping(lab, 84);
    lan_run_ms(lab, 200);
    assert_int_equal(lab->hosts[1].delivered, 1);
    assert_string_equal(state_of_nas(lab), "direct");
    lab_restart(lab, 0); /* it is known from now on */
    assert_string_not_equal(state_of_nas(lab), "");
    lab_free(lab);
}

/* Who knows the ziglan's key seals what it likes. */
static void proofs_that_prove_nothing_change_nothing_and_cost_little(void **state)
{
    struct lab *lab = lan_new();
    struct host_core *core = core_of(lab, 0);
    const uint8_t *ziglan_key = ziglan_at(lab, 0)->record.url.key;
    uint8_t chain[LAN_PROOF_CHAIN_MAX], datagram[LAN_PROOF_SIZE];
    struct roster_proof proof;
    uint64_t dropped;
    size_t size;

    (void)state;
    lan_run_ms(lab, 3000);
    assert_int_equal(roster_proof_write(ziglan_at(lab, 1)->roster,
                                        lab->hosts[1].identity.public_key, chain, sizeof(chain),
                                        &size),
                     ERR_OK);
    assert_int_equal(roster_proof_read(&proof, chain, size), ERR_OK);
    dropped = counts(lab, 0)->lan_dropped;
    chain[proof.part.data - chain + 10] ^= 1; /* the key of somebody who is no member */
    for (uint8_t i = 0; i < 100; i++) {
        const uint8_t nonce[LAN_SEAL_NONCE_SIZE] = {i};

        lan_proof_write(datagram, chain, size, ziglan_key, nonce);
        host_core_lan_receive(core, datagram, sizeof(datagram), lab->now);
    }
    lan_proof_write(datagram, chain, 3, ziglan_key, (const uint8_t[LAN_SEAL_NONCE_SIZE]){200});
    host_core_lan_receive(core, datagram, sizeof(datagram), lab->now);
    assert_int_equal(counts(lab, 0)->lan_dropped, dropped + 101);
    assert_int_equal(roster_count(ziglan_at(lab, 0)->roster), 2);
    assert_true(roster_stats(ziglan_at(lab, 0)->roster)->refused_signature <=
                5 * LAN_VERIFIES_PER_S / 3);
    lab_free(lab);
}

static void what_nobody_of_the_ziglan_made_changes_nothing(void **state)
{
    struct lab *lab = lan_new();
    struct host_core *core = core_of(lab, 0);
    uint8_t notice[LAN_NOTICE_SIZE];
    uint64_t dropped;

    (void)state;
    lan_run_ms(lab, 3000);
    dropped = counts(lab, 0)->lan_dropped;
    notice_of_nas(lab, notice, nas_ip4, UINT64_MAX - 1, true);
    notice[40] ^= 1;
    host_core_lan_receive(core, notice, sizeof(notice), lab->now);
    host_core_lan_receive(core, notice, 0, lab->now);
    assert_int_equal(counts(lab, 0)->lan_dropped, dropped + 2);
    assert_int_equal(say(lab, 0, false, notice), 0);
    lab_free(lab);
}

/* It knows the ziglan's key, as who was a member once. */
static void a_notice_of_nobody_that_is_known_changes_nothing(void **state)
{
    struct lab *lab = lan_new();
    uint64_t heard;
    uint8_t notice[LAN_NOTICE_SIZE];
    const uint8_t seed[IDENTITY_SEED_SIZE] = {99};

    (void)state;
    lan_run_ms(lab, 3000);
    heard = counts(lab, 0)->lan_heard;
    identity_from_seed(&lab->hosts[1].identity, seed);
    notice_of_nas(lab, notice, nas_ip4, 1, true);
    host_core_lan_receive(core_of(lab, 0), notice, sizeof(notice), lab->now);
    assert_int_equal(counts(lab, 0)->lan_heard, heard);
    lab_free(lab);
}

static void an_old_notice_that_is_repeated_changes_nothing(void **state)
{
    static const uint8_t elsewhere[4] = {198, 51, 100, 77};
    struct lab *lab = lan_new();
    uint8_t old[LAN_NOTICE_SIZE];
    const struct lan_place *place;
    uint64_t heard;

    (void)state;
    notice_of_nas(lab, old, elsewhere, 5, true); /* smaller than any of its clock */
    lan_run_ms(lab, 3000);
    heard = counts(lab, 0)->lan_heard;
    host_core_lan_receive(core_of(lab, 0), old, sizeof(old), lab->now);
    assert_int_equal(counts(lab, 0)->lan_heard, heard);
    place = lan_places_find(&core_of(lab, 0)->conversations.lan, lab->hosts[1].identity.public_key,
                            lab->now);
    assert_non_null(place);
    assert_int_equal(place->at[0].ip[15], nas_ip4[3]);
    lab_free(lab);
}

/* A member may say anything; what it says leads nobody out of the LAN. */
static void addresses_outside_our_lans_are_not_used(void **state)
{
    static const uint8_t outside[4] = {203, 0, 113, 9};
    struct lab *lab = lan_new();
    uint8_t notice[LAN_NOTICE_SIZE];

    (void)state;
    run_ms(lab, 100);
    notice_of_nas(lab, notice, outside, UINT64_MAX - 1, false);
    host_core_lan_receive(core_of(lab, 0), notice, sizeof(notice), lab->now);
    assert_int_equal(counts(lab, 0)->lan_heard, 1);
    send_ping(lab, 84);
    run_ms(lab, 3000);
    assert_int_equal(lab->direct_frames, 0);
    lab_free(lab);
}

static void a_silent_address_gets_few_frames(void **state)
{
    static const uint8_t silent[4] = {198, 51, 100, 200};
    struct lab *lab = lan_new();
    uint8_t notice[LAN_NOTICE_SIZE];

    (void)state;
    run_ms(lab, 100);
    lab->direct_frames = 0;
    for (uint64_t i = 0; i < 60; i++) {
        notice_of_nas(lab, notice, silent, UINT64_MAX - 100 + i, false);
        host_core_lan_receive(core_of(lab, 0), notice, sizeof(notice), lab->now);
        send_ping(lab, 84);
        run_ms(lab, 1000);
    }
    assert_int_equal(counts(lab, 0)->lan_heard, 60);
    assert_true(lab->direct_frames >= 5);
    assert_true(lab->direct_frames <= 60); /* handshakes, repeated ever less often */
    lab_free(lab);
}

static void a_question_is_answered_once_and_not_by_all_at_once(void **state)
{
    struct lab *lab = lan_new();
    uint8_t notice[LAN_NOTICE_SIZE];
    uint64_t at_ms = 0;
    size_t count = 0;

    (void)state;
    lan_run_ms(lab, 5000);
    for (uint64_t i = 0; i < 5; i++) {
        notice_of_nas(lab, notice, nas_ip4, UINT64_MAX - 10 + i, true);
        host_core_lan_receive(core_of(lab, 0), notice, sizeof(notice), lab->now);
    }
    for (; at_ms < LAN_ANSWER_SPREAD_MS; at_ms++) {
        count += say(lab, 0, false, notice);
        run_ms(lab, 1);
    }
    assert_int_equal(count, 1);
    lab_free(lab);
}

static void somebody_who_is_not_there_is_asked_for_once_in_two_seconds(void **state)
{
    struct lab *lab = lan_new();
    uint8_t last[LAN_NOTICE_SIZE];
    size_t count = 0;

    (void)state;
    lab_restart(lab, 1);
    for (int i = 0; i < 500; i++) { /* the burst of the start first */
        run_ms(lab, STEP_MS);
        (void)say(lab, 0, false, last);
    }
    for (int i = 0; i < 2000; i++) {
        if (i % 50 == 0) {
            send_ping(lab, 84);
        }
        run_ms(lab, STEP_MS);
        count += say(lab, 0, false, last);
    }
    assert_true(count >= 3);
    assert_true(count <= 20000 / LAN_QUESTION_AGAIN_MS + 1);
    lab_free(lab);
}

static void at_rest_there_is_about_one_notice_a_minute(void **state)
{
    struct lab *lab = lan_new();
    uint8_t last[LAN_NOTICE_SIZE];
    size_t count = 0;

    (void)state;
    lan_run_ms(lab, 3000);
    proofs = 0;
    for (int i = 0; i < 600; i++) {
        run_ms(lab, 1000);
        count += say(lab, 0, false, last);
    }
    assert_true(count >= 10 && count <= 12);
    assert_int_equal(proofs, 0); /* nobody asks */
    lab_free(lab);
}

static void a_flood_of_notices_costs_few_signatures(void **state)
{
    struct lab *lab = lan_new();
    uint8_t notice[LAN_NOTICE_SIZE];

    (void)state;
    run_ms(lab, 100);
    for (uint64_t i = 0; i < 1000; i++) {
        notice_of_nas(lab, notice, nas_ip4, UINT64_MAX - 2000 + i, true);
        host_core_lan_receive(core_of(lab, 0), notice, sizeof(notice), lab->now);
    }
    assert_int_equal(counts(lab, 0)->lan_heard, 5 * LAN_VERIFIES_PER_S);
    assert_int_equal(counts(lab, 0)->lan_dropped, 1000 - 5 * LAN_VERIFIES_PER_S);
    lab_free(lab);
}

static void in_a_new_network_it_is_said_again_and_nobody_is_there_yet(void **state)
{
    struct lab *lab = lan_new();
    const uint8_t *nas = lab->hosts[1].identity.public_key;
    uint8_t last[LAN_NOTICE_SIZE];

    (void)state;
    lan_run_ms(lab, 5000);
    assert_non_null(lan_places_find(&core_of(lab, 0)->conversations.lan, nas, lab->now));
    lab->hosts[0].address.ip[14] = 7;
    host_node_tell_network(&lab->hosts[0], lab->now);
    assert_null(lan_places_find(&core_of(lab, 0)->conversations.lan, nas, lab->now));
    assert_int_equal(say(lab, 0, false, last), 1);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_members_reach_each_other_without_a_relay),
        cmocka_unit_test(who_comes_later_is_found_at_once),
        cmocka_unit_test(who_joined_later_is_known_by_its_proof),
        cmocka_unit_test(proofs_that_prove_nothing_change_nothing_and_cost_little),
        cmocka_unit_test(what_nobody_of_the_ziglan_made_changes_nothing),
        cmocka_unit_test(a_notice_of_nobody_that_is_known_changes_nothing),
        cmocka_unit_test(an_old_notice_that_is_repeated_changes_nothing),
        cmocka_unit_test(addresses_outside_our_lans_are_not_used),
        cmocka_unit_test(a_silent_address_gets_few_frames),
        cmocka_unit_test(a_question_is_answered_once_and_not_by_all_at_once),
        cmocka_unit_test(somebody_who_is_not_there_is_asked_for_once_in_two_seconds),
        cmocka_unit_test(at_rest_there_is_about_one_notice_a_minute),
        cmocka_unit_test(a_flood_of_notices_costs_few_signatures),
        cmocka_unit_test(in_a_new_network_it_is_said_again_and_nobody_is_there_yet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
