/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads a file of test vectors line by line. */
#include "tests/support/vector_file.h"

#include "tests/support/fixture.h"

FILE *vector_file_open(const char *name)
{
    char path[1024];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/vectors/%s", TESTS_DIR, name);
    file = fopen(path, "r");
    if (file == NULL) {
        fail_msg("cannot open %s", path);
    }
    return file;
}

bool vector_file_next(FILE *file, char name[VECTOR_FILE_NAME_SIZE],
                      char value[VECTOR_FILE_VALUE_SIZE])
{
    char line[VECTOR_FILE_NAME_SIZE + VECTOR_FILE_VALUE_SIZE + 100];

    while (fgets(line, sizeof(line), file) != NULL) {
        char *equals = strstr(line, " = ");

        assert_true(strchr(line, '\n') != NULL || feof(file)); /* else it would be read as two */
        if (line[0] == '#' || equals == NULL) {
            continue;
        }
        line[strcspn(line, "\n")] = '\0';
        assert_true(equals - line < VECTOR_FILE_NAME_SIZE);
        assert_true(strlen(equals + 3) < VECTOR_FILE_VALUE_SIZE);
        (void)snprintf(name, VECTOR_FILE_NAME_SIZE, "%.*s", (int)(equals - line), line);
        (void)snprintf(value, VECTOR_FILE_VALUE_SIZE, "%.1023s", equals + 3);
        return true;
    }
    return false;
}
