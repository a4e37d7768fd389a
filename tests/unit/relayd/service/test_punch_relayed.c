/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Punches between hosts at different relays, until both know of each other: real relay cores, real
 * sessions. What they hear afterwards: test_punch_told.c. */
#include "tests/support/far_punches.h"
#include "tests/support/identities.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static bool refused(const struct net_host *host)
{
    return host->answer != NULL && host->answer->body_case == ZIGLAN__CONTROL__BODY_ERROR &&
           host->answer->error->code == VERDICT_REFUSED;
}

static void hosts_of_two_relays_punch_when_both_want_it(void **state)
{
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 3);
    far_hosts_talk(&town, 2);
    far_punch_ask(&town.a, town.b_key);
    assert_int_equal(town.b.punch.offers, 1);
    assert_memory_equal(town.b.punch.peer, town.a_key, KEY_SIZE);
    assert_int_equal(town.a.punch.goes, 0); /* nothing of b is told before its yes */
    far_punch_say(&town.b, true);
    assert_int_equal(town.a.punch.goes, 1);
    assert_int_equal(town.b.punch.goes, 1);
    assert_memory_equal(town.a.punch.peer, town.b_key, KEY_SIZE);
    assert_memory_equal(town.b.punch.peer, town.a_key, KEY_SIZE);
    assert_true(endpoint_equal(&town.a.punch.peer_at, &town.b.address));
    assert_true(endpoint_equal(&town.b.punch.peer_at, &town.a.address));
    assert_memory_equal(town.a.punch.probe_key, town.b.punch.probe_key, PUNCH_PROBE_KEY_SIZE);
    assert_true(town.a.punch.listen != town.b.punch.listen);
    far_hosts_fini(&town);
}

static void who_asks_for_a_host_elsewhere_that_asked_first_says_yes(void **state)
{
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 2);
    far_hosts_talk(&town, 2);
    far_punch_ask(&town.a, town.b_key);
    far_punch_ask(&town.b, town.a_key);
    assert_int_equal(town.a.punch.goes, 1);
    assert_int_equal(town.b.punch.goes, 1);
    assert_int_equal(town.a.punch.offers, 0);
    far_hosts_fini(&town);
}

/* Each request is on its way when the other host asks: of the two, that of the smaller key counts.
 */
static void two_hosts_that_ask_at_once_make_one_punch(void **state)
{
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 2);
    far_hosts_talk(&town, 2);
    bool a_counts = memcmp(town.a_key, town.b_key, KEY_SIZE) < 0;
    struct net_host *asked = a_counts ? &town.b : &town.a;
    for (size_t i = 1; i <= 2; i++) {
        far_punch_want(&town.a, town.b_key);
        far_punch_want(&town.b, town.a_key);
        relay_net_run(town.net, 500);
        assert_int_equal(town.a.punch.offers + town.b.punch.offers, i);
        assert_int_equal(asked->punch.offers, i);
        far_punch_say(asked, true);
        assert_int_equal(town.a.punch.goes, i);
        assert_int_equal(town.b.punch.goes, i);
    }
    /* The other one may ask when that is over. */
    relay_net_run(town.net, 1000);
    far_punch_ask(asked, a_counts ? town.a_key : town.b_key);
    assert_int_equal(town.a.punch.offers + town.b.punch.offers, 3);
    assert_false(refused(&town.a) || refused(&town.b));
    far_hosts_fini(&town);
}

static void a_no_and_a_block_at_another_relay_are_refused_alike(void **state)
{
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 2);
    far_hosts_talk(&town, 2);
    far_punch_ask(&town.a, town.b_key);
    far_punch_say(&town.b, false);
    assert_true(refused(&town.a));
    far_block(&town.b, town.a_key, true);
    far_punch_ask(&town.a, town.b_key);
    assert_true(refused(&town.a));
    assert_int_equal(town.b.punch.offers, 1);
    const uint8_t nobody[KEY_SIZE] = {6};
    far_punch_ask(&town.a, nobody);
    assert_true(refused(&town.a));
    assert_int_equal(town.a.punch.goes, 0);
    far_hosts_fini(&town);
}

