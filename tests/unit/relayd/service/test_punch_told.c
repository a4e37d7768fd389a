/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What two hosts at different relays hear of each other after their punch: moves and results. Real
 * relay cores, real sessions. */
#include "tests/support/far_punches.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void result_say(struct net_host *host, uint64_t punch_id, bool direct)
{
    Ziglan__PunchResult body = ZIGLAN__PUNCH_RESULT__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.punch_id = punch_id;
    body.direct = direct;
    message.body_case = ZIGLAN__CONTROL__BODY_PUNCH_RESULT;
    message.punch_result = &body;
    net_host_send(host, &message);
}

/* Let `who`, at relay i, move, and see that `other` hears of it a round trip after that relay saw
 * it: half of one to the other relay and half to the host are less. */
static void move_and_tell(struct far_hosts *town, struct net_host *who, size_t i,
                          struct net_host *other, uint16_t port)
{
    uint64_t moves = far_hosts_counters(town, i)->moved;
    size_t updates = other->punch.updates;
    struct mono seen_at;

    net_host_move(who, port);
    for (int ms = 0; ms < 2000 && far_hosts_counters(town, i)->moved == moves; ms++) {
        relay_net_run(town->net, 1);
    }
    assert_int_equal(far_hosts_counters(town, i)->moved, moves + 1);
    seen_at = town->net->now;
    relay_net_run(town->net, 500);
    assert_int_equal(other->punch.updates, updates + 1);
    assert_true(endpoint_equal(&other->punch.peer_at, &who->address));
    assert_memory_equal(other->punch.peer, who->identity.public_key, KEY_SIZE);
    assert_in_range(mono_ms_between(seen_at, other->punch.told_at), 0,
                    2 * town->net->wire.delay_us / 1000 + 1);
}

static void a_side_that_moves_is_told_to_the_other_at_another_relay(void **state)
{
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 2);
    far_hosts_talk(&town, 2);
    far_punch_ask(&town.a, town.b_key);
    far_punch_say(&town.b, true);
    assert_int_equal(town.a.punch.goes + town.b.punch.goes, 2);
    for (uint16_t i = 1; i <= 3; i++) { /* the broker is at b's relay; both sides are told */
        move_and_tell(&town, &town.a, 0, &town.b, 6000 + i);
        move_and_tell(&town, &town.b, 1, &town.a, 7000 + i);
    }
    assert_int_equal(town.a.punch.updates, 3);
    assert_int_equal(town.b.punch.updates, 3);
    net_host_dial(&town.a, 0); /* another session knows of no punch */
    size_t updates = town.b.punch.updates;
    net_host_move(&town.a, 6100);
    relay_net_run(town.net, 1000);
    assert_int_equal(town.b.punch.updates, updates);
    far_hosts_fini(&town);
}

/* It did not agree yet, so it hears nothing; but its PunchGo has the new address. */
static void who_moves_before_the_answer_is_found_where_it_is(void **state)
{
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 2);
    far_hosts_talk(&town, 2);
    far_punch_ask(&town.a, town.b_key);
    net_host_move(&town.a, 6001);
    relay_net_run(town.net, 500);
    assert_int_equal(town.b.punch.updates, 0);
    far_punch_say(&town.b, true);
    assert_true(endpoint_equal(&town.b.punch.peer_at, &town.a.address));
    far_hosts_fini(&town);
}

static void what_came_of_a_punch_is_told_to_the_other_side_once(void **state)
{
    struct far_hosts town;

    (void)state;
    far_hosts_init(&town, 2);
    far_hosts_talk(&town, 2);
    far_punch_ask(&town.a, town.b_key);
    far_punch_say(&town.b, true);
    for (int i = 0; i < 3; i++) { /* each side says each word thrice */
        result_say(&town.a, town.a.punch.id, false);
        result_say(&town.b, town.b.punch.id, true);
        relay_net_run(town.net, 40); /* 10 ms to a relay, to the other one, and to the host */
        assert_int_equal(town.a.punch.results, 1);
        assert_int_equal(town.b.punch.results, 1);
    }
    assert_true(town.a.punch.direct);
    assert_false(town.b.punch.direct);
    assert_int_equal(punch_stats(town.net->nodes[1].core->punch.broker)->failed, 1);
    assert_int_equal(punch_stats(town.net->nodes[1].core->punch.broker)->direct, 1);
    result_say(&town.a, town.a.punch.id + 1, true); /* of no punch */
    relay_net_run(town.net, 100);
    assert_int_equal(town.b.punch.results, 1);
    far_hosts_fini(&town);
}

/* Relay 1 speaks of a, which is at relay 0, and of b, which is at relay 2. */
static void a_relay_tells_moves_and_results_of_its_own_hosts_only(void **state)
{
    static const uint8_t ip[4] = {198, 51, 100, 9}, token[PUNCH_TOKEN_SIZE] = {1};
    const struct endpoint at = endpoint_v4(ip, 1000);
    struct far_hosts town;
    Ziglan__PunchMessage peer = ZIGLAN__PUNCH_MESSAGE__INIT;
    Ziglan__PunchUpdate update = ZIGLAN__PUNCH_UPDATE__INIT;
    Ziglan__PunchResult result = ZIGLAN__PUNCH_RESULT__INIT;
    Ziglan__PunchRelayed body = ZIGLAN__PUNCH_RELAYED__INIT;

    (void)state;
    far_hosts_init(&town, 3);
    far_hosts_talk(&town, 2);
    far_punch_ask(&town.a, town.b_key);
    far_punch_say(&town.b, true);
    peer.ip = control_ip(&at);
    peer.port = at.port;
    peer.token = control_bytes(token, sizeof(token));
    update.punch_id = result.punch_id = town.b.punch.id;
    update.peer = control_bytes(town.a_key, KEY_SIZE);
    update.message = &peer;
    body.src = control_bytes(town.a_key, KEY_SIZE);
    body.dst = control_bytes(town.b_key, KEY_SIZE);
    body.message_case = ZIGLAN__PUNCH_RELAYED__MESSAGE_UPDATE;
    body.update = &update;
    far_punch_relay(&town, 1, 2, &body);
    body.message_case = ZIGLAN__PUNCH_RELAYED__MESSAGE_RESULT;
    body.result = &result;
    far_punch_relay(&town, 1, 2, &body);
    relay_net_run(town.net, 500);
    assert_int_equal(town.b.punch.updates + town.b.punch.results, 0);
    /* Its own relay may, so often. */
    for (uint32_t i = 0; i < 3 * FOREIGN_WORDS_BURST; i++) {
        peer.port = 1000 + i;
        body.message_case = ZIGLAN__PUNCH_RELAYED__MESSAGE_UPDATE;
        body.update = &update;
        far_punch_relay(&town, 0, 2, &body);
        relay_net_run(town.net, 1);
    }
    relay_net_run(town.net, 500);
    assert_in_range(town.b.punch.updates, FOREIGN_WORDS_BURST / 2, 2 * FOREIGN_WORDS_BURST);
    assert_true(far_hosts_counters(&town, 2)->punch_relayed_rate > 0);
    far_hosts_fini(&town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_side_that_moves_is_told_to_the_other_at_another_relay),
        cmocka_unit_test(who_moves_before_the_answer_is_found_where_it_is),
        cmocka_unit_test(what_came_of_a_punch_is_told_to_the_other_side_once),
        cmocka_unit_test(a_relay_tells_moves_and_results_of_its_own_hosts_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
