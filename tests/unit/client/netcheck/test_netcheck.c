/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each kind of NAT is measured by relays that lend each other their addresses. */
#include "client/netcheck/netcheck.h"

#include "tests/support/endpoints.h"
#include "tests/support/env.h"
#include "tests/support/nat_text.h"
#include "tests/support/netcheck_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { EI = NAT_ENDPOINT_INDEPENDENT, AD = NAT_ADDRESS_DEPENDENT };
enum { APD = NAT_ADDRESS_AND_PORT_DEPENDENT };

static struct nat_kind kind_of(int mapping, int filtering)
{
    return (struct nat_kind){.translates = true,
                             .mapping = (enum nat_rule)mapping,
                             .filtering = (enum nat_rule)filtering,
                             .lifetime_s = 120};
}

static enum nat_depends depends_of(enum nat_rule rule)
{
    static const enum nat_depends all[] = {NAT_DEPENDS_ON_NOTHING, NAT_DEPENDS_ON_ADDRESS,
                                           NAT_DEPENDS_ON_ADDRESS_AND_PORT};

    return all[rule];
}

static void measure(const struct nat_kind *kind, size_t relays, size_t known, uint64_t seed,
                    struct netcheck_found *found)
{
    struct netcheck_net host;

    netcheck_net_init(&host, relays, known, kind, seed);
    assert_true(netcheck_net_measure(&host, found) <= NETCHECK_DONE_MS + 5);
    netcheck_net_fini(&host);
}

static void mapping_and_filtering_of_every_kind_are_found(void **state)
{
    (void)state;
    for (int mapping = EI; mapping <= APD; mapping++) {
        for (int filtering = EI; filtering <= APD; filtering++) {
            const struct nat_kind kind = kind_of(mapping, filtering);
            struct netcheck_found found;
            char text[NAT_KIND_TEXT_SIZE];

            measure(&kind, 4, 1, (uint64_t)(mapping * 3 + filtering), &found);
            print_message("%s: %d %d\n", nat_kind_text(&kind, text), found.facts.mapping,
                          found.facts.filtering);
            assert_int_equal(found.facts.mapping, depends_of(kind.mapping));
            assert_int_equal(found.facts.filtering, depends_of(kind.filtering));
            assert_true(found.facts.translated);
            assert_false(found.facts.preserving);
            assert_int_equal(found.facts.addresses, 1);
            assert_int_equal(found.facts.ports, mapping == EI ? NAT_PORTS_ONE : NAT_PORTS_RANDOM);
        }
    }
}

/* Each socket has a port, and each was seen by one relay only: how ports depend on the peer is not
 * known, so neither is how they are chosen. */
static void ports_of_sockets_that_one_relay_saw_tell_nothing(void **state)
{
    const uint8_t ip[4] = {203, 0, 113, 7}, relay_ip[4] = {192, 0, 2, 1}, own[4] = {10, 0, 0, 2};
    const struct endpoint relay = endpoint_v4(relay_ip, 4433), local = endpoint_v4(own, 40001);
    struct nat_sample samples[3];
    struct nat_facts facts;

    (void)state;
    for (uint16_t i = 0; i < 3; i++) {
        samples[i] = (struct nat_sample){.socket = (uint16_t)(40001 + i),
                                         .remote = relay,
                                         .mapped = endpoint_v4(ip, (uint16_t)(40001 + 7001 * i)),
                                         .order = i};
    }
    nat_facts_judge(&facts, &local, samples, 3);
    assert_int_equal(facts.mapping, NAT_DEPENDS_UNKNOWN);
    assert_int_equal(facts.ports, NAT_PORTS_UNKNOWN);
}

/* Samples of one socket, as a NAT would make them that keeps the port: each remote, as relay and
 * port, is seen from one of two addresses. */
static enum nat_depends judged(const char *seen, uint16_t socket_count)
{
    const struct endpoint local = endpoint_v4((const uint8_t[4]){10, 0, 0, 2}, 40000);
    struct nat_sample samples[NAT_SAMPLES_MAX];
    struct nat_facts facts;
    size_t count = 0;

