/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which hosts guess ports with each other, and what a peer can make a host do by its words. */
#include "client/peer/guesswork.h"

#include "client/core/core_internal.h"
#include "client/core/nat.h"
#include "client/core/sockets.h"
#include "client/peer/introduction.h"
#include "proto/wire/intunnel.h"
#include "tests/support/endpoints.h"
#include "tests/support/host_fixture.h"

/* Two hosts that talk over the relay, and measured these kinds of NAT. */
static struct lab *lab_of_kinds(enum nat_name here, enum nat_name there)
{
    const struct guess_ports ports = {.step = 2};
    struct lab *lab = lab_relayed();

    host_core_set_nat(lab->hosts[0].core, here, &ports, lab->now);
    host_core_set_nat(lab->hosts[1].core, there, &ports, lab->now);
    return lab;
}

static struct guesswork *work_of(struct lab *lab, size_t host)
{
    return &lab->hosts[host].core->conversations.guesswork;
}

/* The peer of host 0 tells it this inside their session. */
static void hear(struct lab *lab, const struct intunnel_aim *aim)
{
    uint8_t body[INTUNNEL_AIM_SIZE];

    intunnel_aim_encode(body, aim);
    introduction_on_control(conversation_at(lab, 0), body, sizeof(body), &lab->hosts[0].io,
                            lab->now);
    flush_host(lab, &lab->hosts[0]);
}

/* ---- who guesses ---- */

static void only_those_guess_whom_nothing_else_helps(void **state)
{
    static const struct {
        enum nat_name here, there;
        bool guesses;
        enum why_code why;
    } rows[] = {
        {NAT_NAME_P_RC, NAT_NAME_SYM, true, WHY_NO_WAY},
        {NAT_NAME_PUBLIC_FW, NAT_NAME_SYM_RANGE, true, WHY_NO_WAY},
        {NAT_NAME_UNKNOWN, NAT_NAME_SYM, true, WHY_NO_WAY},
        {NAT_NAME_SYM_STEP, NAT_NAME_P_RC, true, WHY_NO_WAY},
        {NAT_NAME_SYM_STEP, NAT_NAME_SYM_STEP, true, WHY_NO_WAY},
        {NAT_NAME_RC, NAT_NAME_SYM, false, WHY_NO_WAY},
        {NAT_NAME_P_RC, NAT_NAME_P_RC, false, WHY_NO_WAY},
        {NAT_NAME_SYM, NAT_NAME_SYM, false, WHY_SYM_SYM},
        {NAT_NAME_SYM_STEP, NAT_NAME_SYM, false, WHY_SYM_SYM},
        {NAT_NAME_BLOCKED, NAT_NAME_SYM, false, WHY_UDP_BLOCKED},
        {(enum nat_name)77, NAT_NAME_SYM, false, WHY_NO_WAY},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct lab *lab = lab_of_kinds(rows[i].here, rows[i].there);

        send_pings(lab, 12, 1000);
        assert_int_equal(work_of(lab, 0)->begun > 0, rows[i].guesses);
        assert_int_equal(work_of(lab, 1)->begun > 0, rows[i].guesses);
        send_pings(lab, 20, 1000);
        assert_int_equal(conversation_at(lab, 0)->why.code, rows[i].why);
        assert_int_equal(lab->hosts[0].sockets_count, 0); /* nothing succeeded: all are closed */
        assert_true(lab->hosts[0].sockets_most <= GUESS_SOCKETS_MAX);
        lab_free(lab);
    }
}

static void who_does_not_want_it_says_so_and_both_tell_why(void **state)
{
    static const enum nat_name kinds[] = {NAT_NAME_P_RC, NAT_NAME_SYM, NAT_NAME_SYM_STEP};

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(kinds); i++) { /* who says the first word differs */
        struct lab *lab = lab_relayed();
        const struct guess_ports ports = {.step = 2};

        host_core_set_guessing(lab->hosts[1].core, false);
        host_core_set_nat(lab->hosts[0].core, kinds[i], &ports, lab->now);
        host_core_set_nat(lab->hosts[1].core,
                          kinds[i] == NAT_NAME_P_RC ? NAT_NAME_SYM : NAT_NAME_P_RC, NULL, lab->now);
        send_pings(lab, 30, 1000);
        assert_true(work_of(lab, 0)->begun > 0);
        assert_int_equal(work_of(lab, 1)->begun, 0);
        assert_int_equal(lab->hosts[1].sockets_most, 0);
        assert_int_equal(conversation_at(lab, 1)->why.code, WHY_GUESS_OFF);
        assert_int_equal(conversation_at(lab, 0)->why.code, WHY_GUESS_REFUSED);
        lab_free(lab);
    }
}

