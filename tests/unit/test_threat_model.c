/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of docs/security.md name a test for each bound; these tests must exist. */
#include "tests/support/fixture.h"

#include <ctype.h>
#include <glob.h>

/* `file/test` means a test in a test_file.c below tests/unit. */
static void assert_test_exists(const char *file_name, const char *test_name)
{
    char pattern[512], definition[160];
    const char *path;
    char *text;
    glob_t found = {0};

    for (const char *depth = "/*/*/*"; *depth != '\0' && found.gl_pathc == 0; depth += 2) {
        globfree(&found);
        snprintf(pattern, sizeof(pattern), "%s/unit%s/test_%s.c", TESTS_DIR, depth, file_name);
        (void)glob(pattern, 0, NULL, &found);
    }
    if (found.gl_pathc == 0) {
        fail_msg("docs/security.md names test_%s.c, which is nowhere below tests/unit", file_name);
        return;
    }
    path = found.gl_pathv[0];
    snprintf(definition, sizeof(definition), "static void %s(void **state)", test_name);
    text = fixture_file_text(path);
    if (strstr(text, definition) == NULL) {
        fail_msg("docs/security.md names %s, which %s does not have", test_name, path);
    }
    free(text);
    globfree(&found);
}

static void tests_named_by_the_threat_model_exist(void **state)
{
    char *text = fixture_file_text(TESTS_DIR "/../docs/security.md");
    const char *letters = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t count = 0;

    (void)state;
    for (const char *at = strchr(text, '`'); at != NULL; at = strchr(at + 1, '`')) {
        size_t file_size = strspn(at + 1, letters);
        size_t test_size = at[1 + file_size] == '/' ? strspn(at + file_size + 2, letters) : 0;
        char file_name[64], test_name[128];

        if (file_size == 0 || test_size == 0 || at[file_size + 2 + test_size] != '`') {
            continue;
        }
        snprintf(file_name, sizeof(file_name), "%.*s", (int)file_size, at + 1);
        snprintf(test_name, sizeof(test_name), "%.*s", (int)test_size, at + file_size + 2);
        assert_test_exists(file_name, test_name);
        count++;
    }
    assert_true(count > 50); /* or the tables are not read as they should be */
    free(text);
}

/* Append the files that a pattern below the tree's root finds to *all. */
static void sources_add(char **all, size_t *size, const char *pattern)
{
    char path[256];
    glob_t found;

    snprintf(path, sizeof(path), "%s/../%s", TESTS_DIR, pattern);
    assert_int_equal(glob(path, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char *text = fixture_file_text(found.gl_pathv[i]);
        size_t more = strlen(text);

        *all = realloc(*all, *size + more + 1);
        assert_non_null(*all);
        memcpy(*all + *size, text, more + 1);
        *size += more;
        free(text);
    }
    globfree(&found);
}

/* True if the name stands in the sources as a word of its own. */
static bool is_used(const char *sources, const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    size_t size = strlen(name);

    for (const char *at = strstr(sources, name); at != NULL; at = strstr(at + 1, name)) {
        if (at > sources && strchr(letters, at[-1]) == NULL && strspn(at + size, letters) == 0) {
            return true;
        }
    }
    return false;
}

static void bounds_named_by_the_threat_model_exist(void **state)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    char *text = fixture_file_text(TESTS_DIR "/../docs/security.md");
    char *sources = NULL;
    size_t size = 0, count = 0;

    (void)state;
    sources_add(&sources, &size, "[pcr]*/*/*.[ch]");
    sources_add(&sources, &size, "[pcr]*/*/*/*.[ch]");
    for (const char *at = strchr(text, '`'); at != NULL; at = strchr(at + 1, '`')) {
        size_t name_size = strspn(at + 1, letters);
        char name[64];

        if (name_size < 8 || at[1 + name_size] != '`' || !isupper((unsigned char)at[1])) {
            continue;
        }
        snprintf(name, sizeof(name), "%.*s", (int)name_size, at + 1);
        if (!is_used(sources, name)) {
            fail_msg("docs/security.md names %s, which is no more", name);
        }
        count++;
    }
    assert_true(count > 50);
    free(sources);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tests_named_by_the_threat_model_exist),
        cmocka_unit_test(bounds_named_by_the_threat_model_exist),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