    for (uint16_t socket = 0; socket < socket_count; socket++) {
        for (const char *at = seen; *at != '\0'; at += 3) { /* relay, port, address */
            const uint8_t relay[4] = {192, 0, 2, (uint8_t)at[0]};
            const uint8_t outside[4] = {203, 0, 113, (uint8_t)at[2]};

            samples[count] = (struct nat_sample){
                .socket = (uint16_t)(40000 + socket),
                .remote = endpoint_v4(relay, (uint16_t)at[1]),
                .mapped = endpoint_v4(outside, (uint16_t)(40000 + socket)),
                .order = (uint32_t)count,
            };
            count++;
        }
    }
    nat_facts_judge(&facts, &local, samples, count);
    assert_true(facts.preserving && facts.translated);
    return facts.mapping;
}

/* It may have drawn the same address for two mappings, so that a few that agree prove nothing. */
static void of_a_nat_that_draws_addresses_only_what_is_no_luck_is_told(void **state)
{
    (void)state;
    assert_int_equal(judged("1aA1bB2aA", 1), NAT_DEPENDS_ON_ADDRESS_AND_PORT);
    assert_int_equal(judged("1aA1bA2aB", 1), NAT_DEPENDS_ON_SOMETHING);
    assert_int_equal(judged("1aA1bA1cA2aB", 4), NAT_DEPENDS_ON_ADDRESS); /* 2^8 to 1 */
    assert_int_equal(judged("1aA1bA1cA2aB", 3), NAT_DEPENDS_ON_SOMETHING);
    assert_int_equal(judged("1aA1bA2aA2bA3aA3bA", 1), NAT_DEPENDS_ON_NOTHING); /* one address */
}

/* The same, where the addresses of two sockets differ, and those of each one do not. */
static void sockets_with_different_addresses_make_a_nat_that_draws_them(void **state)
{
    const struct endpoint local = endpoint_v4((const uint8_t[4]){10, 0, 0, 2}, 40000);

    (void)state;
    for (uint8_t each = 2; each <= 6; each++) {
        struct nat_sample samples[NAT_SAMPLES_MAX];
        struct nat_facts facts;
        size_t count = 0;

        for (uint16_t socket = 0; socket < 2; socket++) {
            for (uint8_t remote = 0; remote < 2 * each; remote++) { /* two ports each */
                samples[count] = (struct nat_sample){
                    .socket = (uint16_t)(40000 + socket),
                    .remote =
                        endpoint_v4((const uint8_t[4]){192, 0, 2, remote / 2}, 443 + remote % 2),
                    .mapped = endpoint_v4((const uint8_t[4]){203, 0, 113, (uint8_t)socket},
                                          (uint16_t)(40000 + socket)),
                };
                count++;
            }
        }
        nat_facts_judge(&facts, &local, samples, count);
        assert_int_equal(facts.addresses, 2);
        assert_int_equal(facts.mapping, each < 5 ? NAT_DEPENDS_UNKNOWN : NAT_DEPENDS_ON_NOTHING);
    }
}

/* Two round trips pass before it tells of its neighbours. */
static void a_relay_that_is_far_away_tells_of_others_in_time(void **state)
{
    const struct nat_kind kind = kind_of(EI, APD);
    struct netcheck_found found;
    struct netcheck_net host;

    (void)state;
    netcheck_net_init(&host, 4, 1, &kind, 77);
    host.net->wire.delay_us = 330000; /* each way */
    assert_true(netcheck_net_measure(&host, &found) <= NETCHECK_DONE_MS + 5);
    netcheck_net_fini(&host);
    assert_int_equal(found.facts.mapping, NAT_DEPENDS_ON_NOTHING);
    assert_int_equal(found.facts.name, NAT_NAME_P_RC);
}

