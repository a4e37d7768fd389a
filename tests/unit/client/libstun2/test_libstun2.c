/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two applications behind NATs meet by a real relay core, and talk. */
#include "client/stun2/stun2.h"

#include "tests/support/app_pair.h"

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
                             .port_preserving = mapping == EI,
                             .lifetime_s = 120};
}

static void two_behind_port_restricted_nats_meet_by_key(void **state)
{
    const struct nat_kind kind = kind_of(EI, APD);
    struct app_pair pair;

    (void)state;
    app_pair_init(&pair, &kind, &kind, 1);
    pair.other.says_yes = true;
    app_pair_ask(&pair);
    relay_net_run(pair.net, 300); /* ten times the round trip to the relay and more */
    app_pair_check_talk(&pair);
    app_pair_fini(&pair);
}

static void every_pair_of_nats_that_needs_no_guessing_meets(void **state)
{
    const struct nat_kind kinds[] = {kind_of(EI, EI), kind_of(EI, AD), kind_of(EI, APD),
                                     kind_of(APD, APD)};
    const char *names[] = {"FullC", "RC", "P-RC", "Sym"};

    (void)state;
    for (size_t a = 0; a < 4; a++) {
        for (size_t b = 0; b < 4; b++) {
            bool possible = !(a == 3 && b >= 2) && !(b == 3 && a >= 2);
            struct app_pair pair;

            app_pair_init(&pair, &kinds[a], &kinds[b], 10 + a * 4 + b);
            pair.other.says_yes = true;
            app_pair_ask(&pair);
            relay_net_run(pair.net, 6000);
            print_message("%s - %s\n", names[a], names[b]);
            if (possible) {
                app_pair_check_talk(&pair);
            } else {
                assert_null(app_guest_event(&pair.one, STUN2_EVENT_OPEN));
                assert_int_equal(app_guest_event(&pair.one, STUN2_EVENT_FAILED)->code,
                                 STUN2_FAILURE_NO_WAY);
                assert_int_equal(app_guest_event(&pair.other, STUN2_EVENT_FAILED)->code,
                                 STUN2_FAILURE_NO_WAY);
            }
            app_pair_fini(&pair);
        }
    }
}

/* A router without rules for its input takes a packet for its own that comes before the host inside
 * sent anything there (docs/protocol.md, section 13, Timing). */
static void an_early_packet_does_not_spoil_the_way(void **state)
{
    struct nat_kind kind = kind_of(APD, APD);
    struct app_pair pair;

    (void)state;
    kind.port_preserving = true;
    kind.answers_itself = true;
    for (uint64_t seed = 0; seed < 10; seed++) {
        app_pair_init(&pair, &kind, &kind, 100 + seed);
        pair.other.says_yes = true;
        app_pair_ask(&pair);
        relay_net_run(pair.net, 400);
        app_pair_check_talk(&pair);
        app_pair_fini(&pair);
    }
}

static void nothing_leaves_before_the_other_one_said_yes(void **state)
{
    const struct nat_kind kind = kind_of(EI, APD);
    struct app_pair pair;
    const struct stun2_event *asked;

    (void)state;
    app_pair_init(&pair, &kind, &kind, 2);
    app_pair_ask(&pair);
    relay_net_run(pair.net, 1000);
    asked = app_guest_event(&pair.other, STUN2_EVENT_ASKED);
    assert_non_null(asked);
    assert_memory_equal(asked->key, stun2_key(pair.one.agent), STUN2_KEY_SIZE);
    assert_int_equal(asked->nat_kind, STUN2_NAT_P_RC);
    assert_null(app_guest_event(&pair.one, STUN2_EVENT_OPEN));
    assert_int_equal(stun2_answer(pair.other.agent, asked->punch, 0, app_guest_now(&pair.other)),
                     STUN2_OK);
    app_guest_settle(&pair.other);
    relay_net_run(pair.net, 200);
    assert_int_equal(app_guest_event(&pair.one, STUN2_EVENT_FAILED)->code, STUN2_FAILURE_REFUSED);
    assert_int_equal(stun2_answer(pair.other.agent, asked->punch, 1, app_guest_now(&pair.other)),
                     STUN2_ERROR_STATE);
    app_pair_fini(&pair);
}

static void silence_is_a_no(void **state)
{
    const struct nat_kind kind = kind_of(EI, APD);
    struct app_pair pair;

    (void)state;
    app_pair_init(&pair, &kind, &kind, 3);
    app_pair_ask(&pair);
    relay_net_run(pair.net, 11000);
    assert_int_equal(app_guest_event(&pair.one, STUN2_EVENT_FAILED)->code, STUN2_FAILURE_REFUSED);
    assert_int_equal(app_guest_event(&pair.other, STUN2_EVENT_FAILED)->code, STUN2_FAILURE_REFUSED);
    app_pair_ask(&pair); /* again, with another punch */
    pair.other.says_yes = true;
    relay_net_run(pair.net, 2000);
    app_pair_check_talk(&pair);
    app_pair_fini(&pair);
}

