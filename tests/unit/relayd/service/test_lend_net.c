/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Relays lend each other their addresses, so that a host finds out what its NAT lets in; and nobody
 * else hears of that. */
#include "relayd/service/lend.h"

#include "tests/support/lend_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 4 };

static uint16_t asked_port; /* in requests */

/* Send a request with this cookie (NULL: none) from an address, which may be another's. */
static size_t ask_as(struct relay_net *net, const struct endpoint *from, uint8_t id,
                     const uint8_t *cookie)
{
    const uint8_t transaction[STUN_ID_SIZE] = {id, 77};
    uint8_t value[LEND_REQUEST_SIZE], packet[LEND_REQUEST_SIZE + STUN_REQUEST_SIZE + 4];

    lend_request_encode(value, cookie);
    lend_request_set_port(value, asked_port);
    size_t size = stun_lend_request(packet, transaction, value, sizeof(value));

    wire_send(&net->wire, from, &net->nodes[0].address, packet, size, net->now);
    return size;
}

static void ask(struct relay_net *net, struct lend_listener *l, uint8_t id, const uint8_t *cookie)
{
    (void)ask_as(net, &l->guest.address, id, cookie);
    relay_net_run(net, 100);
}

/* How many indications with this id came, in all, from relay 0, and from others. */
static size_t indications(const struct relay_net *net, const struct lend_listener *l, uint8_t id,
                          size_t *own, size_t *lent)
{
    const uint8_t transaction[STUN_ID_SIZE] = {id, 77};
    size_t count = 0;

    *own = *lent = 0;
    for (size_t i = 0; i < l->count; i++) {
        bool is_own = endpoint_same_ip(&l->from[i], &net->nodes[0].address);

        if (stun_is_indication(&l->heard[i], transaction)) {
            count++;
            *own += is_own && l->from[i].port == RELAY_NET_THIRD_PORT ? 1 : 0;
            *lent += !is_own && l->from[i].port == 4433 ? 1 : 0;
        }
    }
    return count;
}

static void who_proved_its_address_hears_from_other_ports_and_addresses(void **state)
{
    struct relay_net *net = lend_net_new(COUNT, 1);
    struct lend_listener l;
    size_t own, lent, before;

    (void)state;
    lend_net_listen(net, &l, 5);
    ask(net, &l, 1, NULL);
    assert_int_equal(l.told.state, LEND_STATE_COOKIE);
    assert_int_equal(l.count, 1);
    before = l.bytes;
    ask(net, &l, 1, l.told.cookie);
    assert_int_equal(l.told.state, LEND_STATE_SENT);
    assert_int_equal(l.told.ports_count, 2);
    assert_int_equal(l.told.ports[1], RELAY_NET_THIRD_PORT);
    assert_int_equal(l.told.lenders_count, LEND_LENDERS_MAX);
    relay_net_run(net, 1000);
    assert_int_equal(indications(net, &l, 1, &own, &lent), 3 * LEND_COPIES);
    assert_int_equal(own, LEND_COPIES);
    assert_int_equal(lent, 2 * LEND_COPIES);
    /* All of that is no more than what was sent for it. */
    assert_true(l.bytes - before <= LEND_REQUEST_SIZE + STUN_REQUEST_SIZE + 4 + 28);
    relay_net_free(net);
}

static void who_asks_again_is_told_what_the_lenders_did(void **state)
{
    struct relay_net *net = lend_net_new(COUNT, 2);
    uint8_t cookie[LEND_COOKIE_SIZE];
    struct lend_listener l;
    size_t own, lent;

    (void)state;
    lend_net_listen(net, &l, 5);
    ask(net, &l, 1, NULL);
    memcpy(cookie, l.told.cookie, sizeof(cookie));
    for (int i = 0; i < 4; i++) {
        ask(net, &l, 1, cookie);
        relay_net_run(net, 200);
    }
    for (size_t i = 0; i < l.told.lenders_count; i++) {
        assert_int_equal(l.told.lenders[i].result, LEND_RESULT_SENT);
    }
    relay_net_run(net, 1000);
    assert_int_equal(indications(net, &l, 1, &own, &lent), 3 * LEND_COPIES);
    assert_int_equal(net->nodes[0].core->base.counters.lend_begun, 1);
    relay_net_free(net);
}

static void nobody_is_sent_anything_for_whom_another_asks(void **state)
{
    struct relay_net *net = lend_net_new(COUNT, 3);
    struct lend_listener victim, l;
    size_t own, lent, sent = 0;

    (void)state;
    lend_net_listen(net, &victim, 66);
    lend_net_listen(net, &l, 5);
    ask(net, &l, 1, NULL);
    for (uint8_t i = 0; i < 200; i++) { /* with the cookie of another address, and with none */
        sent += ask_as(net, &victim.guest.address, i, i % 2 == 0 ? l.told.cookie : NULL);
        relay_net_run(net, 20);
    }
    relay_net_run(net, 2000);
    assert_int_equal(indications(net, &victim, 1, &own, &lent), 0);
    assert_true(victim.count <= 60); /* answers of STUN, at their usual rate */
    assert_true(victim.bytes < sent / 10);
    assert_int_equal(net->nodes[0].core->base.counters.lend_begun, 0);
    assert_true(net->nodes[0].core->base.counters.lend_wrong_cookie > 0);
    relay_net_free(net);
}

