/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which two relays a host keeps, and for how long. */
#include "client/stun2/home_choice.h"

#include "tests/support/endpoints.h"
#include "tests/support/fixture.h"
#include "tests/support/instants.h"

struct table {
    struct home_candidates candidates;
    struct home_choice choice;
    struct mono now;
};

/* Networks are those of test addresses: 256 numbers each. */
enum { NETWORK = 256 };

static struct home_candidate *at(struct table *t, size_t i)
{
    return &t->candidates.list[i];
}

/* A relay in this network, that was measured. */
static void add(struct table *t, size_t i, unsigned network, uint32_t rtt_ms)
{
    *at(t, i) = (struct home_candidate){
        .used = true,
        .key = {(uint8_t)(i + 1)},
        .listed = true,
        .address = test_endpoint(network * NETWORK + (unsigned)i, 4433),
        .down_since = MONO_NEVER,
        .quality = {.known = true, .rtt_us = rtt_ms * 1000},
    };
}

static void set_session(struct table *t, size_t i, bool kept, bool pinned)
{
    at(t, i)->has_session = true;
    at(t, i)->session = (struct home_session){.kept = kept, .pinned = pinned, .answers = true};
}

static struct table table_of(void)
{
    return (struct table){.now = test_at_ms(1000)};
}

static bool look(struct table *t)
{
    return home_choice_look(&t->choice, &t->candidates, true, t->now);
}

/* Look each second for so long, as a host does. */
static void look_for_s(struct table *t, unsigned s)
{
    for (unsigned i = 0; i < s; i++) {
        t->now = mono_add_ms(t->now, 1000);
        (void)look(t);
    }
}

static void assert_chosen(struct table *t, int one, int other)
{
    for (int i = 0; i < HOME_CANDIDATES_MAX; i++) {
        assert_int_equal(at(t, (size_t)i)->chosen, i == one || i == other);
    }
}

static void the_two_of_least_cost_are_chosen_in_different_networks(void **state)
{
    struct table t = table_of();

    (void)state;
    add(&t, 0, 0, 10);
    add(&t, 1, 0, 11);
    add(&t, 2, 1, 90);
    add(&t, 3, 2, 80);
    (void)look(&t);
    assert_chosen(&t, 0, 3);

    struct table narrow = table_of(); /* where there is one network only, it has to do */
    add(&narrow, 0, 0, 30);
    add(&narrow, 1, 0, 20);
    add(&narrow, 2, 0, 25);
    (void)look(&narrow);
    assert_chosen(&narrow, 1, 2);
}

static void loss_and_load_count_as_round_trip(void **state)
{
    struct table t = table_of();

    (void)state;
    add(&t, 0, 0, 10);
    add(&t, 1, 1, 12);
    add(&t, 2, 2, 60);
    add(&t, 3, 3, 62);
    at(&t, 0)->quality.loss_permille = 200;
    at(&t, 1)->quality.load_permille = 950;
    (void)look(&t);
    assert_chosen(&t, 2, 3);
    at(&t, 4)->quality = (struct home_quality){.rtt_us = HOME_RTT_US_MAX,
                                               .loss_permille = HOME_PERMILLE_MAX,
                                               .load_permille = HOME_PERMILLE_MAX};
    assert_int_equal(home_candidate_cost(at(&t, 4)), 10000000 + 500000 + 200000);
}

static void nothing_is_chosen_before_all_were_measured_once(void **state)
{
    struct table t = table_of();

    (void)state;
    add(&t, 0, 0, 10);
    (void)home_choice_look(&t.choice, &t.candidates, false, t.now);
    assert_chosen(&t, -1, -1);
    at(&t, 0)->quality.known = false;
    (void)look(&t);
    assert_chosen(&t, -1, -1);
    at(&t, 0)->quality.known = true;
    (void)look(&t);
    assert_chosen(&t, 0, -1);
}

static void pinned_relays_go_first_however_slow(void **state)
{
    struct table t = table_of();

    (void)state;
    add(&t, 0, 0, 10);
    add(&t, 1, 1, 20);
    add(&t, 2, 2, 900);
    (void)look(&t);
    assert_chosen(&t, 0, 1);
    set_session(&t, 2, true, true);
    (void)look(&t);
    assert_chosen(&t, 0, 2);
    look_for_s(&t, 1000); /* and nothing takes its place */
    assert_chosen(&t, 0, 2);
    add(&t, 3, 3, 800);
    set_session(&t, 3, true, true);
    (void)look(&t);
    assert_chosen(&t, 2, 3);
    add(&t, 4, 4, 700); /* a third one is kept as any other */
    set_session(&t, 4, true, true);
    look_for_s(&t, 1000);
    assert_chosen(&t, 2, 3);
}

