/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Look-ups: who is asked, and when they end. */
#include "tests/support/lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void the_first_valid_answer_is_told_at_once_and_all_answers_end_it(void **state)
{
    struct lookup f;

    (void)state;
    lookup_start(&f);
    struct part part = lookup_attached(&f, f.home, 4);
    assert_int_equal(lookup_want(&f, 9), LOCATE_WAITS);
    uint32_t id = lookup_questions(&f);
    lookup_answer(&f, 0, id, NULL);
    assert_lookup_not_done(&f);
    lookup_answer(&f, 1, id, &part);
    struct located found = lookup_done(&f, 9);
    assert_int_equal(found.count, 1);
    assert_memory_equal(found.records[0].relay, f.home, KEY_SIZE);
    assert_int_equal(lookup_stats(&f)->running, 1);
    lookup_answer(&f, 2, id, &part);
    assert_lookup_not_done(&f);
    assert_int_equal(lookup_stats(&f)->running, 0);
    assert_int_equal(lookup_stats(&f)->found, 1);
    assert_int_equal(lookup_stats(&f)->answers_good, 2);
    assert_int_equal(lookup_stats(&f)->answers_empty, 1);
    locate_free(f.locate);
    locate_free(NULL);
}

static void who_was_told_something_old_is_told_again(void **state)
{
    struct located found;
    struct lookup f;

    (void)state;
    lookup_start(&f);
    struct part old = lookup_attached(&f, f.home, 4), new = lookup_attached(&f, f.other, 5);
    assert_int_equal(lookup_want(&f, 9), LOCATE_WAITS);
    uint32_t id = lookup_questions(&f);
    lookup_answer(&f, 2, id, &old); /* a replay is the fastest */
    assert_memory_equal(lookup_done(&f, 9).records[0].relay, f.home, KEY_SIZE);
    assert_int_equal(lookup_want_key(&f, f.host.public_key, 3, &found), LOCATE_KNOWN);
    lookup_answer(&f, 1, id, &new);
    assert_lookup_not_done(&f);
    lookup_pass(&f, LOCATE_MORE_MS);
    found = lookup_done(&f, 9);
    assert_int_equal(found.count, 2);
    assert_memory_equal(found.records[0].relay, f.other, KEY_SIZE);
    assert_lookup_not_done(&f);
    assert_int_equal(lookup_stats(&f)->running, 0);
    assert_int_equal(lookup_want_key(&f, f.host.public_key, 4, &found), LOCATE_KNOWN);
    assert_memory_equal(found.records[0].relay, f.other, KEY_SIZE);
    locate_free(f.locate);
}

static void others_have_400_ms_to_tell_something_newer(void **state)
{
    struct lookup f;

    (void)state;
    lookup_start(&f);
    struct part part = lookup_attached(&f, f.home, 4), new = lookup_attached(&f, f.other, 5);
    assert_int_equal(lookup_want(&f, 9), LOCATE_WAITS);
    uint32_t id = lookup_questions(&f);
    lookup_pass(&f, 300);
    lookup_answer(&f, 1, id, &part);
    assert_int_equal(lookup_done(&f, 9).count, 1);
    lookup_pass(&f, LOCATE_MORE_MS - 1);
    assert_int_equal(mono_ms_between(f.now, locate_deadline(f.locate)), 1);
    lookup_pass(&f, 1);
    lookup_answer(&f, 0, id, &new);
    assert_lookup_not_done(&f);
    assert_int_equal(lookup_stats(&f)->answers_late, 1);
    assert_int_equal(lookup_stats(&f)->running, 0);
    locate_free(f.locate);
}

static void while_nobody_answers_others_are_asked_besides(void **state)
{
    struct lookup f;

    (void)state;
    lookup_start(&f);
    f.ranks = 8;
    struct part part = lookup_attached(&f, f.home, 4);
    assert_int_equal(lookup_want(&f, 9), LOCATE_WAITS);
    uint32_t id = lookup_questions(&f);
    lookup_pass(&f, LOCATE_STEP_MS - 1);
    assert_lookup_not_done(&f);
    lookup_pass(&f, 1);
    assert_int_equal(lookup_questions_to(&f, 3, 3), id);
    lookup_pass(&f, LOCATE_STEP_MS);
    assert_int_equal(lookup_questions_to(&f, 6, 2), id);
    lookup_pass(&f, LOCATE_STEP_MS);
    assert_lookup_not_done(&f);
    lookup_answer(&f, 7, id, &part);
    assert_int_equal(lookup_done(&f, 9).count, 1);
    locate_free(f.locate);
}

