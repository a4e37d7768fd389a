/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people read: each code in which the core speaks has a sentence of its own. */
#include "client/admin/sentences.h"

#include "tests/support/fixture.h"

/* The text is texts[index]; it is a sentence, and differs from all that were made before it. */
static void assert_new(char (*texts)[SENTENCE_SIZE], size_t index, const char *text)
{
    assert_ptr_equal(text, texts[index]);
    if (strlen(text) < 20) {
        fail_msg("code %zu has no sentence: \"%s\"", index, text);
    }
    for (size_t i = 0; i < index; i++) {
        assert_string_not_equal(texts[i], text);
    }
}

static void each_trouble_of_a_ziglan_has_a_sentence(void **state)
{
    char texts[ZIGLAN_TROUBLE_COUNT][SENTENCE_SIZE];
    struct ziglan_trouble trouble = {0};

    (void)state;
    assert_string_equal(sentence_of_trouble(&trouble, texts[0]), "");
    for (size_t code = 1; code < ZIGLAN_TROUBLE_COUNT; code++) {
        ziglan_trouble_set_detail(&trouble, (enum ziglan_trouble_code)code,
                                  "the invite was used by somebody else");
        assert_new(texts, code, sentence_of_trouble(&trouble, texts[code]));
    }
}

static void each_reason_for_a_relayed_peer_has_a_sentence(void **state)
{
    char texts[WHY_COUNT][SENTENCE_SIZE];
    struct why why = {.detail = "the punch was refused: too many"};

    (void)state;
    assert_string_equal(sentence_of_why(&why, texts[0]), "");
    for (size_t code = 1; code < WHY_COUNT; code++) {
        why.code = (enum why_code)code;
        assert_new(texts, code, sentence_of_why(&why, texts[code]));
    }
    assert_string_equal(texts[WHY_REFUSED], why.detail);
}

static void clocks_that_differ_are_told_in_minutes(void **state)
{
    static const struct {
        int64_t ahead_ms;
        const char *want;
    } cases[] = {
        {INT64_C(365) * 24 * 3600 * 1000, "525600 minutes ahead of the relay's"},
        {-INT64_C(600000), "10 minutes behind the relay's"},
        {-INT64_C(659999), "10 minutes behind the relay's"},
        {0, "0 minutes ahead of the relay's"},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct ziglan_trouble trouble = {.code = ZIGLAN_TROUBLE_CLOCK,
                                         .ahead_ms = cases[i].ahead_ms};
        char text[SENTENCE_SIZE];

        if (strstr(sentence_of_trouble(&trouble, text), cases[i].want) == NULL) {
            fail_msg("%s: %s", cases[i].want, text);
        }
    }
}

/* A detail is a text of any length: what another program said, or a name that does not resolve. */
static void details_are_told_as_far_as_there_is_room(void **state)
{
    char text[SENTENCE_SIZE], longest[2 * SENTENCE_SIZE];
    struct ziglan_trouble trouble;

    (void)state;
    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    ziglan_trouble_set_detail(&trouble, ZIGLAN_TROUBLE_REFUSED, "no");
    assert_string_equal(sentence_of_trouble(&trouble, text), "no");
    ziglan_trouble_set_detail(&trouble, ZIGLAN_TROUBLE_REFUSED, longest);
    assert_int_equal(strlen(sentence_of_trouble(&trouble, text)), CONTROL_TEXT_SIZE_MAX);
    ziglan_trouble_set_detail(&trouble, ZIGLAN_TROUBLE_UNRESOLVED, "relay.example");
    assert_string_equal(sentence_of_trouble(&trouble, text),
                        "the name relay.example does not resolve; trying again");
    ziglan_trouble_set_detail(&trouble, ZIGLAN_TROUBLE_UNRESOLVED, longest);
    assert_non_null(strstr(sentence_of_trouble(&trouble, text), "x does not resolve"));
    trouble.ahead_ms = 9;
    ziglan_trouble_set(&trouble, ZIGLAN_TROUBLE_FULL); /* nothing of the one before is left */
    assert_string_equal(trouble.detail, "");
    assert_int_equal(trouble.ahead_ms, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_trouble_of_a_ziglan_has_a_sentence),
        cmocka_unit_test(each_reason_for_a_relayed_peer_has_a_sentence),
        cmocka_unit_test(clocks_that_differ_are_told_in_minutes),
        cmocka_unit_test(details_are_told_as_far_as_there_is_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
