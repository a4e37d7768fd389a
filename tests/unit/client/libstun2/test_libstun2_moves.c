/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When the NAT of one side gives it another address, the two stay together: the relay tells. */
#include "client/libstun2/agent.h"
#include "client/stun2/stun2.h"

#include "proto/net/endpoint.h"
#include "tests/support/app_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void two_meet(struct app_pair *two, uint64_t seed)
{
    app_pair_init(two, &app_pair_restricted, &app_pair_restricted, seed);
    app_pair_meet(two);
}

static void another_port_of_the_nat_is_told_to_the_other_side(void **state)
{
    struct app_pair two;

    (void)state;
    two_meet(&two, 1);
    app_pair_check_talk(&two);
    nat_reboot(&two.one.nat);
    /* The next packet to the relay has the new port: a look at the way that is due soon. */
    relay_net_run(two.net, 20000);
    assert_non_null(app_guest_event(&two.one, STUN2_EVENT_ADDRESS));
    assert_non_null(app_guest_event(&two.other, STUN2_EVENT_MOVED));
    assert_null(app_guest_event(&two.one, STUN2_EVENT_LOST));
    app_pair_check_talk(&two);
    app_pair_fini(&two);
}

static void a_change_that_is_told_takes_two_round_trips(void **state)
{
    struct app_pair two;

    (void)state;
    two_meet(&two, 2);
    nat_reboot(&two.one.nat);
    stun2_network_changed(two.one.agent, two.net->now.ns);
    app_guest_settle(&two.one);
    relay_net_run(two.net, 500); /* a round trip to the relay is 20 ms */
    assert_non_null(app_guest_event(&two.other, STUN2_EVENT_MOVED));
    app_pair_check_talk(&two);
    app_pair_fini(&two);
}

static void both_sides_may_move_at_once(void **state)
{
    struct app_pair two;

    (void)state;
    two_meet(&two, 3);
    nat_reboot(&two.one.nat);
    nat_reboot(&two.other.nat);
    stun2_network_changed(two.one.agent, two.net->now.ns);
    stun2_network_changed(two.other.agent, two.net->now.ns);
    app_guest_settle(&two.one);
    app_guest_settle(&two.other);
    relay_net_run(two.net, 3000);
    app_pair_check_talk(&two);
    app_pair_fini(&two);
}

static void a_way_that_died_is_told_and_found_again(void **state)
{
    struct app_pair two;

    (void)state;
    two_meet(&two, 4);
    two.other.blocked = true;
    relay_net_run(two.net, 25000);
    assert_int_equal(app_guest_count(&two.one, STUN2_EVENT_LOST), 1);
    assert_int_equal(app_guest_count(&two.other, STUN2_EVENT_LOST), 1);
    two.other.blocked = false;
    relay_net_run(two.net, 60000);
    assert_int_equal(app_guest_count(&two.one, STUN2_EVENT_OPEN), 2);
    assert_int_equal(app_guest_count(&two.other, STUN2_EVENT_OPEN), 2);
    app_pair_check_talk(&two);
    app_pair_fini(&two);
}

static void an_open_way_outlives_its_relay(void **state)
{
    struct app_pair two;

    (void)state;
    two_meet(&two, 5);
    relay_node_stop(&two.net->nodes[0]);
    relay_net_run(two.net, 180000);
    assert_null(app_guest_event(&two.one, STUN2_EVENT_LOST));
    assert_non_null(app_guest_event(&two.one, STUN2_EVENT_RELAY_CLOSED));
    app_pair_check_talk(&two);
    app_pair_fini(&two);
}

static void the_mapping_is_kept_while_nobody_talks(void **state)
{
    struct app_pair two;

    (void)state;
    two_meet(&two, 6);
    relay_net_run(two.net, 600000); /* the NATs forget after 120 s */
    assert_null(app_guest_event(&two.one, STUN2_EVENT_LOST));
    app_pair_check_talk(&two);
    app_pair_fini(&two);
}