static void in_place_of_who_cannot_be_asked_or_lies_the_next_one_is_asked_at_once(void **state)
{
    struct lookup f;

    (void)state;
    lookup_start(&f);
    f.ranks = LOCATE_RANKS_MAX;
    struct part lie = lookup_attached(&f, f.other, 9), part = lookup_attached(&f, f.home, 4);
    lie.bytes[lie.size - 1] ^= 1;
    assert_int_equal(lookup_want(&f, 9), LOCATE_WAITS);
    uint32_t id = lookup_questions(&f);
    locate_on_failed(f.locate, f.winners[1], id, f.now);
    assert_int_equal(lookup_questions_to(&f, 3, 1), id);
    lookup_answer(&f, 0, id, &lie);
    assert_int_equal(lookup_questions_to(&f, 4, 1), id);
    locate_on_gone(f.locate, f.winners[2], f.now);
    assert_int_equal(lookup_questions_to(&f, 5, 1), id);
    lookup_answer(&f, 3, id, &part);
    assert_int_equal(lookup_done(&f, 9).count, 1);
    lookup_pass(&f, LOCATE_STEP_MS); /* nobody else is asked */
    assert_lookup_not_done(&f);
    locate_free(f.locate);
}

static void a_key_that_is_nowhere_is_asked_for_at_six_relays_and_no_more(void **state)
{
    struct lookup f;

    (void)state;
    lookup_start(&f);
    f.ranks = LOCATE_RANKS_MAX;
    assert_int_equal(lookup_want(&f, 9), LOCATE_WAITS);
    uint32_t id = lookup_questions(&f);
    for (size_t i = 0; i < 3; i++) {
        lookup_answer(&f, i, id, NULL);
        (void)lookup_questions_to(&f, i + 3, 1);
    }
    lookup_answer(&f, 3, id, NULL);
    lookup_answer(&f, 4, id, NULL);
    assert_lookup_not_done(&f);
    lookup_answer(&f, 5, id, NULL);
    assert_int_equal(lookup_done(&f, 9).count, 0);
    assert_int_equal(lookup_stats(&f)->absent, 1);
    locate_free(f.locate);
}

static void silent_winners_end_it_after_two_seconds(void **state)
{
    struct lookup f;

    (void)state;
    lookup_start(&f);
    assert_int_equal(lookup_want(&f, 9), LOCATE_WAITS);
    uint32_t id = lookup_questions(&f);
    lookup_answer(&f, 0, id, NULL);
    lookup_pass(&f, LOCATE_ASK_MS - 1);
    assert_lookup_not_done(&f);
    lookup_pass(&f, 1);
    assert_int_equal(lookup_done(&f, 9).count, 0);
    assert_int_equal(lookup_stats(&f)->absent, 1);
    assert_true(locate_deadline(f.locate).ns == MONO_NEVER.ns);
    locate_free(f.locate);
}

static void winners_that_cannot_be_asked_are_not_waited_for(void **state)
{
    struct lookup f;

    (void)state;
    lookup_start(&f);
    struct part part = lookup_attached(&f, f.home, 4);
    assert_int_equal(lookup_want(&f, 9), LOCATE_WAITS);
    uint32_t id = lookup_questions(&f);
    locate_on_failed(f.locate, f.winners[0], id, f.now);
    locate_on_failed(f.locate, f.winners[2], id, f.now);
    locate_on_failed(f.locate, f.winners[2], id, f.now); /* again: ignored */
    assert_lookup_not_done(&f);
    lookup_answer(&f, 1, id, &part);
    assert_int_equal(lookup_done(&f, 9).count, 1);
    assert_int_equal(lookup_stats(&f)->answers_failed, 2);
    locate_free(f.locate);
}

static void without_other_relays_nothing_is_found_at_once(void **state)
{
    struct locate_waiter waiter = {.who = 3, .request_id = 3};
    struct lookup f;

    (void)state;
    lookup_start(&f);
    assert_int_equal(locate_begin(f.locate, f.host.public_key, &waiter, f.winners, 0, f.now),
                     LOCATE_WAITS);
    assert_int_equal(lookup_done(&f, 3).count, 0);
    locate_free(f.locate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_valid_answer_is_told_at_once_and_all_answers_end_it),
        cmocka_unit_test(who_was_told_something_old_is_told_again),
        cmocka_unit_test(others_have_400_ms_to_tell_something_newer),
        cmocka_unit_test(while_nobody_answers_others_are_asked_besides),
        cmocka_unit_test(in_place_of_who_cannot_be_asked_or_lies_the_next_one_is_asked_at_once),
        cmocka_unit_test(a_key_that_is_nowhere_is_asked_for_at_six_relays_and_no_more),
        cmocka_unit_test(silent_winners_end_it_after_two_seconds),
        cmocka_unit_test(winners_that_cannot_be_asked_are_not_waited_for),
        cmocka_unit_test(without_other_relays_nothing_is_found_at_once),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
