/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Trace events for programs that read logs. */
#include "proto/admin/log_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static const uint64_t wall_ms = UINT64_C(1767225600123); /* 2026-01-01 */

static void a_line_of_json_has_time_level_event_words_and_fields(void **state)
{
    static const struct {
        const char *name, *text, *message, *fields;
    } cases[] = {
        {"fields", "peer=abse name=nas invite=plzi", "",
         "{\"peer\":\"abse\",\"name\":\"nas\",\"invite\":\"plzi\"}"},
        {"words first", "ready on UDP 4433, 443 version=0.1.0 listen=\"[::]:4433, [::]:443\"",
         "ready on UDP 4433, 443", "{\"version\":\"0.1.0\",\"listen\":\"[::]:4433, [::]:443\"}"},
        {"only words", "this is 1+1=2, no field", "this is 1+1=2, no field", "{}"},
        {"nothing", "", "", "{}"},
        {"a quotation in one", "why=\"an \"in\"ner one\" x=1", "",
         "{\"why\":\"an \\\"in\\\"ner one\",\"x\":\"1\"}"},
        {"one that does not end", "why=\"no end", "end", "{\"why\":\"\\\"no\"}"},
        {"words on both sides", "one x=1 two", "one two", "{\"x\":\"1\"}"},
        {"an empty value", "a= b=\"\"", "", "{\"a\":\"\",\"b\":\"\"}"},
        {"the first counts", "peer=good why=\"x\" peer=evil", "",
         "{\"peer\":\"good\",\"why\":\"x\"}"},
        {"no UTF-8", "name=\xff\xc3", "", "{\"name\":\"??\"}"},
        {"UTF-8", "name=\xc3\xa4", "", "{\"name\":\"\xc3\xa4\"}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *line = log_line_json(TRACE_LEVEL_INFO, "x.y", cases[i].text, wall_ms);
        char want[512];

        print_message("%s\n", cases[i].name);
        (void)snprintf(
            want, sizeof(want),
            "{\"time\":\"2026-01-01T00:00:00.123Z\",\"level\":\"info\",\"event\":\"x.y\","
            "\"message\":\"%s\",\"fields\":%s}",
            cases[i].message, cases[i].fields);
        assert_non_null(line);
        assert_string_equal(line, want);
        free(line);
    }
}

static void the_journal_gets_each_field_once(void **state)
{
    size_t size = 0;
    char *text = log_line_journal(TRACE_LEVEL_WARN, "ziglan.joined",
                                  "now peer=abse invite_id=\"a b\" peer=evil", "relayd", &size);

    (void)state;
    assert_non_null(text);
    assert_string_equal(text, "MESSAGE=ziglan.joined now peer=abse invite_id=\"a b\" peer=evil\n"
                              "PRIORITY=4\nSYSLOG_IDENTIFIER=relayd\nZIGLAN_EVENT=ziglan.joined\n"
                              "ZIGLAN_PEER=abse\nZIGLAN_INVITE_ID=a b\n");
    assert_int_equal(size, strlen(text));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_of_json_has_time_level_event_words_and_fields),
        cmocka_unit_test(the_journal_gets_each_field_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