static void the_names_are_those_of_stun2(void **state)
{
    static const struct {
        bool translates;
        int mapping, filtering;
        enum nat_name name;
    } rows[] = {
        {true, EI, EI, NAT_NAME_FULL_CONE},   {true, EI, AD, NAT_NAME_RC},
        {true, EI, APD, NAT_NAME_P_RC},       {true, AD, EI, NAT_NAME_SYM},
        {true, APD, APD, NAT_NAME_SYM},       {false, EI, EI, NAT_NAME_PUBLIC},
        {false, EI, APD, NAT_NAME_PUBLIC_FW},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct nat_kind kind = kind_of(rows[i].mapping, rows[i].filtering);
        struct netcheck_found found;

        kind.translates = rows[i].translates;
        measure(&kind, 3, 2, i, &found);
        assert_int_equal(found.facts.name, rows[i].name);
        assert_int_equal(found.facts.translated, rows[i].translates);
    }
}

static void ports_by_steps_of_a_range_and_the_own_one_are_told_apart(void **state)
{
    struct nat_kind kind = kind_of(APD, APD);
    struct netcheck_found found;

    (void)state;
    for (uint16_t step = 1; step <= 8; step++) {
        kind.step = step;
        measure(&kind, 4, 1, step, &found);
        assert_int_equal(found.facts.ports, NAT_PORTS_STEP);
        assert_int_equal(found.facts.step, step);
        assert_int_equal(found.facts.name, NAT_NAME_SYM_STEP);
    }
    kind.step = 0;
    kind.range_size = 512;
    measure(&kind, 4, 1, 20, &found);
    assert_int_equal(found.facts.name, NAT_NAME_SYM_RANGE);
    assert_true(found.facts.port_low >= 20000 && found.facts.port_high < 20512);
    kind = kind_of(EI, APD);
    kind.port_preserving = true;
    measure(&kind, 4, 1, 21, &found);
    assert_true(found.facts.preserving && found.facts.translated);
    assert_int_equal(found.facts.name, NAT_NAME_P_RC);
}

/* The address changes, the port does not: that is no range of ports. */
static void a_nat_that_changes_the_address_alone_has_one_port(void **state)
{
    struct nat_kind kind = kind_of(APD, APD);
    struct netcheck_found found;

    (void)state;
    kind.port_preserving = true;
    kind.addresses = 16;
    measure(&kind, 4, 2, 5, &found);
    assert_true(found.facts.addresses > 1 && found.facts.preserving);
    assert_int_equal(found.facts.mapping, NAT_DEPENDS_ON_ADDRESS_AND_PORT);
    assert_int_equal(found.facts.ports, NAT_PORTS_ONE);
    assert_int_equal(found.facts.name, NAT_NAME_SYM);
}

static void a_nat_with_several_addresses_is_seen(void **state)
{
    struct nat_kind kind = kind_of(APD, APD);
    struct netcheck_found found;

    (void)state;
    kind.addresses = 8;
    measure(&kind, 4, 1, 3, &found);
    assert_true(found.facts.addresses > 1);
    assert_int_equal(found.facts.mapping, NAT_DEPENDS_ON_ADDRESS_AND_PORT);
}

static void without_udp_it_says_blocked(void **state)
{
    const struct nat_kind kind = kind_of(EI, APD);
    struct netcheck_found found;
    struct netcheck_net host;

    (void)state;
    netcheck_net_init(&host, 3, 2, &kind, 1);
    host.blocked = true;
    assert_true(netcheck_net_measure(&host, &found) <= NETCHECK_DONE_MS + 5);
    assert_true(host.first_ms <= NETCHECK_FIRST_MS + 5);
    assert_int_equal(host.first.facts.name, NAT_NAME_BLOCKED);
    assert_int_equal(found.facts.name, NAT_NAME_BLOCKED);
    assert_false(found.facts.answered);
    netcheck_net_fini(&host);
}

