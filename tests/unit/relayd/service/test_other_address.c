/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stock STUN clients (RFC 5780) get answers from a second address, which a neighbour lends; and
 * nobody else gets much of that. */
#include "relayd/service/other_address.h"

#include "tests/support/lend_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 3, CHANGE_IP = 4, CHANGE_PORT = 2, REQUEST_SIZE = 28 };

/* A binding request of a stock client to a port of relay 0, from an address that may be forged. */
static void ask_as(struct relay_net *net, const struct endpoint *from, uint16_t port, uint8_t id,
                   uint8_t change)
{
    const uint8_t request[REQUEST_SIZE] = {
        [1] = 1,    [3] = 8,  [4] = 0x21, [5] = 0x12, [6] = 0xa4,
        [7] = 0x42, [8] = id, [21] = 3,   [23] = 4,   [27] = change,
    };
    struct endpoint to = net->nodes[0].address;

    to.port = port;
    wire_send(&net->wire, from, &to, request, sizeof(request), net->now);
}

static const struct stun_message *answer_of(const struct lend_listener *l, uint8_t number,
                                            size_t *index)
{
    const uint8_t id[STUN_ID_SIZE] = {number};

    for (size_t i = 0; i < l->count; i++) {
        if (stun_is_answer(&l->heard[i], id)) {
            *index = i;
            return &l->heard[i];
        }
    }
    return NULL;
}

static const struct stun_message *ask(struct relay_net *net, struct lend_listener *l, uint16_t port,
                                      uint8_t id, uint8_t change, struct endpoint *from)
{
    const struct stun_message *answer;
    size_t index = 0;

    ask_as(net, &l->guest.address, port, id, change);
    relay_net_run(net, 300);
    answer = answer_of(l, id, &index);
    *from = answer != NULL ? l->from[index] : (struct endpoint){.port = 0};
    return answer;
}

static const struct relay_counters *counters_of(const struct relay_net *net, size_t i)
{
    return &net->nodes[i].core->base.counters;
}

static void a_client_is_told_of_an_address_that_a_neighbour_lends(void **state)
{
    struct relay_net *net = lend_net_new(COUNT, 1);
    const struct stun_message *answer;
    struct endpoint from;
    struct lend_listener l;

    (void)state;
    lend_net_listen(net, &l, 5);
    answer = ask(net, &l, 4433, 1, 0, &from);
    assert_non_null(answer);
    assert_true(endpoint_equal(&answer->mapped, &l.guest.address));
    assert_true(endpoint_equal(&answer->origin, &net->nodes[0].address));
    assert_true(endpoint_same_ip(&answer->other, &net->nodes[1].address) ||
                endpoint_same_ip(&answer->other, &net->nodes[2].address));
    assert_int_equal(answer->other.port, RELAY_NET_OTHER_PORT);
    answer = ask(net, &l, RELAY_NET_OTHER_PORT, 2, 0, &from);
    assert_int_equal(answer->other.port, 4433); /* whichever port is asked, the other one */
    relay_net_free(net);
}

static void an_answer_comes_once_from_where_it_is_wanted(void **state)
{
    static const struct {
        uint8_t change;
        uint16_t port;
    } rows[] = {
        {CHANGE_PORT, RELAY_NET_OTHER_PORT},
        {CHANGE_IP, 4433},
        {CHANGE_IP | CHANGE_PORT, RELAY_NET_OTHER_PORT},
    };
    struct relay_net *net = lend_net_new(COUNT, 2);
    struct lend_listener l;

    (void)state;
    lend_net_listen(net, &l, 5);
    for (uint8_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct endpoint from;
        const struct stun_message *answer = ask(net, &l, 4433, i, rows[i].change, &from);

        assert_non_null(answer);
        assert_int_equal(from.port, rows[i].port);
        assert_int_equal(endpoint_same_ip(&from, &net->nodes[0].address),
                         (rows[i].change & CHANGE_IP) == 0);
        assert_true(endpoint_equal(&answer->mapped, &l.guest.address));
        assert_true(endpoint_equal(&answer->origin, &from));
        assert_int_equal(l.packets, i + 1U);
    }
    assert_int_equal(counters_of(net, 0)->stun_lent, 2);
    relay_net_free(net);
}

static void an_address_that_never_asked_hears_little(void **state)
{
    enum { SECONDS = 30 };
    struct relay_net *net = lend_net_new(COUNT, 3);
    struct lend_listener victim, l;
    struct endpoint from;
    size_t sent = 0;

    (void)state;
    lend_net_listen(net, &victim, 66);
    lend_net_listen(net, &l, 5);
    for (unsigned i = 0; i < SECONDS * 50; i++) { /* fifty a second, from another's address */
        ask_as(net, &victim.guest.address, 4433, (uint8_t)i, CHANGE_IP | CHANGE_PORT);
        sent += REQUEST_SIZE + LEND_IP_HEADERS;
        relay_net_run(net, 20);
    }
    relay_net_run(net, 1000);
    assert_true(victim.packets >= OTHER_BURST);
    assert_true(victim.packets <= OTHER_BURST + SECONDS / OTHER_COST + 1);
    assert_true(victim.bytes < sent / 100);
    assert_true(counters_of(net, 0)->stun_lent_limited > 200);
    assert_true(counters_of(net, 0)->stun_limited_address > 1000);
    assert_non_null(ask(net, &l, 4433, 1, CHANGE_IP, &from)); /* others are answered */
    relay_net_free(net);
}