static void one_that_ended_it_is_asked_before_it_begins_anew(void **state)
{
    struct app_pair two;

    (void)state;
    two_meet(&two, 7);
    two.other.says_yes = false;
    stun2_punch_end(two.other.agent, app_guest_event(&two.other, STUN2_EVENT_OPEN)->punch,
                    two.net->now.ns);
    relay_net_run(two.net, 30000);
    assert_non_null(app_guest_event(&two.one, STUN2_EVENT_LOST));
    assert_non_null(app_guest_event(&two.other, STUN2_EVENT_ASKED));
    assert_int_equal(app_guest_count(&two.one, STUN2_EVENT_OPEN), 1);
    app_pair_fini(&two);
}

/* Linux with one line of masquerade: what comes before the host inside sent there is the router's.
 */
static const struct nat_kind stock = {.translates = true,
                                      .mapping = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                      .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                      .port_preserving = true,
                                      .answers_itself = true,
                                      .lifetime_s = 30};

/* The router of one side gets another address. */
static void redial(struct app_guest *app)
{
    nat_reboot(&app->nat);
    app->nat.address.ip[14]++;
}

/* Each says something, if it may; and some time passes. */
static bool apart_for(struct app_pair *two, uint64_t ms)
{
    struct app_guest *both[] = {&two->one, &two->other};
    struct stun2_address to;

    for (size_t i = 0; i < 2; i++) {
        both[i]->got_count = 0;
        if (stun2_punch_address(both[i]->agent, app_guest_event(both[i], STUN2_EVENT_OPEN)->punch,
                                &to) == 1) {
            app_guest_send(both[i], &to, "there");
        }
    }
    relay_net_run(two->net, ms);
    return two->one.got_count == 0 || two->other.got_count == 0;
}

/* How long until the two talk again, in ms; nobody says anything meanwhile, unless `talks`. */
static uint64_t apart_ms(struct app_pair *two, bool talks)
{
    struct mono begin = two->net->now;
    bool apart = true;

    for (int i = 0; i < 2000 && apart; i++) {
        if (talks) {
            apart = apart_for(two, 100);
        } else {
            relay_net_run(two->net, 100);
            apart = app_guest_event(&two->other, STUN2_EVENT_MOVED) == NULL;
        }
    }
    return mono_ms_between(begin, two->net->now);
}

static void a_silent_pair_finds_each_other_at_its_next_look(void **state)
{
    struct app_pair two;

    (void)state;
    for (uint64_t seed = 10; seed < 20; seed++) {
        app_pair_init(&two, &stock, &stock, seed);
        app_pair_meet(&two);
        relay_net_run(two.net, 7000 + seed * 1000);
        redial(&two.one);
        assert_in_range(apart_ms(&two, false), 1, 15500);
        assert_null(app_guest_event(&two.one, STUN2_EVENT_LOST));
        app_pair_check_talk(&two);
        app_pair_fini(&two);
    }
}

static void a_talk_goes_on_two_seconds_after_a_move(void **state)
{
    struct app_pair two;

    (void)state;
    for (uint64_t seed = 20; seed < 30; seed++) {
        app_pair_init(&two, &app_pair_restricted, &app_pair_restricted, seed);
        app_pair_meet(&two);
        assert_in_range(apart_ms(&two, true), 100, 100);
        redial(&two.one);
        uint64_t ms = apart_ms(&two, true);

        print_message("%u ms\n", (unsigned)ms);
        assert_in_range(ms, 1000, 2000);
        app_pair_fini(&two);
    }
}

/* What was said before the relay could tell has made the other router refuse, for 30 s. */
static void a_talk_behind_such_a_router_waits_until_it_has_forgotten(void **state)
{
    struct app_pair two;

    (void)state;
    for (uint64_t seed = 30; seed < 40; seed++) {
        app_pair_init(&two, &app_pair_restricted, &stock, seed);
        app_pair_meet(&two);
        assert_in_range(apart_ms(&two, true), 100, 100);
        redial(&two.one);
        uint64_t ms = apart_ms(&two, true);

        print_message("%u ms\n", (unsigned)ms);
        assert_in_range(ms, 1000, 40000);
        app_pair_fini(&two);
    }
}