/* ---- what a peer can cause ---- */

static void an_aim_at_a_strangers_address_moves_nothing_and_is_counted(void **state)
{
    const struct intunnel_aim aim = {
        .part = INTUNNEL_PART_RANDOM, .low = 1024, .high = 65535, .at = test_endpoint(200, 0)};
    struct lab *lab = lab_of_kinds(NAT_NAME_P_RC, NAT_NAME_SYM);
    uint64_t sent;

    (void)state;
    send_pings(lab, 2, 1000);
    sent = work_of(lab, 0)->guess.pings;
    for (int i = 0; i < 50; i++) {
        hear(lab, &aim);
        run_ms(lab, 100);
    }
    assert_int_equal(work_of(lab, 0)->guess.pings, sent);
    assert_true(work_of(lab, 0)->strangers > 0);
    lab_free(lab);
}

static void a_peer_cannot_make_a_host_guess_more_often(void **state)
{
    struct lab *lab = lab_of_kinds(NAT_NAME_P_RC, NAT_NAME_SYM);
    struct intunnel_aim aim = {.part = INTUNNEL_PART_RANDOM, .low = 1024, .high = 65535};

    (void)state;
    send_pings(lab, 2, 1000);
    aim.at = conversation_at(lab, 0)->punching.observed;
    aim.at.port = 0;
    for (int i = 0; i < 600; i++) { /* a minute */
        hear(lab, &aim);
        run_ms(lab, 100);
    }
    assert_in_range(work_of(lab, 0)->begun, 1, 60000 / GUESSWORK_AGAIN_MS + 1);
    lab_free(lab);
}

static void a_network_that_forbids_it_is_left_alone(void **state)
{
    struct lab *lab = lab_of_kinds(NAT_NAME_P_RC, NAT_NAME_SYM);
    const struct guesswork *work = work_of(lab, 0);
    uint64_t begun;

    (void)state;
    while (work->with == NULL) {
        send_pings(lab, 1, 100);
    }
    run_ms(lab, 50);
    host_core_socket_prohibited(lab->hosts[0].core, lab->hosts[0].address.port, lab->now);
    assert_non_null(work->with); /* not one of the guess's sockets */
    assert_true(work->guess.sockets.count > 0);
    host_core_socket_prohibited(lab->hosts[0].core, work->guess.sockets.ports[0], lab->now);
    assert_int_equal(work->guess.state, GUESS_STATE_OVER);
    begun = work->begun;
    send_pings(lab, 60, 1000);
    assert_int_equal(work->begun, begun);
    assert_int_equal(lab->hosts[0].sockets_count, 0);
    lab_free(lab);
}

static void without_sockets_it_ends(void **state)
{
    struct lab *lab = lab_of_kinds(NAT_NAME_P_RC, NAT_NAME_SYM);

    (void)state;
    while (work_of(lab, 0)->with == NULL) {
        send_pings(lab, 1, 10);
    }
    host_core_socket_opened(lab->hosts[0].core, 0, lab->now);
    assert_int_equal(work_of(lab, 0)->guess.end, GUESS_END_STOPPED);
    run_ms(lab, 100);
    assert_int_equal(lab->hosts[0].sockets_count, 0);
    lab_free(lab);
}

/* The two may be behind one NAT, so the IP address alone says nothing. */
static void an_aim_at_our_own_address_is_one_at_a_strangers(void **state)
{
    struct intunnel_aim aim = {.part = INTUNNEL_PART_FIXED};
    struct lab *lab = lab_of_kinds(NAT_NAME_SYM, NAT_NAME_P_RC);
    struct guesswork *work = work_of(lab, 0);
    uint64_t strangers;

    (void)state;
    while (work->with == NULL) {
        send_pings(lab, 1, 10);
    }
    strangers = work->strangers;
    aim.at = work->guess.setup.peer_at;
    aim.at.port = 4321;
    conversation_at(lab, 0)->punching.own = aim.at;
    hear(lab, &aim);
    assert_int_equal(work->strangers, strangers + 1);
    assert_false(endpoint_equal(&work->guess.words.heard.at, &aim.at));
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_those_guess_whom_nothing_else_helps),
        cmocka_unit_test(who_does_not_want_it_says_so_and_both_tell_why),
        cmocka_unit_test(an_aim_at_a_strangers_address_moves_nothing_and_is_counted),
        cmocka_unit_test(an_aim_at_our_own_address_is_one_at_a_strangers),
        cmocka_unit_test(a_peer_cannot_make_a_host_guess_more_often),
        cmocka_unit_test(a_network_that_forbids_it_is_left_alone),
        cmocka_unit_test(without_sockets_it_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
