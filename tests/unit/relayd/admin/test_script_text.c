/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the program that admits hosts reads, and what is made of what it writes. */
#include "relayd/admin/script_text.h"

#include "tests/support/fixture.h"

#include <stdio.h>
#include <stdlib.h>

static void a_question_is_one_line_of_json(void **state)
{
    struct admission_question question = {.wanted_name = "nas"};
    char *line;

    (void)state;
    assert_true(endpoint_parse(&question.remote, "203.0.113.7", 4711));
    line = script_question(&question, "home");
    assert_non_null(line);
    assert_string_equal(line, "{\"schema\":1,\"ziglan\":\"home\",\"key\":"
                              "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\","
                              "\"wanted_name\":\"nas\",\"address\":\"203.0.113.7:4711\"}\n");
    assert_true(strlen(line) < SCRIPT_QUESTION_SIZE_MAX);
    free(line);
}

static void answers_are_read_or_are_none(void **state)
{
    static const struct {
        const char *output;
        int code;
        enum admission_word want;
    } rows[] = {
        {"", 0, ADMISSION_SCRIPT},
        {" \n", 0, ADMISSION_SCRIPT},
        {"", 1, ADMISSION_REFUSED},
        {"", 2, ADMISSION_FAILED},
        {"", -1, ADMISSION_FAILED},
        {"{\"admit\":true}", -1, ADMISSION_FAILED}, /* it was killed */
        {"{}", 0, ADMISSION_SCRIPT},
        {"{\"admit\":true}\n", 0, ADMISSION_SCRIPT},
        {"{\"admit\":false}", 0, ADMISSION_REFUSED},
        {"{\"admit\":true}", 1, ADMISSION_REFUSED}, /* both must admit */
        {"{\"admit\":1}", 0, ADMISSION_FAILED},
        {"yes", 0, ADMISSION_FAILED},
        {"[]", 0, ADMISSION_FAILED},
        {"{\"admit\":true", 0, ADMISSION_FAILED},
        {"{\"name\":\"Not a name\"}", 0, ADMISSION_FAILED},
        {"{\"name\":7}", 0, ADMISSION_FAILED},
        {"{\"groups\":[\"family\",\"tv\"]}", 0, ADMISSION_SCRIPT},
        {"{\"groups\":[\"Family\"]}", 0, ADMISSION_FAILED},
        {"{\"days\":0}", 0, ADMISSION_FAILED},
        {"{\"days\":36501}", 0, ADMISSION_FAILED},
        {"{\"days\":\"3\"}", 0, ADMISSION_FAILED},
        {"{\"note\":\"two\\nlines\"}", 0, ADMISSION_FAILED},
        {"{\"other\":\"thing\"}", 0, ADMISSION_SCRIPT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *why;
        struct admission_answer answer =
            script_answer(rows[i].output, strlen(rows[i].output), rows[i].code, 1000, &why);

        if (answer.word != rows[i].want || (why[0] != '\0') != (rows[i].want == ADMISSION_FAILED)) {
            fail_msg("'%s' with %d: %d, '%s'", rows[i].output, rows[i].code, (int)answer.word, why);
        }
    }
}

static void what_an_answer_grants_is_taken(void **state)
{
    static const char output[] = "{\"admit\":true,\"name\":\"nas\",\"groups\":[\"family\"],"
                                 "\"note\":\"Zoë's\",\"days\":30}";
    static const char no[] = "{\"text\":\"not \\u001b[31mnow\"}";
    static const uint8_t bytes[] = {'{', 0, '}'};
    struct admission_answer answer;
    const char *why;

    (void)state;
    answer = script_answer(output, strlen(output), 0, 1000, &why);
    assert_int_equal(answer.word, ADMISSION_SCRIPT);
    assert_string_equal(answer.terms.name, "nas");
    assert_string_equal(answer.terms.groups.list[0], "family");
    assert_string_equal(answer.terms.note, "Zoë's");
    assert_int_equal(answer.terms.ends_ms, 1000 + UINT64_C(30) * 86400 * 1000);
    answer = script_answer(no, strlen(no), 1, 1000, &why); /* it reaches a terminal */
    assert_int_equal(answer.word, ADMISSION_REFUSED);
    assert_string_equal(answer.text, "not ?[31mnow");
    answer = script_answer((const char *)bytes, sizeof(bytes), 0, 1000, &why);
    assert_int_equal(answer.word, ADMISSION_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_is_one_line_of_json),
        cmocka_unit_test(answers_are_read_or_are_none),
        cmocka_unit_test(what_an_answer_grants_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