static void a_little_better_is_not_better(void **state)
{
    static const struct {
        const char *name;
        uint32_t present_ms, better_ms;
        bool changes;
    } cases[] = {
        {"by less than a fifth", 100, 81, false},
        {"by a fifth", 100, 80, true},
        {"by a half, but only 9 ms", 18, 9, false},
        {"by 10 ms", 20, 10, true},
        {"worse", 100, 101, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct table t = table_of();

        add(&t, 0, 0, 1);
        add(&t, 1, 1, cases[i].present_ms);
        (void)look(&t);
        add(&t, 2, 2, cases[i].better_ms);
        look_for_s(&t, 600);
        if (at(&t, 2)->chosen != cases[i].changes) {
            fail_msg("%s", cases[i].name);
        }
    }
}

static void a_better_one_waits_until_it_is_better_for_a_while(void **state)
{
    struct table t = table_of();

    (void)state;
    add(&t, 0, 0, 1);
    add(&t, 1, 1, 100);
    (void)look(&t);
    add(&t, 2, 2, 50);
    look_for_s(&t, HOME_BETTER_MS / 1000);
    assert_chosen(&t, 0, 1);
    at(&t, 2)->quality.rtt_us = 95000; /* it was only for a moment */
    look_for_s(&t, 10);
    at(&t, 2)->quality.rtt_us = 50000;
    look_for_s(&t, HOME_BETTER_MS / 1000);
    assert_chosen(&t, 0, 1);
    look_for_s(&t, 2);
    assert_chosen(&t, 0, 2);
}

/* However the round trips turn, and whoever makes them turn. */
static void without_need_there_is_one_change_in_five_minutes(void **state)
{
    enum { RELAYS = 8, SECONDS = 7200 };
    struct table t = table_of();
    unsigned changes = 0;
    unsigned since_s = HOME_CHANGE_MS;

    (void)state;
    for (size_t i = 0; i < RELAYS; i++) {
        add(&t, i, (unsigned)i, 100);
    }
    (void)look(&t);
    for (unsigned s = 0; s < SECONDS; s++) {
        unsigned before = 0;
        unsigned after = 0;

        for (size_t i = 0; i < RELAYS; i++) {
            before |= (unsigned)at(&t, i)->chosen << i;
            at(&t, i)->quality.rtt_us = at(&t, i)->chosen ? 500000 : 1000 * (unsigned)(i + 1);
        }
        look_for_s(&t, 1);
        for (size_t i = 0; i < RELAYS; i++) {
            after |= (unsigned)at(&t, i)->chosen << i;
        }
        since_s++;
        if (before != after) {
            assert_true(since_s >= HOME_CHANGE_MS / 1000);
            since_s = 0;
            changes++;
        }
    }
    assert_in_range(changes, SECONDS / (HOME_CHANGE_MS / 1000) - 2,
                    SECONDS / (HOME_CHANGE_MS / 1000) + 1);
}

static void one_that_does_not_answer_is_replaced_at_once(void **state)
{
    struct table t = table_of();

    (void)state;
    add(&t, 0, 0, 10);
    add(&t, 1, 1, 20);
    add(&t, 2, 2, 30);
    add(&t, 3, 3, 40);
    set_session(&t, 0, true, false);
    set_session(&t, 1, false, false);
    (void)look(&t);
    assert_chosen(&t, 0, 1);
    for (size_t dead = 0; dead < 2; dead++) {
        at(&t, dead)->down_since = t.now;
        at(&t, dead)->session.answers = false;
        look_for_s(&t, HOME_DEAD_MS / 1000 - 1); /* it may only be starting again */
        assert_true(at(&t, dead)->chosen);
        look_for_s(&t, 1);
        assert_false(at(&t, dead)->chosen);
        assert_true(at(&t, dead + 2)->chosen); /* no five minutes later than the former */
    }
    /* The one whose session stays for a ziglan counts again as soon as it answers; of the other
     * one nothing is known any more, and when it answers, others go before it for a while. */
    for (size_t i = 0; i < 2; i++) {
        at(&t, i)->down_since = MONO_NEVER;
        at(&t, i)->session.answers = true;
    }
    assert_false(at(&t, 1)->quality.known);
    at(&t, 1)->quality.known = true;
    *at(&t, 2) = (struct home_candidate){0};
    (void)look(&t);
    assert_chosen(&t, 0, 3);
    look_for_s(&t, HOME_AVOIDED_MS / 1000 - 10); /* although 1 is better */
    assert_chosen(&t, 0, 3);
    look_for_s(&t, 10 + HOME_BETTER_MS / 1000);
    assert_chosen(&t, 0, 1);
}

/* Three relays, each of which died within the last minutes; two are back. */
static void who_died_is_taken_again_for_want_of_others(void **state)
{
    struct table t = table_of();

    (void)state;
    add(&t, 0, 0, 10);
    add(&t, 1, 1, 20);
    add(&t, 2, 2, 30);
    for (size_t i = 0; i < 3; i++) {
        home_choice_avoid(at(&t, i), t.now);
    }
    look_for_s(&t, 60);
    assert_chosen(&t, -1, -1); /* none was measured since */
    at(&t, 2)->quality.known = true;
    (void)look(&t);
    assert_chosen(&t, 2, -1);
    at(&t, 0)->quality.known = true;
    (void)look(&t);
    assert_chosen(&t, 2, 0);
    add(&t, 3, 3, 900); /* who works stays, and another one that did not die comes first */
    at(&t, 0)->chosen = false;
    (void)look(&t);
    assert_chosen(&t, 2, 3);
}

static void one_that_does_not_answer_stays_if_there_is_no_other(void **state)
{
    struct table t = table_of();

    (void)state;
    add(&t, 0, 0, 10);
    add(&t, 1, 1, 20);
    set_session(&t, 0, false, false);
    set_session(&t, 1, false, false);
    (void)look(&t);
    at(&t, 1)->down_since = t.now;
    at(&t, 1)->session.answers = false;
    look_for_s(&t, 3600);
    assert_chosen(&t, 0, 1);
    add(&t, 2, 2, 900);
    (void)look(&t);
    assert_chosen(&t, 0, 2);
}

static void who_refuses_is_left_alone(void **state)
{
    struct table t = table_of();

    (void)state;
    add(&t, 0, 0, 10);
    add(&t, 1, 1, 20);
    (void)look(&t);
    home_choice_refuse(at(&t, 1), HOME_CLOSED_MS, t.now);
    look_for_s(&t, 1000);
    assert_chosen(&t, 0, -1);
    t.now = mono_add_ms(t.now, HOME_CLOSED_MS);
    (void)look(&t);
    assert_chosen(&t, 0, 1);
}

static void two_in_one_network_are_parted_when_another_is_found(void **state)
{
    struct table t = table_of();

    (void)state;
    add(&t, 0, 0, 10);
    add(&t, 1, 0, 20);
    (void)look(&t);
    assert_chosen(&t, 0, 1);
    add(&t, 2, 1, 71); /* too far for that */
    look_for_s(&t, 600);
    assert_chosen(&t, 0, 1);
    add(&t, 3, 1, 70);
    look_for_s(&t, 600);
    assert_chosen(&t, 0, 3);
    add(&t, 4, 0, 1); /* and no nearer one brings them together again */
    look_for_s(&t, 600);
    assert_true(at(&t, 3)->chosen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_two_of_least_cost_are_chosen_in_different_networks),
        cmocka_unit_test(loss_and_load_count_as_round_trip),
        cmocka_unit_test(nothing_is_chosen_before_all_were_measured_once),
        cmocka_unit_test(pinned_relays_go_first_however_slow),
        cmocka_unit_test(a_little_better_is_not_better),
        cmocka_unit_test(a_better_one_waits_until_it_is_better_for_a_while),
        cmocka_unit_test(without_need_there_is_one_change_in_five_minutes),
        cmocka_unit_test(one_that_does_not_answer_is_replaced_at_once),
        cmocka_unit_test(who_died_is_taken_again_for_want_of_others),
        cmocka_unit_test(one_that_does_not_answer_stays_if_there_is_no_other),
        cmocka_unit_test(who_refuses_is_left_alone),
        cmocka_unit_test(two_in_one_network_are_parted_when_another_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
