/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handshakes that hosts begin: both at once, or with a clock that was set back. */
#include "client/core/core_internal.h"
#include "client/peer/initiation.h"

#include "tests/support/host_fixture.h"

static void initiations_of_both_at_once_leave_a_session_that_both_have(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    lab->cut_direct = true;
    send_ping(lab, 84);
    run_ms(lab, 1000);
    for (size_t i = 0; i < HOSTS; i++) {
        struct host_node *h = &lab->hosts[i];
        struct conversation *a = h->core->peers.list[0]->conversation;

        a->initiating.tries = 5; /* after so many, neither insists on its own initiation */
        initiation_send(a, &h->io, lab->now);
        flush_host(lab, h);
    }
    run_ms(lab, 200);
    size_t before = lab->hosts[1].delivered;
    size_t lost = lab->hosts[0].core->dataplane.counters.unknown_index;
    send_ping(lab, 84);
    run_ms(lab, 100);
    assert_int_equal(lab->hosts[1].delivered, before + 1);
    run_ms(lab, 3000); /* the relayed round trip is measured in both directions */
    assert_true(lab->hosts[0].core->dataplane.counters.unknown_index <= lost + 1);
    lab_free(lab);
}

static uint64_t a_minute_back(void *context)
{
    return test_env_wall_ms(context) - 60000;
}

static void restart(struct lab *lab, size_t host)
{
    lab_restart(lab, host);
    run_ms(lab, 3000);
}

static void a_restart_with_the_clock_set_back_shuts_nobody_out(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    send_ping(lab, 84);
    run_ms(lab, 1000);
    assert_int_equal(lab->hosts[1].delivered, 1);
    lab->ports.env.wall_ms = a_minute_back;
    restart(lab, 0);
    send_ping(lab, 84);
    run_ms(lab, 3000);
    assert_int_equal(lab->hosts[1].delivered, 2);
    assert_int_equal(lab->hosts[1].core->dataplane.counters.stale_timestamp, 0);
    lab_free(lab);
}

/* Host 0 has no way to nas for wait_ms. */
static void lose_the_relay(struct lab *lab, uint64_t wait_ms)
{
    lab->cut_direct = true;
    relay_session_close(ziglan_at(lab, 0)->entry_point, wait_ms, lab->now);
}

/* Only what was sent counts as a try: a relay that opens after long finds a handshake that insists
 * on its initiation and repeats it soon, as if it had just begun. */
static void waiting_for_a_relay_uses_up_no_tries(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    lose_the_relay(lab, 20000);
    send_ping(lab, 84);
    struct conversation *a = conversation_at(lab, 0);
    run_ms(lab, 19000);
    assert_true(a->initiating.active);
    assert_int_equal(a->initiating.tries, 0);
    run_ms(lab, 2000);
    assert_int_equal(lab->hosts[1].delivered, 1);
    assert_int_equal(a->initiating.tries, 1);
    lab_free(lab);
}

static void a_handshake_that_finds_no_way_is_given_up(void **state)
{
    struct lab *lab = lab_joined();

    (void)state;
    lose_the_relay(lab, UINT64_MAX);
    send_ping(lab, 84);
    assert_true(conversation_at(lab, 0)->initiating.active);
    run_ms(lab, 120000);
    assert_null(lab->hosts[0].core->peers.list[0]->conversation);
    assert_int_equal(lab->hosts[0].core->dataplane.counters.queue_dropped, 1);
    lab_free(lab);
}

/* The relay is 60 ms away, and so is the peer from it; something between them takes its time. */
static void an_answer_from_far_away_does_not_come_in_vain(void **state)
{
    struct lab *lab = lab_joined();
    struct conversation *a;

    (void)state;
    lab->wire.delay_us = 60000;
    lab->cut_direct = true;
    run_ms(lab, 40000); /* the round trip is known */
    send_ping(lab, 84);
    a = conversation_at(lab, 0);
    lab->wire.delay_us = 90000;
    run_ms(lab, 450);
    assert_false(a->initiating.active);
    assert_int_equal(a->initiating.tries, 1);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(initiations_of_both_at_once_leave_a_session_that_both_have),
        cmocka_unit_test(a_restart_with_the_clock_set_back_shuts_nobody_out),
        cmocka_unit_test(waiting_for_a_relay_uses_up_no_tries),
        cmocka_unit_test(a_handshake_that_finds_no_way_is_given_up),
        cmocka_unit_test(an_answer_from_far_away_does_not_come_in_vain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