static void a_punch_is_relayed_for_hosts_of_the_sender_only(void **state)
{
    static const uint8_t ip[4] = {198, 51, 100, 9}, token[PUNCH_TOKEN_SIZE] = {1};
    struct endpoint at = endpoint_v4(ip, 1000);
    struct far_hosts town;
    Ziglan__PunchRelayed body = ZIGLAN__PUNCH_RELAYED__INIT;
    Ziglan__PunchRequest request = ZIGLAN__PUNCH_REQUEST__INIT;
    Ziglan__PunchMessage peer = ZIGLAN__PUNCH_MESSAGE__INIT;
    Ziglan__PunchGo go = ZIGLAN__PUNCH_GO__INIT;
    Ziglan__Address observed = ZIGLAN__ADDRESS__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    (void)state;
    far_hosts_init(&town, 3);
    far_hosts_talk(&town, 2);
    /* Relay 1 speaks for a, which is at relay 0, to b; and for b, which is at relay 2, to a. */
    observed.ip = peer.ip = control_ip(&at);
    observed.port = peer.port = at.port;
    request.target = control_bytes(town.b_key, KEY_SIZE);
    request.token = peer.token = control_bytes(token, sizeof(token));
    request.has_session = true;
    body.src = control_bytes(town.a_key, KEY_SIZE);
    body.dst = control_bytes(town.b_key, KEY_SIZE);
    body.observed = &observed;
    body.message_case = ZIGLAN__PUNCH_RELAYED__MESSAGE_REQUEST;
    body.request = &request;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_RELAYED;
    message.punch_relayed = &body;
    assert_int_equal(neighbour_send_to(relay_net_neighbours(town.net, 1),
                                       relay_net_key(town.net, 2), &message, town.net->now),
                     ERR_OK);
    go.peer = control_bytes(town.b_key, KEY_SIZE);
    go.message = &peer;
    go.probe_key = control_bytes(town.b_key, PUNCH_PROBE_KEY_SIZE);
    body.src = control_bytes(town.b_key, KEY_SIZE);
    body.dst = control_bytes(town.a_key, KEY_SIZE);
    body.message_case = ZIGLAN__PUNCH_RELAYED__MESSAGE_GO;
    body.go = &go;
    assert_int_equal(neighbour_send_to(relay_net_neighbours(town.net, 1),
                                       relay_net_key(town.net, 0), &message, town.net->now),
                     ERR_OK);
    relay_net_run(town.net, 1000);
    assert_int_equal(town.b.punch.offers, 0);
    assert_int_equal(town.a.punch.goes, 0);
    far_hosts_fini(&town);
}

static void who_did_not_measure_is_told_so_and_served_all_the_same(void **state)
{
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 2);
    far_hosts_talk(&town, 2);
    far_punch_ask(&town.a, town.b_key);
    assert_non_null(town.a.answer);
    assert_int_equal(town.a.answer->body_case, ZIGLAN__CONTROL__BODY_ERROR);
    assert_int_equal(town.a.answer->error->code, VERDICT_MEASURE_FIRST);
    far_punch_say(&town.b, true);
    assert_int_equal(town.a.punch.goes, 1);
    far_punch_ask(&town.a, town.b_key); /* once in ten minutes */
    assert_null(town.a.answer);
    assert_int_equal(town.b.punch.offers, 2);
    far_hosts_fini(&town);
}

/* ---- what a hostile relay says of punches ---- */

static void refusal_say(struct far_hosts *town, uint32_t request_id)
{
    Ziglan__Error error = ZIGLAN__ERROR__INIT;
    Ziglan__PunchRelayed body = ZIGLAN__PUNCH_RELAYED__INIT;

    error.code = VERDICT_REVOKED;
    body.src = control_bytes(town->b_key, KEY_SIZE);
    body.dst = control_bytes(town->a_key, KEY_SIZE);
    body.request_id = request_id;
    body.message_case = ZIGLAN__PUNCH_RELAYED__MESSAGE_REFUSED;
    body.refused = &error;
    far_punch_relay(town, 1, 0, &body);
    relay_net_run(town->net, 500);
}

/* A host believes its relay which request it refuses, and a Join has a number, too. */
static void a_relay_refuses_nothing_but_the_punch_that_it_was_asked_for(void **state)
{
    Ziglan__Ping ping = ZIGLAN__PING__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 2);
    far_hosts_talk(&town, 2); /* so relay 1 is the last of the way to b */
    message.body_case = ZIGLAN__CONTROL__BODY_PING;
    message.ping = &ping;
    net_host_send(&town.a, &message);
    relay_net_run(town.net, 200);
    town.a.answer = NULL;
    refusal_say(&town, town.a.request_next - 1);
    assert_null(town.a.answer);
    assert_int_equal(far_hosts_counters(&town, 0)->punch_relayed_unasked, 1);

    far_punch_ask(&town.a, town.b_key);
    uint32_t asked = town.a.request_next - 1;
    net_host_send(&town.a, &message);
    relay_net_run(town.net, 200);
    refusal_say(&town, asked); /* that one, whatever is said of why */
    assert_null(town.a.answer);
    assert_int_equal(far_hosts_counters(&town, 0)->punch_relayed_unasked, 1);
    refusal_say(&town, asked); /* once */
    assert_int_equal(far_hosts_counters(&town, 0)->punch_relayed_unasked, 2);
    far_hosts_fini(&town);
}

