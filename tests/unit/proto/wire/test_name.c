/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Member names (proto/wire/name.h). */
#include "tests/support/fixture.h"
#include "tests/support/rng.h"

#include "proto/wire/name.h"

#define SIXTY "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"

static void names_are_judged_with_a_reason(void **state)
{
    static const struct {
        const char *name;
        bool allowed;
    } cases[] = {
        {"anna", true},
        {"a", true},
        {"7", true},
        {"a-b--c", true},
        {"xn-nas", true},
        {"xn--ns-xka", false}, /* shown with an a with two dots, or with letters of other scripts */
        {"xn--", false},
        {SIXTY "abc", true},
        {"administrator", true},
        {"localhost2", true},
        {"", false},
        {SIXTY "abcd", false},
        {"-a", false},
        {"a-", false},
        {"Anna", false},
        {"a.b", false},
        {"a_b", false},
        {"a b", false},
        {"\xc3\xa4", false},
        {"a\n", false},
        {"admin", false},
        {"localhost", false},
        /* 52 base32 characters without spare bits: a key; with them, or 51: a name */
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", true},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true},
        {"fdd9f800000000000000000000000001", false},
        {"aaaaaaaaaaaaaaaaaaaaaaaaffffffff", false},
        {"fdd9f80000000000000000000000000", true},
        {"gdd9f800000000000000000000000001", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *problem = name_problem(cases[i].name, strlen(cases[i].name));

        if ((problem == NULL) != cases[i].allowed) {
            fail_msg("\"%s\": %s", cases[i].name, problem == NULL ? "allowed" : problem);
        }
    }
    assert_non_null(name_problem("a\0b", 3));
}

static void names_are_compared_in_lower_case(void **state)
{
    static const char nas[NAME_TEXT_SIZE] = "nas-2.local";
    char out[NAME_TEXT_SIZE];

    (void)state;
    memset(out, 'x', sizeof(out));
    assert_true(name_fold(out, "NaS-2.Local!", 11));
    assert_memory_equal(out, nas, sizeof(out));
    assert_false(name_fold(out, "", 0));
    assert_false(name_fold(out, SIXTY "abcd", 64));
    assert_memory_equal(out, nas, sizeof(out));
    assert_true(name_fold(out, SIXTY "ABC", 63));
    assert_string_equal(out, SIXTY "abc");
}

static void any_text_becomes_a_legal_name(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"anna", "anna"},  {"Anna's PC.local", "anna-s-pc"},
        {"", "host"},      {"...", "host"},
        {"--", "host"},    {"a--_b", "a-b"},
        {"admin", "host"}, {"\xc3\xa4rger", "rger"},
        {"x_", "x"},       {SIXTY "-!-zzz", SIXTY "-zz"},
        {"AZ.b", "az"},    {"09", "09"},
    };
    struct rng rng = {14};
    char name[NAME_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(name_sanitise(name, cases[i].text, strlen(cases[i].text)),
                            cases[i].want);
    }
    for (int i = 0; i < 5000; i++) {
        uint8_t text[100];
        size_t size = rng_u64(&rng) % sizeof(text);

        rng_fill(&rng, text, size);
        for (size_t j = 0; j < size; j++) {
            text[j] = i % 2 == 0 ? text[j] : (uint8_t)("abcdef-0._"[text[j] % 10]);
        }
        name_sanitise(name, (const char *)text, size);
        assert_null(name_problem(name, strlen(name)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_judged_with_a_reason),
        cmocka_unit_test(names_are_compared_in_lower_case),
        cmocka_unit_test(any_text_becomes_a_legal_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
