/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two host cores and a relay core: join, first packet over the relay, direct path, loss of it,
 * restart of the relay, revocation. */
#include "client/core/core.h"
#include "client/core/core_internal.h"
#include "relayd/core/core.h"
#include "relayd/service/operator.h"
#include "tests/support/alone.h"
#include "tests/support/endpoints.h"
#include "tests/support/host_fixture.h"
#include "tests/support/naive_sum.h"

static void the_first_packet_arrives_over_the_relay_within_three_round_trips(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    lab->cut_direct = true;
    send_ping(lab, 84);
    run_ms(lab, 2 * 4 * DELAY_MS);
    assert_int_equal(lab->hosts[1].delivered, 1);
    assert_int_equal(lab->hosts[1].last_size, 84);
    assert_int_equal(naive_sum(0, lab->hosts[1].last, 20), 0xffff);
    assert_int_equal(naive_sum(0, lab->hosts[1].last + 20, 64), 0xffff);
    assert_string_equal(state_of_nas(lab), "relayed");
    assert_int_equal(peer_find(&lab->hosts[1].core->peers, lab->hosts[0].identity.public_key)
                         ->traffic.rx_relayed_packets,
                     1);
    lab_free(lab);
}

static void the_path_becomes_direct_and_carries_the_packets(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    send_ping(lab, 84);
    run_ms(lab, 1000);
    assert_string_equal(state_of_nas(lab), "direct");
    size_t before = lab->direct_frames;
    send_ping(lab, MTU);
    run_ms(lab, DELAY_MS);
    assert_int_equal(lab->hosts[1].delivered, 2);
    assert_int_equal(lab->hosts[1].last_size, MTU);
    assert_true(lab->direct_frames > before);
    lab_free(lab);
}

static void a_cut_direct_path_is_left_for_the_relay_within_a_second(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    send_ping(lab, 84);
    run_ms(lab, 1000);
    assert_string_equal(state_of_nas(lab), "direct");
    lab->cut_direct = true;
    send_pings(lab, 10, 100);
    next_ping_arrives(lab, 84, 100);
    assert_string_equal(state_of_nas(lab), "relayed");
    lab->cut_direct = false;
    send_pings(lab, 150, 100);
    assert_string_equal(state_of_nas(lab), "direct");
    lab_free(lab);
}

static void a_path_that_heals_is_taken_again_soon(void **state)
{
    struct lab *lab = lab_joined();
    int waited = 0;

    (void)state;
    send_ping(lab, 84);
    run_ms(lab, 1000);
    assert_string_equal(state_of_nas(lab), "direct");
    lab->cut_direct = true;
    send_pings(lab, 300, 100);
    assert_string_equal(state_of_nas(lab), "relayed");
    lab->cut_direct = false;
    while (strcmp(state_of_nas(lab), "direct") != 0) {
        send_ping(lab, 84);
        run_ms(lab, 100);
        waited++;
        assert_true(waited < 50);
    }
    lab_free(lab);
}

static void a_full_packet_passes_an_underlay_of_1280_in_fragments_and_capsules(void **state)
{
    struct lab *lab = lab_joined_over(1280);

    (void)state;
    lab->cut_direct = true;
    send_ping(lab, MTU);
    run_ms(lab, 500);
    assert_int_equal(lab->hosts[1].delivered, 1);
    lab->cut_direct = false;
    send_pings(lab, 130, 100);
    assert_string_equal(state_of_nas(lab), "direct");
    next_ping_arrives(lab, MTU, 100);
    assert_int_equal(lab->hosts[1].last_size, MTU);
    lab_free(lab);
}

static void a_packet_that_no_fragments_make_fit_goes_through_the_relay(void **state)
{
    struct lab *lab = lab_new_of_mtu(INNER_MTU_MAX);

    (void)state;
    join(lab, 0);
    join(lab, 1);
    run_ms(lab, 1500);
    send_pings(lab, 20, 100);
    assert_string_equal(state_of_nas(lab), "direct");
    next_ping_arrives(lab, INNER_MTU_MAX, 500);
    assert_int_equal(lab->hosts[1].last_size, INNER_MTU_MAX);
    lab_free(lab);
}

static void a_restarted_relay_is_found_again_within_three_seconds(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    lab->cut_direct = true;
    send_ping(lab, 84);
    run_ms(lab, 500);
    assert_int_equal(lab->hosts[1].delivered, 1);
    relay_node_stop(&lab->relay);
    run_ms(lab, 5000);
    start_relay(lab);
    send_pings(lab, 30, 100);
    next_ping_arrives(lab, 84, 100);
    lab_free(lab);
}

static void a_direct_path_survives_the_end_of_the_relay(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    send_ping(lab, 84);
    run_ms(lab, 1000);
    relay_node_stop(&lab->relay);
    /* Beyond the rekey time: the new handshake goes over the direct path. */
    send_pings(lab, 400, 1000);
    assert_string_equal(state_of_nas(lab), "direct");
    assert_true(lab->hosts[1].delivered >= 400);
    lab_free(lab);
}

