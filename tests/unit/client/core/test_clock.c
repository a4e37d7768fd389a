/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host or its relay has a wrong wall clock: the host reports it, and nothing is lost. */
#include "client/admin/sentences.h"
#include "client/core/core_internal.h"
#include "tests/support/host_fixture.h"

static const int64_t year_ms = INT64_C(365) * 24 * 3600 * 1000;
static const int64_t day_ms = INT64_C(24) * 3600 * 1000;

static int64_t wrong_by_ms; /* by how much the clock of the first host is ahead */
static int64_t relay_by_ms; /* by how much that of the relay is ahead */

static uint64_t wrong_wall(void *context)
{
    return (uint64_t)((int64_t)test_env_wall_ms(context) + wrong_by_ms);
}

static uint64_t relay_wall(void *context)
{
    return (uint64_t)((int64_t)test_env_wall_ms(context) + relay_by_ms);
}

/* Two joined hosts; the first has a clock of its own. */
static struct lab *lab_with_wrong_host(struct env *env)
{
    struct lab *lab = lab_joined();

    wrong_by_ms = 0;
    *env = lab->ports.env;
    env->wall_ms = wrong_wall;
    lab->hosts[0].env = env;
    lab_restart(lab, 0);
    run_ms(lab, 3000);
    assert_int_equal(roster_count(ziglan_at(lab, 0)->roster), 2);
    return lab;
}

static void assert_ping_passes(struct lab *lab)
{
    size_t before = lab->hosts[1].delivered;

    for (int i = 0; i < 20 && lab->hosts[1].delivered == before; i++) {
        send_ping(lab, 84);
        run_ms(lab, 100);
    }
    assert_true(lab->hosts[1].delivered > before);
}

static void a_clock_a_year_ahead_for_a_minute_costs_no_member(void **state)
{
    struct env env;
    struct lab *lab = lab_with_wrong_host(&env);
    struct ziglan *mine = ziglan_at(lab, 0);
    char text[SENTENCE_SIZE];

    (void)state;
    assert_ping_passes(lab);
    wrong_by_ms = year_ms;
    run_ms(lab, 1000);
    assert_int_equal(roster_count(mine->roster), 2);
    assert_non_null(
        strstr(sentence_of_trouble(&mine->trouble, text), "525600 minutes ahead of the relay's"));
    /* Changes meanwhile are not believed, and are asked for again later. */
    uint64_t known = roster_sequence(mine->roster);
    lab_restart_as(lab, 1, "other-name");
    run_ms(lab, 61000);
    assert_int_equal(roster_sequence(mine->roster), known);
    wrong_by_ms = 0;
    run_ms(lab, 20000); /* no event tells an idle host that its clock was set: it looks by itself */
    assert_int_equal(roster_count(mine->roster), 2);
    assert_int_equal(mine->trouble.code, ZIGLAN_TROUBLE_NONE);
    assert_int_equal(mine->state, ZIGLAN_STATE_JOINED);
    assert_true(roster_sequence(mine->roster) > known);
    assert_int_equal(roster_sequence(mine->roster), roster_sequence(ziglan_at(lab, 1)->roster));
    assert_ping_passes(lab);
    lab_free(lab);
}

/* What exists goes on for as long as it is used, also over the renewal of sessions. */
static void direct_and_relayed_sessions_go_on_while_the_clock_is_a_year_ahead(void **state)
{
    (void)state;
    for (int relayed = 0; relayed < 2; relayed++) {
        struct env env;
        struct lab *lab = lab_with_wrong_host(&env);

        lab->cut_direct = relayed == 1;
        assert_ping_passes(lab);
        run_ms(lab, 5000);
        assert_string_equal(state_of_nas(lab), relayed == 1 ? "relayed" : "direct");
        wrong_by_ms = year_ms;
        for (int i = 0; i < 400; i++) {
            next_ping_arrives(lab, 84, 1000);
        }
        assert_string_equal(state_of_nas(lab), relayed == 1 ? "relayed" : "direct");
        lab_free(lab);
    }
}

/* Only the relay's clock saves a member whose admission is over by this host's. */
static void without_a_word_of_the_relay_an_admission_ends_by_the_own_clock(void **state)
{
    struct env env;
    struct lab *lab = lab_with_wrong_host(&env);

    (void)state;
    relay_node_stop(&lab->relay);
    wrong_by_ms = year_ms;
    lab_restart(lab, 0);
    run_ms(lab, 1000);
    assert_int_equal(roster_count(ziglan_at(lab, 0)->roster), 0);
    wrong_by_ms = 0;
    run_ms(lab, 61000);
    assert_int_equal(roster_count(ziglan_at(lab, 0)->roster), 2);
    start_relay(lab);
    lab_free(lab);
}

static void a_host_that_boots_in_1970_says_why_and_joins_when_the_clock_is_set(void **state)
{
    struct env env;
    struct lab *lab = lab_with_wrong_host(&env);
    char text[SENTENCE_SIZE];

    (void)state;
    wrong_by_ms = -(int64_t)test_env_wall_ms(&lab->ports);
    lab_restart(lab, 0);
    run_ms(lab, 5000);
    assert_non_null(strstr(sentence_of_trouble(&ziglan_at(lab, 0)->trouble, text), "clock"));
    assert_int_equal(roster_count(ziglan_at(lab, 0)->roster), 2);
    wrong_by_ms = 0;
    run_ms(lab, 20000);
    assert_int_equal(ziglan_at(lab, 0)->trouble.code, ZIGLAN_TROUBLE_NONE);
    assert_int_equal(ziglan_at(lab, 0)->state, ZIGLAN_STATE_JOINED);
    assert_ping_passes(lab);
    lab_free(lab);
}

/* The relay's clock is 20 days ahead when it renews a member, so hosts do not believe it. */
static void what_a_relay_signed_in_the_future_is_signed_anew(void **state)
{
    struct lab *lab = lab_joined();
    struct env env = lab->ports.env;
    char text[SENTENCE_SIZE];

    (void)state;
    env.wall_ms = relay_wall;
    relay_by_ms = 20 * day_ms;
    lab->relay.env = &env;
    relay_node_stop(&lab->relay);
    start_relay(lab);
    run_ms(lab, 65000);
    assert_non_null(strstr(sentence_of_trouble(&ziglan_at(lab, 0)->trouble, text), "clock"));
    relay_by_ms = 0;
    run_ms(lab, 130000);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(ziglan_at(lab, i)->trouble.code, ZIGLAN_TROUBLE_NONE);
        assert_int_equal(ziglan_at(lab, i)->state, ZIGLAN_STATE_JOINED);
        assert_int_equal(roster_count(ziglan_at(lab, i)->roster), 2);
    }
    assert_ping_passes(lab);
    lab_free(lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_a_year_ahead_for_a_minute_costs_no_member),
        cmocka_unit_test(direct_and_relayed_sessions_go_on_while_the_clock_is_a_year_ahead),
        cmocka_unit_test(without_a_word_of_the_relay_an_admission_ends_by_the_own_clock),
        cmocka_unit_test(a_host_that_boots_in_1970_says_why_and_joins_when_the_clock_is_set),
        cmocka_unit_test(what_a_relay_signed_in_the_future_is_signed_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