static void the_first_verdict_is_there_in_time_and_right(void **state)
{
    (void)state;
    for (int filtering = EI; filtering <= APD; filtering++) {
        const struct nat_kind kind = kind_of(EI, filtering);
        struct netcheck_found found;
        struct netcheck_net host;

        netcheck_net_init(&host, 4, 1, &kind, 1);
        host.net->wire.delay_us = 75000; /* a round trip of 150 ms */
        (void)netcheck_net_measure(&host, &found);
        assert_true(host.first_ms <= NETCHECK_FIRST_MS + 5);
        assert_int_equal(host.first.facts.filtering, depends_of(kind.filtering));
        assert_int_equal(host.first.facts.mapping, NAT_DEPENDS_ON_NOTHING);
        netcheck_net_fini(&host);
    }
}

static void with_one_relay_it_says_what_it_cannot_know(void **state)
{
    struct nat_kind kind = kind_of(EI, AD);
    struct netcheck_found found;

    (void)state;
    measure(&kind, 1, 1, 1, &found);
    assert_true(found.one_address);
    assert_int_equal(found.facts.filtering, NAT_DEPENDS_NOT_ON_PORT);
    assert_int_equal(found.facts.mapping, NAT_DEPENDS_NOT_ON_PORT);
    assert_int_equal(found.facts.name, NAT_NAME_UNKNOWN);
    kind = kind_of(APD, APD); /* and what it can */
    measure(&kind, 1, 1, 1, &found);
    assert_int_equal(found.facts.mapping, NAT_DEPENDS_ON_ADDRESS_AND_PORT);
    assert_int_equal(found.facts.filtering, NAT_DEPENDS_ON_ADDRESS_AND_PORT);
    assert_int_equal(found.facts.name, NAT_NAME_SYM);
}

static void the_outer_of_two_nats_is_what_counts(void **state)
{
    const struct nat_kind kind = kind_of(EI, EI);
    struct netcheck_found found;
    struct netcheck_net host;

    (void)state;
    netcheck_net_init(&host, 4, 1, &kind, 2);
    host.twice = true;
    (void)netcheck_net_measure(&host, &found);
    assert_int_equal(found.facts.name, NAT_NAME_P_RC);
    netcheck_net_fini(&host);
}

static void the_size_that_passes_and_the_relays_are_measured(void **state)
{
    const struct nat_kind kind = kind_of(EI, EI);
    struct netcheck_found found;
    struct netcheck_net host;

    (void)state;
    netcheck_net_init(&host, 3, 3, &kind, 1);
    (void)netcheck_net_measure(&host, &found);
    assert_int_equal(found.mtu, 1500);
    assert_int_equal(found.relays_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(found.relays[i].rtt_us, 20000);
        assert_int_equal(found.relays[i].answered, found.relays[i].sent);
    }
    netcheck_net_fini(&host);
}

/* Of a link's size the next smaller usual one is told; and once one passes, none is tried that
 * would tell nothing new. */
static void the_largest_usual_size_that_passes_is_told(void **state)
{
    static const uint16_t rows[][2] = {{1500, 1500}, {1499, 1492}, {1420, 1420},
                                       {1412, 1400}, {1400, 1400}, {1280, 1280}};
    const struct nat_kind kind = kind_of(EI, EI);
    size_t least = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct netcheck_found found;
        struct netcheck_net host;

        netcheck_net_init(&host, 3, 1, &kind, 1);
        host.size_max = rows[i][0] - NETCHECK_IP4_HEADERS;
        (void)netcheck_net_measure(&host, &found);
        assert_int_equal(found.mtu, rows[i][1]);
        least = i == 0 ? host.bytes : least;
        assert_true(host.bytes <= least + 3U * 1472 * 10);
        netcheck_net_fini(&host);
    }
    assert_true(least < 6000);
}

