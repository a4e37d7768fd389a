/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of docs/security.md name a test for each bound, which must exist, and have a row for
 * each message. */
#include "proto/wire/control.h"
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

/* Append the files that a pattern below the tree's root finds. */
static void sources_add(FILE *all, const char *pattern)
{
    char path[256];
    glob_t found;

    snprintf(path, sizeof(path), "%s/../%s", TESTS_DIR, pattern);
    assert_int_equal(glob(path, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char *text = fixture_file_text(found.gl_pathv[i]);

        assert_true(fputs(text, all) >= 0);
        free(text);
    }
    globfree(&found);
}

/* The words of the sources that may be names of bounds, in order; they stand in the text, which is
 * cut behind each of them. */
enum { NAME_SIZE_MIN = 8 };

struct words {
    const char **list;
    size_t count;
};

static int words_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct words words_of(char *sources)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    struct words words = {.list =
                              malloc((strlen(sources) / NAME_SIZE_MIN + 1) * sizeof(*words.list))};

    assert_non_null(words.list);
    while (*sources != '\0') {
        char *end = sources + strspn(sources, letters);
        bool more = *end != '\0';

        if (end - sources >= NAME_SIZE_MIN) {
            words.list[words.count++] = sources;
            *end = '\0';
        }
        sources = more ? end + 1 : end;
    }
    qsort(words.list, words.count, sizeof(*words.list), words_compare);
    return words;
}

static bool is_used(const struct words *words, const char *name)
{
    return bsearch(&name, words->list, words->count, sizeof(*words->list), words_compare) != NULL;
}

static void bounds_named_by_the_threat_model_exist(void **state)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    char *text = fixture_file_text(TESTS_DIR "/../docs/security.md");
    char *sources = NULL;
    size_t size = 0, count = 0;
    FILE *all = open_memstream(&sources, &size);
    struct words words;

    (void)state;
    assert_non_null(all);
    sources_add(all, "[pcr]*/*/*.[ch]");
    sources_add(all, "[pcr]*/*/*/*.[ch]");
    assert_int_equal(fclose(all), 0);
    words = words_of(sources);
    for (const char *at = strchr(text, '`'); at != NULL; at = strchr(at + 1, '`')) {
        size_t name_size = strspn(at + 1, letters);
        char name[64];

        if (name_size < NAME_SIZE_MIN || at[1 + name_size] != '`' ||
            !isupper((unsigned char)at[1])) {
            continue;
        }
        snprintf(name, sizeof(name), "%.*s", (int)name_size, at + 1);
        if (!is_used(&words, name)) {
            fail_msg("docs/security.md names %s, which is no more", name);
        }
        count++;
    }
    assert_true(count > 50);
    free(words.list);
    free(sources);
    free(text);
}

/* ---- every message ---- */

/* True if the first cell of a row names this message. */
static bool has_row(const char *text, const char *name)
{
    size_t size = strlen(name);

    for (const char *line = strstr(text, "\n| "); line != NULL; line = strstr(line + 1, "\n| ")) {
        const char *end = strstr(line + 3, " |");
        const char *at = line;

        while (end != NULL && (at = strstr(at + 1, name)) != NULL && at < end) {
            if (!isalpha((unsigned char)at[-1]) && !isalpha((unsigned char)at[size])) {
                return true;
            }
        }
    }
    return false;
}

static void every_control_message_has_a_row(void **state)
{
    const ProtobufCMessageDescriptor *all = &ziglan__control__descriptor;
    char *text = fixture_file_text(TESTS_DIR "/../docs/security.md");

    (void)state;
    for (unsigned i = 0; i < all->n_fields; i++) {
        const ProtobufCMessageDescriptor *body = all->fields[i].descriptor;

        if (all->fields[i].type == PROTOBUF_C_TYPE_MESSAGE && !has_row(text, body->short_name)) {
            fail_msg("docs/security.md has no row for %s", body->short_name);
        }
    }
    free(text);
}

/* The fuzzer of control messages begins with one of each at least. */
static void every_control_message_is_in_the_corpus(void **state)
{
    static struct control_arena arena;
    const ProtobufCMessageDescriptor *all = &ziglan__control__descriptor;
    bool seen[128] = {false};
    glob_t found;

    (void)state;
    assert_int_equal(glob(TESTS_DIR "/fuzz/corpus/control/*", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        FILE *file = fopen(found.gl_pathv[i], "rb");
        uint8_t bytes[CONTROL_SIZE_MAX];
        Ziglan__Control *message;

        assert_non_null(file);
        size_t size = fread(bytes, 1, sizeof(bytes), file);
        fclose(file);
        if (control_unpack(&message, &arena, bytes, size) == ERR_OK) {
            seen[message->body_case] = true;
        }
    }
    globfree(&found);
    for (unsigned i = 0; i < all->n_fields; i++) {
        assert_true(all->fields[i].id < 128);
        if (all->fields[i].type == PROTOBUF_C_TYPE_MESSAGE && !seen[all->fields[i].id]) {
            fail_msg("tests/fuzz/corpus/control has no %s", all->fields[i].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tests_named_by_the_threat_model_exist),
        cmocka_unit_test(bounds_named_by_the_threat_model_exist),
        cmocka_unit_test(every_control_message_has_a_row),
        cmocka_unit_test(every_control_message_is_in_the_corpus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
