/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When the NAT of one side gives it another address, the two stay together: the relay tells. */
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