/* As the host of relay 1 that has `attachment` there, ask relay 0 for a punch with `target`. */
static void request_say(struct far_hosts *town, const uint8_t *src, const struct part *attachment,
                        const uint8_t *target, uint32_t request_id)
{
    static const uint8_t ip[4] = {198, 51, 100, 9}, token[PUNCH_TOKEN_SIZE] = {1};
    const struct endpoint at = endpoint_v4(ip, 1000);
    Ziglan__Address observed = ZIGLAN__ADDRESS__INIT;
    Ziglan__PunchRequest request = ZIGLAN__PUNCH_REQUEST__INIT;
    Ziglan__PunchRelayed body = ZIGLAN__PUNCH_RELAYED__INIT;

    observed.ip = control_ip(&at);
    observed.port = at.port;
    request.target = control_bytes(target, KEY_SIZE);
    request.token = control_bytes(token, sizeof(token));
    request.has_session = true;
    body.src = control_bytes(src, KEY_SIZE);
    body.dst = control_bytes(target, KEY_SIZE);
    body.observed = &observed;
    body.request_id = request_id;
    body.attachment = control_bytes(attachment->bytes, attachment->size);
    body.message_case = ZIGLAN__PUNCH_RELAYED__MESSAGE_REQUEST;
    body.request = &request;
    far_punch_relay(town, 1, 0, &body);
}

/* A host that uses both relays has told the other one that it is there. */
static void what_a_relay_asks_for_a_host_that_is_here_too_is_answered_to_the_relay(void **state)
{
    Ziglan__Ping ping = ZIGLAN__PING__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;
    struct far_hosts town;
    struct net_host c;
    struct part attachment;

    (void)state;
    far_hosts_init(&town, 2);
    net_host_init(&c, town.net, 3);
    net_host_dial(&c, 0);
    message.body_case = ZIGLAN__CONTROL__BODY_PING;
    message.ping = &ping;
    net_host_send(&town.a, &message);
    relay_net_run(town.net, 200);
    town.a.answer = NULL;
    attachment = attachment_of(env_wall_ms(&town.net->ports.env), &town.a.identity,
                               relay_net_key(town.net, 1), 9, 3600 * 1000);
    request_say(&town, town.a_key, &attachment, c.identity.public_key, town.a.request_next - 1);
    relay_net_run(town.net, 500);
    assert_int_equal(c.punch.offers, 1);
    relay_net_run(town.net, PUNCH_OFFER_MS_MAX);
    assert_null(town.a.answer);
    net_host_fini(&c);
    far_hosts_fini(&town);
}

/* Keys cost nothing: what a relay asks for is counted as the relay's. */
static void a_relay_that_asks_for_many_punches_keeps_no_host_from_its_own(void **state)
{
    struct far_hosts town;
    struct net_host c;

    (void)state;
    far_hosts_init(&town, 2);
    net_host_init(&c, town.net, 3);
    net_host_dial(&c, 0);
    for (uint32_t n = 0; n < FOREIGN_CHECKS_BURST; n++) {
        const struct identity one = node_of(1000 + n);
        const struct part attachment = attachment_of(env_wall_ms(&town.net->ports.env), &one,
                                                     relay_net_key(town.net, 1), 9, 3600 * 1000);

        request_say(&town, one.public_key, &attachment, town.a_key, 1);
        relay_net_run(town.net, 6);
    }
    assert_in_range(far_hosts_counters(&town, 0)->punch_relayed_rate, 1, FOREIGN_CHECKS_BURST);
    size_t offers = town.a.punch.offers;
    far_punch_ask(&c, town.a_key);
    assert_int_equal(town.a.punch.offers, offers + 1);
    net_host_fini(&c);
    far_hosts_fini(&town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_of_two_relays_punch_when_both_want_it),
        cmocka_unit_test(who_asks_for_a_host_elsewhere_that_asked_first_says_yes),
        cmocka_unit_test(two_hosts_that_ask_at_once_make_one_punch),
        cmocka_unit_test(a_no_and_a_block_at_another_relay_are_refused_alike),
        cmocka_unit_test(a_punch_is_relayed_for_hosts_of_the_sender_only),
        cmocka_unit_test(who_did_not_measure_is_told_so_and_served_all_the_same),
        cmocka_unit_test(a_relay_refuses_nothing_but_the_punch_that_it_was_asked_for),
        cmocka_unit_test(what_a_relay_asks_for_a_host_that_is_here_too_is_answered_to_the_relay),
        cmocka_unit_test(a_relay_that_asks_for_many_punches_keeps_no_host_from_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