static void hairpin_is_found_where_it_is_asked_for(void **state)
{
    (void)state;
    for (int hairpin = 0; hairpin < 2; hairpin++) {
        struct nat_kind kind = kind_of(EI, APD);
        struct netcheck_found found;
        struct netcheck_net host;

        kind.hairpin = hairpin == 1;
        netcheck_net_init(&host, 3, 1, &kind, 1);
        (void)netcheck_net_measure(&host, &found);
        assert_int_equal(found.hairpin, NETCHECK_HAIRPIN_NOT_ASKED);
        host.cfg.hairpin = true;
        (void)netcheck_net_measure(&host, &found);
        assert_int_equal(found.hairpin, kind.hairpin ? NETCHECK_HAIRPIN_YES : NETCHECK_HAIRPIN_NO);
        netcheck_net_fini(&host);
    }
}

static void a_silent_first_relay_is_passed_over(void **state)
{
    const struct nat_kind kind = kind_of(EI, AD);
    struct netcheck_found found;
    struct netcheck_net host;

    (void)state;
    netcheck_net_init(&host, 5, 2, &kind, 1);
    relay_node_stop(&host.net->nodes[0]);
    (void)netcheck_net_measure(&host, &found);
    assert_int_equal(found.facts.mapping, NAT_DEPENDS_ON_NOTHING);
    assert_int_equal(found.facts.filtering, NAT_DEPENDS_ON_ADDRESS);
    assert_int_equal(found.relays[0].answered, 0);
    netcheck_net_fini(&host);
}

static void answers_that_nobody_asked_for_change_nothing(void **state)
{
    const struct nat_kind kind = kind_of(EI, EI);
    const uint8_t ip[4] = {192, 0, 2, 66};
    uint8_t packet[STUN_REQUEST_SIZE];
    const uint8_t id[STUN_ID_SIZE] = {1};
    struct netcheck_found before, after;
    struct netcheck_net host;
    struct dgram in = {.remote = endpoint_v4(ip, 4433), .data = packet, .size = sizeof(packet)};

    (void)state;
    netcheck_net_init(&host, 3, 1, &kind, 1);
    host.blocked = true;
    (void)netcheck_net_measure(&host, &before);
    in.local = host.cfg.locals[NETCHECK_SOCKET_FILTER];
    stun_indication(packet, id);
    netcheck_receive(&host.check, &in, host.net->now);
    memset(packet, 0xff, sizeof(packet));
    netcheck_receive(&host.check, &in, host.net->now);
    netcheck_found_read(&host.check, &after);
    assert_memory_equal(&before, &after, sizeof(before));
    netcheck_net_fini(&host);
}

/* A relay names lenders as it likes, and says where it sees this host: at its own address, or at
 * another one with the same ports. How many packets went to others than itself? */
static size_t packets_to_named(const uint8_t ip[4], bool keeps_port)
{
    const struct endpoint locals[NETCHECK_SOCKETS] = {test_endpoint(9, 1), test_endpoint(9, 2),
                                                      test_endpoint(9, 3)};
    struct netcheck_config cfg = {.relays = {test_endpoint(1, 4433)}, .relays_count = 1};
    struct lend_answer answer = {
        .state = LEND_STATE_SENT,
        .ports = {443},
        .ports_count = 1,
        .lenders = {{LEND_RESULT_SENT, endpoint_v4(ip, 53)},
                    {LEND_RESULT_SENT, endpoint_v4(ip, 54)}},
        .lenders_count = 2,
    };
    struct mono now = {NS_PER_S};
    struct netcheck check;
    struct test_env env;
    struct outbox box;
    size_t named = 0;

    test_env_init(&env, 1);
    memcpy(cfg.locals, locals, sizeof(locals));
    assert_int_equal(outbox_init(&box, 65536, 256), ERR_OK);
    netcheck_init(&check, &cfg, &env.env, now);
    for (int ms = 0; ms <= NETCHECK_DONE_MS; ms += 10) {
        netcheck_transmit(&check, &box, now);
        for (size_t i = 0; i < box.items_count; i++) {
            const struct outbox_item *item = &box.items[i];
            uint8_t out[STUN_LEND_ANSWER_SIZE_MAX], value[LEND_ANSWER_SIZE_MAX];
            struct endpoint seen = keeps_port ? test_endpoint(7, item->local.port) : locals[0];
            struct stun_message request;
            size_t size, value_size;

            if (!endpoint_equal(&item->remote, &cfg.relays[0])) {
                named += endpoint_same_ip(&item->remote, &cfg.relays[0]) ? 0 : 1;
                continue;
            }
            assert_int_equal(stun_parse(&request, box.bytes + item->offset, item->size), ERR_OK);
            lend_answer_encode(value, &value_size, &answer);
            assert_int_equal(
                stun_lend_answer(out, &size, &request, &seen, &item->remote, value, value_size),
                ERR_OK);
            netcheck_receive(
                &check,
                &(const struct dgram){
                    .local = item->local, .remote = item->remote, .data = out, .size = size},
                now);
        }
        outbox_clear(&box);
        now = mono_add_ms(now, 10);
    }
    outbox_fini(&box);
    return named;
}

