/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What unit tests of all rooms share. All of it runs inside a cmocka test. */
#include "tests/support/fixture.h"

enum { FILE_SIZE_MAX = 1 << 20 };

#include <sodium.h>

uint8_t *fixture_copy(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    assert_non_null(copy);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    return copy;
}

size_t fixture_hex(uint8_t *out, size_t capacity, const char *text)
{
    size_t size = 0;

    assert_int_equal(sodium_hex2bin(out, capacity, text, strlen(text), " \n", &size, NULL), 0);
    return size;
}

void fixture_assert_hex(const uint8_t *data, size_t size, const char *hex)
{
    char text[1024];

    assert_true(size * 2 < sizeof(text));
    sodium_bin2hex(text, sizeof(text), data, size);
    assert_string_equal(text, hex);
}

char *fixture_file_text(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = calloc(1, FILE_SIZE_MAX);
    size_t size;

    assert_non_null(text);
    if (file == NULL) {
        fail_msg("cannot open %s", path);
        return text;
    }
    size = fread(text, 1, FILE_SIZE_MAX - 1, file);
    assert_in_range(size, 1, FILE_SIZE_MAX - 2);
    assert_int_equal(fclose(file), 0);
    return text;
}
