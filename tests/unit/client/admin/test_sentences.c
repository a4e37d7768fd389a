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

static void a_ziglan_that_is_not_found_by_its_key_has_a_sentence(void **state)
{
    static const struct {
        const char *name;
        size_t hosts, targets;
        uint32_t unknown_to;
        bool guided;
        enum ziglan_trouble_code code;
        const char *want; /* NULL: nothing */
    } cases[] = {
        {"nobody to ask", 0, 0, 0, false, ZIGLAN_TROUBLE_NONE, "knows no relay that could be"},
        {"nobody answers", 0, 0, 0, true, ZIGLAN_TROUBLE_NONE, "answers; trying again"},
        {"one does not know", 0, 0, 1, true, ZIGLAN_TROUBLE_NONE, "1 relay was asked where"},
        {"three do not know", 0, 0, 3, true, ZIGLAN_TROUBLE_NONE, "3 relays were asked where"},
        {"not where it was", 0, 1, 2, true, ZIGLAN_TROUBLE_NO_ANSWER, "(2 asked); is it up?"},
        {"the same with hosts", 1, 1, 2, true, ZIGLAN_TROUBLE_NO_ANSWER, "(2 asked); is it up?"},
        {"silent", 1, 1, 0, false, ZIGLAN_TROUBLE_NO_ANSWER, NULL},
        {"a name that does not resolve", 1, 0, 0, false, ZIGLAN_TROUBLE_UNRESOLVED, NULL},
        {"the same, asked", 1, 0, 2, true, ZIGLAN_TROUBLE_UNRESOLVED, NULL},
        {"another trouble", 1, 1, 2, true, ZIGLAN_TROUBLE_TLS, NULL},
    };

    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct ziglan *ziglan = calloc(1, sizeof(*ziglan));
        struct relay_session *relay = calloc(1, sizeof(*relay));
        char text[SENTENCE_SIZE];

        assert_true(ziglan != NULL && relay != NULL);
        ziglan->entry_point = relay;
        ziglan->trouble.code = cases[i].code;
        relay->url.hosts_count = cases[i].hosts;
        relay->targets.count = cases[i].targets;
        relay->sought.unknown_to = cases[i].unknown_to;
        (void)sentence_of_sought(ziglan, cases[i].guided, text);
        if (cases[i].want == NULL ? text[0] != '\0' : strstr(text, cases[i].want) == NULL) {
            fail_msg("%s: \"%s\"", cases[i].name, text);
        }
        relay->open = true;
        assert_string_equal(sentence_of_sought(ziglan, cases[i].guided, text), "");
        free(relay);
        free(ziglan);
    }
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
        cmocka_unit_test(a_ziglan_that_is_not_found_by_its_key_has_a_sentence),
        cmocka_unit_test(clocks_that_differ_are_told_in_minutes),
        cmocka_unit_test(details_are_told_as_far_as_there_is_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
