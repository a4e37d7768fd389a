/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a detached daemon tells its parent arrives as it was told. */
#include "client/daemon/outcome.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void code_and_text_arrive(void **state)
{
    static const struct {
        enum exit_code code;
        const char *text;
    } outcomes[] = {{EXIT_CODE_OK, "zig0 is up: 100.64.0.1 fdd9:f800::1"},
                    {EXIT_CODE_USAGE, "zig0.yaml:3: pool wants a range"},
                    {EXIT_CODE_PERMISSION, "no permission to use /dev/net/tun"},
                    {EXIT_CODE_FAILURE, ""}};

    (void)state;
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        struct fault fault = {0};
        int ends[2];

        assert_int_equal(pipe(ends), 0);
        outcome_write(ends[1], outcomes[i].code, outcomes[i].text);
        assert_true(outcome_read(ends[0], &fault));
        assert_int_equal(fault.exit_code, outcomes[i].code);
        assert_string_equal(fault.text, outcomes[i].text);
        (void)close(ends[0]);
    }
}

static void the_longest_fault_arrives_whole(void **state)
{
    struct fault told = {0};
    struct fault heard = {0};
    int ends[2];

    (void)state;
    memset(told.text, 'x', sizeof(told.text) - 1);
    assert_int_equal(pipe(ends), 0);
    outcome_write(ends[1], EXIT_CODE_FAILURE, told.text);
    assert_true(outcome_read(ends[0], &heard));
    assert_string_equal(heard.text, told.text);
    (void)close(ends[0]);
}

static void an_end_without_a_word_is_told(void **state)
{
    struct fault fault = {0};
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    (void)close(ends[1]);
    assert_false(outcome_read(ends[0], &fault));
    assert_int_equal(fault.exit_code, EXIT_CODE_OK);
    (void)close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_and_text_arrive),
        cmocka_unit_test(the_longest_fault_arrives_whole),
        cmocka_unit_test(an_end_without_a_word_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