static void who_is_not_there_is_refused_at_once(void **state)
{
    const struct nat_kind kind = kind_of(EI, APD);
    const uint8_t nobody[STUN2_KEY_SIZE] = {9};
    struct app_pair pair;
    uint64_t punch;

    (void)state;
    app_pair_init(&pair, &kind, &kind, 4);
    assert_int_equal(
        stun2_punch(pair.one.agent, pair.one.relay, nobody, &punch, app_guest_now(&pair.one)),
        STUN2_OK);
    app_guest_settle(&pair.one);
    relay_net_run(pair.net, 300);
    assert_int_equal(app_guest_event(&pair.one, STUN2_EVENT_FAILED)->code, STUN2_FAILURE_REFUSED);
    assert_int_equal(app_guest_event(&pair.one, STUN2_EVENT_FAILED)->punch, punch);
    app_pair_fini(&pair);
}

static void a_punch_waits_for_the_relay_and_for_the_kind_of_nat(void **state)
{
    const struct nat_kind kind = kind_of(EI, APD);
    struct app_pair pair;

    (void)state;
    app_pair_place(&pair, &kind, &kind, 5);
    app_guest_relay(&pair.other, 0);
    pair.other.says_yes = true;
    app_guest_relay(&pair.one, 0);
    app_pair_ask(&pair);
    relay_net_run(pair.net, 1000);
    assert_int_equal(app_guest_count(&pair.one, STUN2_EVENT_MEASURE_FIRST), 1);
    assert_null(app_guest_event(&pair.other, STUN2_EVENT_ASKED));
    app_guest_measure(&pair.one);
    assert_non_null(app_guest_event(&pair.one, STUN2_EVENT_REPORT));
    app_pair_check_talk(&pair);
    app_pair_fini(&pair);
}

static void two_who_ask_for_each_other_have_both_said_yes(void **state)
{
    const struct nat_kind kind = kind_of(EI, APD);
    struct app_pair pair;
    uint64_t punch;

    (void)state;
    app_pair_init(&pair, &kind, &kind, 6);
    app_pair_ask(&pair);
    assert_int_equal(stun2_punch(pair.other.agent, pair.other.relay, stun2_key(pair.one.agent),
                                 &punch, app_guest_now(&pair.other)),
                     STUN2_OK);
    app_guest_settle(&pair.other);
    relay_net_run(pair.net, 1000);
    assert_null(app_guest_event(&pair.one, STUN2_EVENT_ASKED));
    assert_null(app_guest_event(&pair.other, STUN2_EVENT_ASKED));
    app_pair_check_talk(&pair);
    assert_int_equal(app_guest_count(&pair.one, STUN2_EVENT_OPEN), 1);
    app_pair_fini(&pair);
}

static void arguments_are_checked(void **state)
{
    const struct nat_kind kind = kind_of(EI, APD);
    struct app_pair pair;
    char problem[STUN2_TEXT_SIZE];
    struct stun2 *agent;
    uint64_t number;

    (void)state;
    app_pair_init(&pair, &kind, &kind, 7);
    assert_int_equal(stun2_new(&agent, NULL, 0), STUN2_ERROR_ARGUMENT);
    assert_null(agent);
    assert_int_equal(stun2_relay_add(pair.one.agent, "nonsense", &number, problem, 0),
                     STUN2_ERROR_ARGUMENT);
    assert_true(strlen(problem) > 10);
    assert_int_equal(stun2_punch(pair.one.agent, pair.one.relay, stun2_key(pair.one.agent), &number,
                                 app_guest_now(&pair.one)),
                     STUN2_ERROR_ARGUMENT);
    assert_int_equal(stun2_punch(pair.one.agent, 4711, stun2_key(pair.other.agent), &number,
                                 app_guest_now(&pair.one)),
                     STUN2_ERROR_ARGUMENT);
    assert_int_equal(stun2_pool_join(pair.one.agent, pair.one.relay, "two words", 0),
                     STUN2_ERROR_ARGUMENT);
    app_pair_ask(&pair);
    assert_int_equal(stun2_punch(pair.one.agent, pair.one.relay, stun2_key(pair.other.agent),
                                 &number, app_guest_now(&pair.one)),
                     STUN2_ERROR_STATE);
    app_pair_fini(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_behind_port_restricted_nats_meet_by_key),
        cmocka_unit_test(every_pair_of_nats_that_needs_no_guessing_meets),
        cmocka_unit_test(an_early_packet_does_not_spoil_the_way),
        cmocka_unit_test(nothing_leaves_before_the_other_one_said_yes),
        cmocka_unit_test(silence_is_a_no),
        cmocka_unit_test(who_is_not_there_is_refused_at_once),
        cmocka_unit_test(a_punch_waits_for_the_relay_and_for_the_kind_of_nat),
        cmocka_unit_test(two_who_ask_for_each_other_have_both_said_yes),
        cmocka_unit_test(arguments_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
