/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Look-ups: whose answer is believed, whatever liars and the silent do. */
#include "tests/support/lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void the_largest_sequence_wins(void **state)
{
    struct lookup f;

    (void)state;
    lookup_start(&f);
    struct part old = lookup_attached(&f, f.home, 4), new = lookup_attached(&f, f.other, 5);
    struct part older = lookup_attached(&f, f.other, 3);
    assert_int_equal(lookup_want(&f, 9), LOCATE_WAITS);
    uint32_t id = lookup_questions(&f);
    lookup_answer(&f, 0, id, &old);
    (void)lookup_done(&f, 9);
    lookup_answer(&f, 1, id, &new);
    lookup_answer(&f, 2, id, &older);
    struct located found = lookup_done(&f, 9);
    assert_int_equal(found.count, 2);
    assert_memory_equal(found.records[0].relay, f.other, KEY_SIZE);
    assert_int_equal(found.records[0].sequence, 5);
    assert_memory_equal(found.records[1].relay, f.home, KEY_SIZE);
    locate_free(f.locate);
}

static void lies_are_ignored_and_counted(void **state)
{
    struct identity stranger = fixture_identity('s');
    struct lookup f;

    (void)state;
    lookup_start(&f);
    struct part good = lookup_attached(&f, f.home, 4);
    struct part lies[] = {
        lookup_attached(&f, f.other, 9),                                 /* forged, below */
        attachment_of(f.wall_ms, &stranger, f.other, 9, LOOKUP_HOUR_MS), /* of another key */
        attachment_of(f.wall_ms + LOOKUP_HOUR_MS, &f.host, f.other, 9,
                      LOOKUP_HOUR_MS), /* of the future */
        attachment_of(f.wall_ms - LOOKUP_HOUR_MS, &f.host, f.other, 9,
                      LOOKUP_HOUR_MS),                                     /* over: a replay */
        attachment_of(f.wall_ms, &f.host, f.other, 9, 2 * LOOKUP_HOUR_MS), /* for too long */
        {.size = 0},
    };
    lies[0].bytes[lies[0].size - 1] ^= 1;
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        struct lookup g;
        lookup_start(&g);
        assert_int_equal(lookup_want(&g, 9), LOCATE_WAITS);
        uint32_t id = lookup_questions(&g);
        lookup_answer(&g, 0, id, &lies[i]);
        lookup_answer(&g, 1, id, &lies[i]);
        assert_lookup_not_done(&g);
        assert_int_equal(lookup_stats(&g)->answers_wrong, 2);
        lookup_answer(&g, 2, id, &good);
        struct located found = lookup_done(&g, 9);
        assert_int_equal(found.count, 1);
        assert_memory_equal(found.records[0].relay, g.home, KEY_SIZE);
        locate_free(g.locate);
    }
    locate_free(f.locate);
}

static void only_who_was_asked_can_answer_and_only_once(void **state)
{
    const uint8_t stranger[KEY_SIZE] = {0x66};
    struct lookup f;

    (void)state;
    lookup_start(&f);
    struct part part = lookup_attached(&f, f.home, 4), new = lookup_attached(&f, f.other, 5);
    struct locate_record record = {.data = new.bytes, .size = new.size};
    assert_int_equal(lookup_want(&f, 9), LOCATE_WAITS);
    uint32_t id = lookup_questions(&f);
    (void)locate_on_answer(f.locate, stranger, id, &record, 1, f.wall_ms, f.now);
    (void)locate_on_answer(f.locate, f.winners[0], id + 1, &record, 1, f.wall_ms, f.now);
    (void)locate_on_answer(f.locate, f.winners[0], id + LOCATE_COUNT_MAX, &record, 1, f.wall_ms,
                           f.now);
    (void)locate_on_answer(f.locate, f.winners[0], 0, &record, 1, f.wall_ms, f.now);
    lookup_answer(&f, 0, id, &part);
    lookup_answer(&f, 0, id, &new);
    assert_int_equal(lookup_stats(&f)->answers_late, 5);
    lookup_answer(&f, 1, id, NULL);
    lookup_answer(&f, 2, id, NULL);
    struct located found = lookup_done(&f, 9);
    assert_int_equal(found.count, 1);
    assert_memory_equal(found.records[0].relay, f.home, KEY_SIZE);
    lookup_answer(&f, 2, id, &new); /* it is over */
    assert_int_equal(lookup_stats(&f)->answers_late, 6);
    locate_free(f.locate);
}

/* A fifth of all relays lies, is silent or tells something old; each of the three winners may be
 * one of them. What is found is right unless all three are. */
static void a_fifth_of_bad_winners_spoils_less_than_one_look_up_in_a_hundred(void **state)
{
    enum { ROUNDS = 3000 };
    struct lookup f;
    uint32_t right = 0, all_bad = 0;

    (void)state;
    lookup_start(&f);
    struct part good = lookup_attached(&f, f.home, 4), old = lookup_attached(&f, f.other, 3);
    struct part forged = lookup_attached(&f, f.other, 9);
    forged.bytes[forged.size - 1] ^= 1;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        assert_int_equal(lookup_want(&f, 9), LOCATE_WAITS);
        uint32_t id = lookup_questions(&f);
        uint32_t bad = 0;
        for (size_t w = 0; w < HRW_WINNERS; w++) {
            if (!rng_chance(&f.ports.rng, 200000)) {
                lookup_answer(&f, w, id, &good);
                continue;
            }
            bad++;
            switch (rng_below(&f.ports.rng, 4)) {
            case 0:
                lookup_answer(&f, w, id, &forged);
                break;
            case 1:
                lookup_answer(&f, w, id, &old);
                break;
            case 2:
                lookup_answer(&f, w, id, NULL);
                break;
            default:
                break; /* silent */
            }
        }
        struct located found = {0};
        struct locate_output out;
        lookup_pass(&f, LOCATE_ASK_MS);
        f.wall_ms -= LOCATE_ASK_MS; /* the records stay in force for all rounds */
        while (locate_output(f.locate, &out)) {
            found = out.located;
        }
        bool is_right = found.count > 0 && memcmp(found.records[0].relay, f.home, KEY_SIZE) == 0;
        assert_true(is_right || bad == HRW_WINNERS);
        right += is_right ? 1 : 0;
        all_bad += bad == HRW_WINNERS ? 1 : 0;
        f.now = mono_add_ms(f.now, 2 * LOCATE_PRESENT_MS); /* nothing is remembered */
    }
    assert_int_equal(right, ROUNDS - all_bad);
    assert_true(right * 100 >= ROUNDS * 99);
    locate_free(f.locate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_sequence_wins),
        cmocka_unit_test(lies_are_ignored_and_counted),
        cmocka_unit_test(only_who_was_asked_can_answer_and_only_once),
        cmocka_unit_test(a_fifth_of_bad_winners_spoils_less_than_one_look_up_in_a_hundred),
    };

    return cmocka_run_group_tests(tests, fixture_setup, NULL);
}
