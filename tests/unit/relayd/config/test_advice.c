/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that are advised work as they are printed. */
#include "relayd/config/advice.h"

#include "tests/support/fixture.h"

static void the_default_needs_no_option(void **state)
{
    char text[ADVICE_SIZE];

    (void)state;
    assert_string_equal(advice_option(CONFIG_PATH_DEFAULT, text), "");
    assert_string_equal(advice_option("relay/relayd.yaml", text), " -c relay/relayd.yaml");
}

static void a_shell_reads_the_path_as_it_is(void **state)
{
    char text[ADVICE_SIZE];

    (void)state;
    assert_string_equal(advice_option("/my relay/relayd.yaml", text),
                        " -c '/my relay/relayd.yaml'");
    assert_string_equal(advice_word("it's $HOME", text), "'it'\\''s $HOME'");
    assert_string_equal(advice_word("b\u00fcro", text), "'b\u00fcro'");
    assert_string_equal(advice_word("", text), "''");
}

static void what_does_not_fit_is_a_word_to_replace(void **state)
{
    char text[ADVICE_SIZE];
    char path[2 * ADVICE_SIZE];

    (void)state;
    for (size_t size = ADVICE_SIZE - 8; size < sizeof(path); size++) {
        memset(path, 'a', size);
        path[size - 1] = '\0';
        (void)advice_option(path, text);
        assert_true(strcmp(text, " -c FILE") == 0 || strcmp(text + 4, path) == 0);
        path[0] = ' ';
        (void)advice_word(path, text);
        assert_true(strcmp(text, "FILE") == 0 || strlen(text) == size + 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_needs_no_option),
        cmocka_unit_test(a_shell_reads_the_path_as_it_is),
        cmocka_unit_test(what_does_not_fit_is_a_word_to_replace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
