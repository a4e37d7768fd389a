/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables and amounts for people. */
#include "proto/host/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_table_is_aligned_and_harmless(void **state)
{
    static const char *const heads[] = {"NAME", "RTT", NULL};
    struct table *table = table_new(heads);
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    (void)state;
    table_row(table);
    table_cell(table, TABLE_COLOR_GOOD, "%s", "n\u00e4s\033[2J");
    table_cell(table, TABLE_COLOR_NONE, "%d ms", 12);
    table_cell(table, TABLE_COLOR_NONE, "too many");
    assert_int_equal(fclose(to), 0);
    free(text);
    to = tmpfile();
    table_print(table, to, 0);
    rewind(to);
    text = calloc(1, 256);
    assert_true(fread(text, 1, 255, to) > 0);
    assert_string_equal(text, "NAME     RTT\nn\u00e4s?[2J  12 ms\n");
    free(text);
    assert_int_equal(fclose(to), 0);
    table_free(table);
}

/* Print one row with this last text to `text`, which has room for 511 characters. */
static void print_row(char text[512], size_t width, const char *last)
{
    static const char *const heads[] = {"NAME", "WHY", NULL};
    struct table *table = table_new(heads);
    FILE *to = tmpfile();

    memset(text, 0, 512);
    table_row(table);
    table_cell(table, TABLE_COLOR_NONE, "nas");
    table_cell(table, TABLE_COLOR_NONE, "%s", last);
    table_print(table, to, width);
    rewind(to);
    assert_true(fread(text, 1, 511, to) > 0);
    assert_int_equal(fclose(to), 0);
    table_free(table);
}

static void a_long_last_text_goes_on_below(void **state)
{
    char text[512];

    (void)state;
    print_row(text, 36, "short enough to stand here");
    assert_string_equal(text, "NAME  WHY\nnas   short enough to stand here\n");
    print_row(text, 36, "hole punching found no way through the two NATs");
    assert_string_equal(text, "NAME  WHY\nnas   hole punching found no way\n"
                              "      through the two NATs\n");
    print_row(text, 20, "hole punching found no way");
    assert_string_equal(text, "NAME  WHY\nnas   \n    hole punching\n    found no way\n");
    print_row(text, 30,
              "\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4 "
              "\u00e4\u00e4\u00e4\u00e4\u00e4 12345");
    assert_string_equal(
        text,
        "NAME  WHY\nnas   \u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4 "
        "\u00e4\u00e4\u00e4\u00e4\u00e4 12345\n");
    /* A key is not broken where it has room in a line of its own, so that it can be copied. */
    print_row(text, 36, "zv3d4xbyhsqkqn5n5gs2zmt6jvhq3l7d");
    assert_string_equal(text, "NAME  WHY\nnas   \n    zv3d4xbyhsqkqn5n5gs2zmt6jvhq3l7d\n");
    print_row(text, 35, "zv3d4xbyhsqkqn5n5gs2zmt6jvhq3l7d");
    assert_string_equal(text, "NAME  WHY\nnas   zv3d4xbyhsqkqn5n5gs2zmt6jvhq3\n      l7d\n");
    print_row(text, 1, "ab");
    assert_string_equal(text, "NAME  WHY\nnas   \n    a\n    b\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_is_aligned_and_harmless),
        cmocka_unit_test(a_long_last_text_goes_on_below),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