static void a_thousand_reports_of_one_address_are_refused(void **state)
{
    struct relay_net *net = lend_net_new(COUNT, 4);
    const struct relay_counters *counters = &net->nodes[0].core->base.counters;
    uint8_t cookie[LEND_COOKIE_SIZE];
    struct lend_listener l;
    uint64_t lent = 0;

    (void)state;
    lend_net_listen(net, &l, 5);
    ask(net, &l, 0, NULL);
    memcpy(cookie, l.told.cookie, sizeof(cookie));
    for (unsigned i = 1; i <= 1000; i++) {
        (void)ask_as(net, &l.guest.address, (uint8_t)i, cookie);
        relay_net_run(net, 20); /* fifty a second */
    }
    assert_int_equal(l.told.state, LEND_STATE_BUSY);
    assert_true(counters->lend_begun >= LEND_BURST && counters->lend_begun <= LEND_BURST + 5);
    assert_true(counters->stun_limited_address > 500);
    assert_true(counters->lend_limited_address > 100);
    for (size_t i = 1; i < COUNT; i++) {
        lent += net->nodes[i].core->base.counters.lent_sent;
    }
    assert_true(lent <= 2 * counters->lend_begun);
    relay_net_free(net);
}

static void a_hostile_neighbour_makes_us_send_little_to_a_stranger(void **state)
{
    struct relay_net *net = lend_net_new(COUNT, 5);
    const struct relay_counters *counters = &net->nodes[0].core->base.counters;
    struct lend_listener victim;

    (void)state;
    lend_net_listen(net, &victim, 66);
    for (unsigned i = 0; i < 1000; i++) {
        lend_net_job(net, 0, 1, i, &victim.guest.address, 0);
        relay_net_run(net, 10); /* a hundred a second, for ten seconds */
    }
    relay_net_run(net, 1000);
    assert_true(counters->lent_sent <= LEND_NET_BURST + 10 * LEND_NET_PER_S + 1);
    assert_true(victim.bytes <= (LEND_NET_BURST + 11) * LEND_COPIES * (28 + LEND_IP_HEADERS));
    assert_true(counters->lent_limited_neighbour > 500);
    assert_true(counters->lent_limited_net > 50);
    relay_net_free(net);
}

static void special_addresses_are_sent_nothing(void **state)
{
    static const uint8_t ips[][4] = {
        {127, 0, 0, 1}, {10, 0, 0, 1}, {192, 168, 1, 1}, {224, 0, 0, 1}, {255, 255, 255, 255}};
    struct relay_net *net = lend_net_new(COUNT, 6);
    const size_t count = sizeof(ips) / sizeof(ips[0]);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        const struct endpoint target = endpoint_v4(ips[i], 53);

        lend_net_job(net, 0, 1, i, &target, 0);
    }
    assert_int_equal(net->nodes[0].core->base.counters.lent_bad_target, count);
    assert_int_equal(net->nodes[0].core->base.counters.lent_sent, 0);
    relay_net_free(net);
}

static void only_who_was_asked_says_that_it_sent(void **state)
{
    struct relay_net *net = lend_net_new(COUNT, 7);
    struct lend_service *lend = &net->nodes[0].core->lend;
    Ziglan__LendDone body = ZIGLAN__LEND_DONE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    struct lend_job *entry = &lend->jobs[0];

    (void)state;
    *entry = (struct lend_job){.id = 5, .began_at = net->now, .lenders_count = 1};
    memcpy(entry->keys[0], relay_net_key(net, 2), KEY_SIZE);
    body.id = 5;
    body.sent = true;
    message.body_case = ZIGLAN__CONTROL__BODY_LEND_DONE;
    message.lend_done = &body;
    lend_on_done(lend, lend_net_neighbour(net, 0, 1), &message);
    assert_int_equal(entry->lenders[0].result, LEND_RESULT_ASKED);
    lend_on_done(lend, lend_net_neighbour(net, 0, 2), &message);
    assert_int_equal(entry->lenders[0].result, LEND_RESULT_SENT);
    relay_net_free(net);
}

/* A router lets another port in for who asks. */
static void what_is_lent_may_go_to_another_port_of_the_same_address(void **state)
{
    struct relay_net *net = lend_net_new(COUNT, 30);
    struct lend_listener asker, mapped;
    size_t own, lent;

    (void)state;
    lend_net_listen(net, &asker, 10);
    lend_net_listen(net, &mapped, 10);
    mapped.guest.address.port = asked_port = 6000;
    ask(net, &asker, 1, NULL);
    assert_int_equal(asker.told.state, LEND_STATE_COOKIE);
    assert_int_equal(mapped.count, 0); /* not before it is known who receives there */
    ask(net, &asker, 2, asker.told.cookie);
    assert_int_equal(asker.told.state, LEND_STATE_SENT);
    assert_int_equal(asker.told.port, 6000);
    relay_net_run(net, 3000);
    assert_int_equal(indications(net, &asker, 2, &own, &lent), 0);
    assert_int_equal(indications(net, &mapped, 2, &own, &lent),
                     (1 + LEND_LENDERS_MAX) * LEND_COPIES);
    assert_int_equal(own, LEND_COPIES);
    asked_port = 0;
    relay_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_proved_its_address_hears_from_other_ports_and_addresses),
        cmocka_unit_test(who_asks_again_is_told_what_the_lenders_did),
        cmocka_unit_test(nobody_is_sent_anything_for_whom_another_asks),
        cmocka_unit_test(a_thousand_reports_of_one_address_are_refused),
        cmocka_unit_test(a_hostile_neighbour_makes_us_send_little_to_a_stranger),
        cmocka_unit_test(special_addresses_are_sent_nothing),
        cmocka_unit_test(only_who_was_asked_says_that_it_sent),
        cmocka_unit_test(what_is_lent_may_go_to_another_port_of_the_same_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
