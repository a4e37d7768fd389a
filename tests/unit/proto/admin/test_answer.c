/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a daemon answers on its control socket, and how the command line reads it. */
#include "proto/admin/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void text_is(json_t *answer, const char *want)
{
    char *text = json_dumps(answer, JSON_COMPACT);

    assert_string_equal(text, want);
    free(text);
    json_decref(answer);
}

static void ok_stands_before_the_fields(void **state)
{
    (void)state;
    text_is(answer_ok(json_pack("{s:i, s:s}", "schema", 1, "key", "abc")),
            "{\"ok\":true,\"schema\":1,\"key\":\"abc\"}");
    text_is(answer_ok(json_object()), "{\"ok\":true}");
    assert_null(answer_ok(NULL));
}

static void a_refusal_is_a_sentence_and_a_code(void **state)
{
    (void)state;
    text_is(answer_refuse(EXIT_CODE_USAGE, "there is no '%s'", "nas"),
            "{\"ok\":false,\"error\":\"there is no 'nas'\",\"exit_code\":2}");
    text_is(answer_refuse(EXIT_CODE_FAILURE, "no '%s'", "a\xffz\x1b[1m\n"),
            "{\"ok\":false,\"error\":\"no 'a?z?[1m?'\",\"exit_code\":1}");
}

static void a_refusal_keeps_letters_of_all_languages(void **state)
{
    (void)state;
    text_is(answer_refuse(EXIT_CODE_FAILURE, "there is no '%s'", "b\u00fcro \u65e5\u672c"),
            "{\"ok\":false,\"error\":\"there is no 'b\u00fcro \u65e5\u672c'\",\"exit_code\":1}");
    /* A character that was cut, and C1 control characters. */
    text_is(answer_refuse(EXIT_CODE_FAILURE, "no '%.2s' '%s'", "b\u00fc", "\xc2\x9b"),
            "{\"ok\":false,\"error\":\"no 'b?' '?"
            "?'\",\"exit_code\":1}");
}

static void the_asker_gets_the_sentence(void **state)
{
    json_t *good = answer_ok(json_object());
    json_t *bad = answer_refuse(EXIT_CODE_PERMISSION, "not you");
    json_t *no_code = json_pack("{s:s}", "error", "old");
    json_t *no_object = json_array();
    struct fault fault = {.text = "untouched"};

    (void)state;
    assert_int_equal(answer_check(good, &fault), ERR_OK);
    assert_string_equal(fault.text, "untouched");
    assert_int_equal(answer_check(bad, &fault), ERR_SYSTEM);
    assert_string_equal(fault.text, "not you");
    assert_int_equal(fault.exit_code, EXIT_CODE_PERMISSION);
    assert_int_equal(answer_check(no_code, &fault), ERR_SYSTEM);
    assert_string_equal(fault.text, "old");
    assert_int_equal(fault.exit_code, EXIT_CODE_FAILURE);
    assert_int_equal(answer_check(no_object, &fault), ERR_SYSTEM);
    assert_int_equal(answer_check(NULL, &fault), ERR_SYSTEM);
    json_decref(good);
    json_decref(bad);
    json_decref(no_code);
    json_decref(no_object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ok_stands_before_the_fields),
        cmocka_unit_test(a_refusal_is_a_sentence_and_a_code),
        cmocka_unit_test(a_refusal_keeps_letters_of_all_languages),
        cmocka_unit_test(the_asker_gets_the_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