/* Whoever controls a whole network of addresses, or forges them, meets the lender's limits. */
static void a_network_hears_little_however_many_addresses_ask(void **state)
{
    enum { SECONDS = 10 };
    struct relay_net *net = lend_net_new(COUNT, 4);
    uint64_t lent = 0, limited = 0;

    (void)state;
    for (unsigned i = 0; i < SECONDS * 100; i++) {
        const uint8_t ip[4] = {198, 51, 100, (uint8_t)(1 + i % 250)};
        const struct endpoint from = endpoint_v4(ip, 5000);

        ask_as(net, &from, 4433, (uint8_t)i, CHANGE_IP);
        relay_net_run(net, 10);
    }
    relay_net_run(net, 1000);
    for (size_t i = 1; i < COUNT; i++) {
        lent += counters_of(net, i)->lent_sent;
        limited +=
            counters_of(net, i)->lent_limited_net + counters_of(net, i)->lent_limited_neighbour;
    }
    assert_true(lent > 0 && lent <= LEND_NET_BURST + (SECONDS + 2) * LEND_NET_PER_S);
    assert_true(limited > 100);
    relay_net_free(net);
}

/* A client that asks each relay of which it is told stays between two. */
static void whom_a_neighbour_told_of_us_is_told_of_nobody_else(void **state)
{
    struct relay_net *net = lend_net_new(COUNT, 10);
    struct other_address *other = &net->nodes[0].core->other;
    Ziglan__LendClient body = ZIGLAN__LEND_CLIENT__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    const struct stun_message *answer;
    struct endpoint from;
    struct lend_listener l, far;

    (void)state;
    lend_net_listen(net, &l, 5);
    lend_net_listen(net, &far, 6);
    answer = ask(net, &l, 4433, 1, 0, &from);
    assert_false(endpoint_is_none(&answer->other));
    for (size_t i = 1; i < COUNT; i++) { /* the neighbour of which it was told knows */
        bool lends = endpoint_same_ip(&answer->other, &net->nodes[i].address);

        assert_int_equal(
            other_address_is_told(&net->nodes[i].core->other, &l.guest.address, net->now), lends);
    }
    body.ip = control_ip(&l.guest.address);
    message.body_case = ZIGLAN__CONTROL__BODY_LEND_CLIENT;
    message.lend_client = &body;
    other_address_on_client(other, &message, net->now);
    answer = ask(net, &l, 4433, 2, 0, &from);
    assert_true(endpoint_is_none(&answer->other));
    assert_non_null(ask(net, &l, 4433, 3, CHANGE_IP, &from)); /* what it wants it gets */
    answer = ask(net, &far, 4433, 4, 0, &from);
    assert_false(endpoint_is_none(&answer->other)); /* others are told */
    relay_net_run(net, OTHER_CLIENT_MS);
    answer = ask(net, &l, 4433, 5, 0, &from);
    assert_false(endpoint_is_none(&answer->other));
    for (unsigned i = 0; i < 1000; i++) { /* only the last ones are known */
        const uint8_t ip[4] = {203, 0, 113, (uint8_t)(100 + i % 100)};
        const struct endpoint client = endpoint_v4(ip, 0);

        body.ip = control_ip(&client);
        other_address_on_client(other, &message, net->now);
    }
    answer = ask(net, &l, 4433, 6, 0, &from);
    assert_false(endpoint_is_none(&answer->other));
    relay_net_free(net);
}

static bool port_is_open(struct relay_net *net, const struct endpoint *from,
                         const struct endpoint *to)
{
    return to->port != RELAY_NET_OTHER_PORT || endpoint_same_ip(to, &net->nodes[0].address) ||
           from->port != RELAY_NET_THIRD_PORT;
}

static void an_address_that_does_not_answer_at_both_ports_is_not_told(void **state)
{
    struct relay_net *net = relay_net_new(COUNT, 5);
    const struct stun_message *answer;
    struct endpoint from;
    struct lend_listener l;

    (void)state;
    relay_net_peers(net);
    net->lets = port_is_open;
    relay_net_start(net);
    relay_net_run(net, 60000);
    lend_net_listen(net, &l, 5);
    answer = ask(net, &l, 4433, 1, 0, &from);
    assert_non_null(answer);
    assert_true(endpoint_is_none(&answer->other));
    assert_null(ask(net, &l, 4433, 2, CHANGE_IP, &from));
    assert_int_equal(l.heard[1].error_code, 420);
    net->lets = NULL; /* the firewall is opened: that is noticed */
    relay_net_run(net, 2 * OTHER_AGAIN_MS);
    answer = ask(net, &l, 4433, 3, 0, &from);
    assert_false(endpoint_is_none(&answer->other));
    relay_net_free(net);
}