static void the_relay_tells_of_moves_after_it_was_restarted(void **state)
{
    struct app_pair two;

    (void)state;
    two_meet(&two, 40);
    relay_node_stop(&two.net->nodes[0]);
    relay_net_run(two.net, 30000);
    relay_net_start_one(two.net, 0);
    relay_net_run(two.net, 120000);
    app_guest_forget(&two.other);
    nat_reboot(&two.one.nat);
    stun2_network_changed(two.one.agent, two.net->now.ns);
    app_guest_settle(&two.one);
    relay_net_run(two.net, 500);
    assert_non_null(app_guest_event(&two.other, STUN2_EVENT_MOVED));
    assert_null(app_guest_event(&two.one, STUN2_EVENT_LOST));
    app_pair_fini(&two);
}

/* The interface by which everything leaves now; 0: there is none. */
static bool find_way(void *context, const struct endpoint *local, const struct endpoint *remote,
                     struct way *out)
{
    const uint32_t *interface = context;

    (void)local;
    (void)remote;
    out->interface = *interface;
    memset(out->source, (int)*interface, sizeof(out->source));
    return true;
}

/* What the kernel tells of a change: at once, and 200 ms later. */
static void changes(struct app_pair *two, uint32_t *interface, uint32_t next)
{
    const struct way_finder ways = {.find = find_way, .context = interface};

    *interface = next;
    two->one.blocked = next == 0;
    if (next != 0) { /* each network has its own router, and one comes back to the same port */
        nat_reboot(&two->one.nat);
        two->one.nat.address.ip[14] = (uint8_t)(100 + next);
    }
    agent_network_begins(two->one.agent, &ways);
    (void)apart_for(two, 200);
    agent_network_changed(two->one.agent, &ways, two->net->now);
    app_guest_settle(&two->one);
}

/* It gives each socket its own port outside, also when one comes back. */
static const struct nat_kind keeping = {.translates = true,
                                        .mapping = NAT_ENDPOINT_INDEPENDENT,
                                        .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                                        .port_preserving = true,
                                        .lifetime_s = 120};

static void one_that_goes_to_another_network_and_back_is_there_at_once(void **state)
{
    struct app_pair two;

    (void)state;
    for (uint64_t seed = 50; seed < 60; seed++) {
        uint32_t interface = 1;
        const struct way_finder ways = {.find = find_way, .context = &interface};

        app_pair_init(&two, seed % 2 == 0 ? &stock : &keeping, &stock, seed);
        app_pair_meet(&two);
        agent_learn_ways(two.one.agent, &ways);
        for (uint32_t i = 0; i < 4; i++) {
            uint64_t ms;

            assert_in_range(apart_ms(&two, true), 100, 100);
            relay_net_run(two.net, 2000);
            if (seed % 3 == 0) {
                changes(&two, &interface, 0);
            }
            changes(&two, &interface, 2 - i % 2);
            ms = apart_ms(&two, true);
            print_message("%u ms\n", (unsigned)ms);
            assert_in_range(ms, 100, 2500);
            agent_learn_ways(two.one.agent, &ways);
            relay_net_run(two.net, 1000 * seed % 60000);
        }
        app_pair_fini(&two);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_port_of_the_nat_is_told_to_the_other_side),
        cmocka_unit_test(a_change_that_is_told_takes_two_round_trips),
        cmocka_unit_test(both_sides_may_move_at_once),
        cmocka_unit_test(a_way_that_died_is_told_and_found_again),
        cmocka_unit_test(an_open_way_outlives_its_relay),
        cmocka_unit_test(the_mapping_is_kept_while_nobody_talks),
        cmocka_unit_test(one_that_ended_it_is_asked_before_it_begins_anew),
        cmocka_unit_test(a_silent_pair_finds_each_other_at_its_next_look),
        cmocka_unit_test(a_talk_goes_on_two_seconds_after_a_move),
        cmocka_unit_test(a_talk_behind_such_a_router_waits_until_it_has_forgotten),
        cmocka_unit_test(the_relay_tells_of_moves_after_it_was_restarted),
        cmocka_unit_test(one_that_goes_to_another_network_and_back_is_there_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