static void a_relay_leads_nobody_to_special_addresses_and_few_packets_to_others(void **state)
{
    static const uint8_t special[][4] = {
        {127, 0, 0, 1}, {10, 0, 0, 1}, {192, 168, 1, 1}, {224, 0, 0, 1}, {255, 255, 255, 255}};
    static const uint8_t victim[4] = {203, 0, 113, 7};

    (void)state;
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        assert_int_equal(packets_to_named(special[i], true), 0);
    }
    assert_int_equal(packets_to_named(victim, false), LEND_LENDERS_MAX * QUESTION_TRIES_MAX);
    assert_int_equal(packets_to_named(victim, true), 2 * LEND_LENDERS_MAX * QUESTION_TRIES_MAX);
}

static void what_a_measurement_sends_is_little(void **state)
{
    const struct nat_kind kind = kind_of(APD, APD);
    struct netcheck_found found;
    struct netcheck_net host;

    (void)state;
    netcheck_net_init(&host, 8, 8, &kind, 1);
    (void)netcheck_net_measure(&host, &found);
    print_message("%zu packets, %zu bytes, %zu mappings\n", host.sent, host.bytes,
                  host.nat.mappings_most);
    assert_true(host.sent <= 80 && host.bytes <= 24000 && host.nat.mappings_most <= 16);
    netcheck_net_fini(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mapping_and_filtering_of_every_kind_are_found),
        cmocka_unit_test(ports_of_sockets_that_one_relay_saw_tell_nothing),
        cmocka_unit_test(of_a_nat_that_draws_addresses_only_what_is_no_luck_is_told),
        cmocka_unit_test(sockets_with_different_addresses_make_a_nat_that_draws_them),
        cmocka_unit_test(a_relay_that_is_far_away_tells_of_others_in_time),
        cmocka_unit_test(the_names_are_those_of_stun2),
        cmocka_unit_test(ports_by_steps_of_a_range_and_the_own_one_are_told_apart),
        cmocka_unit_test(a_nat_that_changes_the_address_alone_has_one_port),
        cmocka_unit_test(a_nat_with_several_addresses_is_seen),
        cmocka_unit_test(without_udp_it_says_blocked),
        cmocka_unit_test(the_first_verdict_is_there_in_time_and_right),
        cmocka_unit_test(with_one_relay_it_says_what_it_cannot_know),
        cmocka_unit_test(the_outer_of_two_nats_is_what_counts),
        cmocka_unit_test(the_size_that_passes_and_the_relays_are_measured),
        cmocka_unit_test(the_largest_usual_size_that_passes_is_told),
        cmocka_unit_test(hairpin_is_found_where_it_is_asked_for),
        cmocka_unit_test(a_silent_first_relay_is_passed_over),
        cmocka_unit_test(answers_that_nobody_asked_for_change_nothing),
        cmocka_unit_test(a_relay_leads_nobody_to_special_addresses_and_few_packets_to_others),
        cmocka_unit_test(what_a_measurement_sends_is_little),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