static void a_neighbour_that_is_gone_lends_nothing(void **state)
{
    struct relay_net *net = lend_net_new(2, 6);
    const struct stun_message *answer;
    struct endpoint from;
    struct lend_listener l;

    (void)state;
    lend_net_listen(net, &l, 5);
    answer = ask(net, &l, 4433, 1, 0, &from);
    assert_false(endpoint_is_none(&answer->other));
    relay_node_stop(&net->nodes[1]);
    relay_net_run(net, 60000);
    answer = ask(net, &l, 4433, 2, 0, &from);
    assert_true(endpoint_is_none(&answer->other));
    relay_net_free(net);
}

static void who_does_not_want_to_lend_neither_lends_nor_borrows(void **state)
{
    struct relay_net *net = lend_net_new(2, 7);
    struct relay_config cfg;
    struct endpoint from;
    struct lend_listener l;

    (void)state;
    lend_net_listen(net, &l, 5);
    assert_non_null(ask(net, &l, 4433, 1, CHANGE_IP, &from));
    cfg = net->nodes[1].cfg;
    cfg.stun_one_address = true;
    relay_core_reload(net->nodes[1].core, &cfg, net->now);
    relay_net_run(net, 1000);
    assert_null(ask(net, &l, 4433, 2, CHANGE_IP, &from));
    assert_int_equal(l.heard[1].error_code, 420);
    cfg.stun_one_address = false;
    relay_core_reload(net->nodes[1].core, &cfg, net->now);
    relay_net_run(net, 5000);
    assert_non_null(ask(net, &l, 4433, 3, CHANGE_IP, &from));
    relay_net_free(net);
}

static void a_hostile_neighbour_makes_us_answer_a_stranger_seldom(void **state)
{
    struct relay_net *net = lend_net_new(COUNT, 8);
    const struct relay_counters *counters = counters_of(net, 0);
    struct lend_listener victim;
    uint64_t lent;

    (void)state;
    lend_net_listen(net, &victim, 66);
    for (unsigned i = 0; i < 1000; i++) {
        lend_net_job(net, 0, 1, 0, &victim.guest.address, 4433);
        relay_net_run(net, 10); /* a hundred a second, for ten seconds */
    }
    assert_true(victim.packets <= LEND_NET_BURST + 10 * LEND_NET_PER_S + 1);
    assert_true(counters->lent_limited_neighbour > 500);
    /* Those who proved their address are measured all the same. */
    lent = counters->lent_sent;
    lend_net_job(net, 0, 1, 0, &victim.guest.address, 0);
    assert_int_equal(counters->lent_sent, lent + 1);
    relay_net_free(net);
}

static void only_ports_that_answer_are_lent_and_to_no_special_address(void **state)
{
    struct relay_net *net = lend_net_new(COUNT, 9);
    const struct relay_counters *counters = counters_of(net, 0);
    const uint8_t private[4] = {192, 168, 1, 1}, public[4] = {203, 0, 113, 66};
    const struct endpoint lan = endpoint_v4(private, 53), far = endpoint_v4(public, 53);

    (void)state;
    lend_net_job(net, 0, 1, 0, &far, 22);
    lend_net_job(net, 0, 1, 0, &far, RELAY_NET_THIRD_PORT);
    assert_int_equal(counters->lent_bad_port, 2);
    lend_net_job(net, 0, 1, 0, &lan, 4433);
    assert_int_equal(counters->lent_bad_target, 1);
    assert_int_equal(counters->lent_sent, 0);
    relay_net_free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_is_told_of_an_address_that_a_neighbour_lends),
        cmocka_unit_test(an_answer_comes_once_from_where_it_is_wanted),
        cmocka_unit_test(an_address_that_never_asked_hears_little),
        cmocka_unit_test(whom_a_neighbour_told_of_us_is_told_of_nobody_else),
        cmocka_unit_test(a_network_hears_little_however_many_addresses_ask),
        cmocka_unit_test(an_address_that_does_not_answer_at_both_ports_is_not_told),
        cmocka_unit_test(a_neighbour_that_is_gone_lends_nothing),
        cmocka_unit_test(who_does_not_want_to_lend_neither_lends_nor_borrows),
        cmocka_unit_test(a_hostile_neighbour_makes_us_answer_a_stranger_seldom),
        cmocka_unit_test(only_ports_that_answer_are_lent_and_to_no_special_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
