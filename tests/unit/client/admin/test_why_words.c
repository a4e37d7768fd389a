/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a peer is not reached directly: each reason has a word and a sentence of its own. */
#include "client/admin/why_words.h"

#include "client/netcheck/nat_facts.h"
#include "client/stun2/guess_state.h"
#include "tests/support/fixture.h"

static void each_reason_has_a_word_and_a_sentence(void **state)
{
    char texts[WHY_COUNT][SENTENCE_SIZE];
    struct why why = {.detail = "the punch was refused: too many"};

    (void)state;
    assert_string_equal(why_sentence(&why, texts[0]), "");
    assert_string_equal(why_word(WHY_NONE), "");
    for (size_t code = 1; code < WHY_COUNT; code++) {
        const char *word = why_word((enum why_code)code);

        why.code = (enum why_code)code;
        assert_ptr_equal(why_sentence(&why, texts[code]), texts[code]);
        assert_true(strlen(texts[code]) >= 20);
        assert_true(strlen(word) >= 5 &&
                    strspn(word, "abcdefghijklmnopqrstuvwxyz46-") == strlen(word));
        for (size_t i = 0; i < code; i++) {
            assert_string_not_equal(texts[i], texts[code]);
            assert_string_not_equal(why_word((enum why_code)i), word);
        }
    }
    assert_string_equal(texts[WHY_REFUSED], why.detail);
    assert_non_null(strstr(texts[WHY_NO_ANSWER], "the relay the punch was refused: too many, but"));
}

static void what_nats_do_is_told_with_their_names(void **state)
{
    struct why why = {
        .code = WHY_SYM_SYM, .nat_here = NAT_NAME_SYM, .nat_there = NAT_NAME_SYM_STEP};
    char text[SENTENCE_SIZE];

    (void)state;
    assert_string_equal(why_word(why.code), "sym-sym");
    assert_non_null(strstr(why_sentence(&why, text), " here, "));
    why.nat_there = 200; /* of a later version */
    assert_null(strstr(why_sentence(&why, text), " here, "));
    why = (struct why){.code = WHY_UDP_BLOCKED, .nat_here = NAT_NAME_BLOCKED, .nat_there = 1};
    assert_non_null(strstr(why_sentence(&why, text), " there"));
}

static void each_end_of_a_guess_has_a_word(void **state)
{
    (void)state;
    for (int end = GUESS_END_NONE; end <= GUESS_END_STOPPED; end++) {
        assert_true(strlen(guess_end_word((enum guess_end)end)) >= 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reason_has_a_word_and_a_sentence),
        cmocka_unit_test(what_nats_do_is_told_with_their_names),
        cmocka_unit_test(each_end_of_a_guess_has_a_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