static void a_revoked_member_is_cut_off_at_once(void **state)
{
    struct lab *lab = lab_joined();
    struct who_fits who;

    (void)state;
    send_ping(lab, 84);
    run_ms(lab, 1000);
    assert_int_equal(lab->hosts[1].delivered, 1);
    assert_int_equal(operator_revoke(relay_core_operator(lab->relay.core), "anna", &who, lab->now),
                     VERDICT_OK);
    run_ms(lab, 200);
    assert_null(peer_find(&lab->hosts[1].core->peers, lab->hosts[0].identity.public_key));
    if (state_of_nas(lab)[0] != '\0') { /* the relay may have told anna nothing of it */
        send_ping(lab, 84);
    }
    run_ms(lab, 1000);
    assert_int_equal(lab->hosts[1].delivered, 1);
    lab_free(lab);
}

/* An ICMPv6 echo request from host 0 to one of nas's fixed addresses. */
static void send_ping6_fixed(struct lab *lab, const uint8_t middle[4])
{
    struct host_node *h = &lab->hosts[0];
    uint8_t v4[4], resolver[4], bits;
    uint8_t bytes[48] = {0x60, 0, 0, 0, 0, 8, 58, 64};
    struct packet packet = {.data = bytes, .size = sizeof(bytes)};
    uint16_t sum;

    host_core_addresses(h->core, v4, bytes + 8, resolver, &bits);
    memcpy(bytes + 24, (const uint8_t[]){0xfd, 0xd9, 0xf8, 0xff}, 4);
    memcpy(bytes + 28, middle, 4);
    memcpy(bytes + 32, (const uint8_t[]){2, 0, 0, 0xff, 0xfe, 0, 0, 2}, 8);
    bytes[40] = 128;
    sum = (uint16_t)~naive_sum(8 + 58, bytes + 8, 40); /* over the pseudo header and the payload */
    bytes[42] = (uint8_t)(sum >> 8);
    bytes[43] = (uint8_t)sum;
    host_core_packets(h->core, &packet, 1, &h->io, lab->now);
    flush_host(lab, h);
}

static void a_fixed_address_claimed_in_the_member_part_is_reached(void **state)
{
    struct lab *lab = lab_joined();
    struct host_node *nas = &lab->hosts[1];

    (void)state;
    send_ping6_fixed(lab, (const uint8_t[]){0, 0, 0, 0});
    run_ms(lab, 500);
    assert_int_equal(nas->delivered, 1);
    assert_memory_equal(nas->last + 24, ((const uint8_t[]){0xfd, 0xd9, 0xf8, 0xff, 0, 0, 0, 0}), 8);
    assert_int_equal(nas->last[39], 2);
    assert_int_equal(naive_sum(8 + 58, nas->last + 8, 40), 0xffff);
    /* The 32 bits in the middle all belong to the same host. */
    send_ping6_fixed(lab, (const uint8_t[]){0xff, 0xff, 0xff, 0xff});
    run_ms(lab, 500);
    assert_int_equal(nas->delivered, 2);
    assert_int_equal(nas->last[28], 0xff);
    lab_free(lab);
}

static void what_is_no_frame_of_a_member_is_not_answered(void **state)
{
    struct alone *alone = *state;
    static const size_t sizes[] = {1, 16, 40, COOKIE_REPLY_SIZE, HANDSHAKE_INITIATION_SIZE};
    struct endpoint from = test_endpoint(1, 5000);
    uint8_t data[HANDSHAKE_INITIATION_SIZE] = {0};

    for (unsigned first = 0; first < 256; first++) {
        data[0] = (uint8_t)first;
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct dgram in = {.remote = from, .data = data, .size = sizes[i]};

            host_core_receive(alone->node.core, &in, &alone->node.io, alone->now);
            host_core_transmit(alone->node.core, &alone->node.io, alone->now);
        }
    }
    assert_int_equal(alone->node.box.items_count, 0);
    assert_int_equal(alone->node.tun.items_count, 0);
    assert_int_equal(alone->node.core->conversations.count, 0);
    /* First bytes of neither QUIC nor a frame: all below 0x40, and 0x90 to 0xbf. */
    assert_int_equal(alone->node.core->dataplane.counters.foreign_dropped,
                     (0x40 + 0x30) * sizeof(sizes) / sizeof(sizes[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_packet_arrives_over_the_relay_within_three_round_trips),
        cmocka_unit_test(the_path_becomes_direct_and_carries_the_packets),
        cmocka_unit_test(a_cut_direct_path_is_left_for_the_relay_within_a_second),
        cmocka_unit_test(a_path_that_heals_is_taken_again_soon),
        cmocka_unit_test(a_full_packet_passes_an_underlay_of_1280_in_fragments_and_capsules),
        cmocka_unit_test(a_packet_that_no_fragments_make_fit_goes_through_the_relay),
        cmocka_unit_test(a_restarted_relay_is_found_again_within_three_seconds),
        cmocka_unit_test(a_direct_path_survives_the_end_of_the_relay),
        cmocka_unit_test(a_fixed_address_claimed_in_the_member_part_is_reached),
        cmocka_unit_test(a_revoked_member_is_cut_off_at_once),
        cmocka_unit_test_setup_teardown(what_is_no_frame_of_a_member_is_not_answered, alone_new,
                                        alone_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
