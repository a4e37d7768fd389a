/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads docs/protocol.md, and writes it again with new outputs. */
#include "tests/support/document_vectors.h"

#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#include <sodium.h>

struct vectors vectors;

static FILE *document_open(void)
{
    FILE *file = fopen(TESTS_DIR "/../docs/protocol.md", "r");

    if (file == NULL) {
        fail_msg("cannot open docs/protocol.md");
    }
    return file;
}

/* Whether the line is a vector; *size becomes the length of its name. */
static bool document_line_is_vector(const char *line, size_t *size)
{
    *size = strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return *size > 0 && strncmp(line + *size, " = ", 3) == 0;
}

/* The next line of the document without its line end; false at the end. *fenced says whether it
 * stands in a fenced code block. */
static bool document_next(FILE *file, char line[VECTOR_LINE_SIZE], bool *fenced)
{
    if (fgets(line, VECTOR_LINE_SIZE, file) == NULL) {
        return false;
    }
    assert_non_null(strchr(line, '\n')); /* a longer line would be read as two */
    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, "```", 3) == 0) {
        *fenced = !*fenced;
    }
    return true;
}

static struct vector *vector_find(const char *name)
{
    for (size_t i = 0; i < vectors.count; i++) {
        if (strcmp(vectors.list[i].name, name) == 0) {
            return &vectors.list[i];
        }
    }
    return NULL;
}

int vectors_load(void **state)
{
    FILE *file = document_open();
    char line[VECTOR_LINE_SIZE];
    bool fenced = false;
    size_t size;

    while (document_next(file, line, &fenced)) {
        struct vector *vector = &vectors.list[vectors.count];

        if (!fenced || !document_line_is_vector(line, &size)) {
            continue;
        }
        assert_true(vectors.count < VECTOR_COUNT_MAX && size < sizeof(vector->name));
        snprintf(vector->name, sizeof(vector->name), "%.*s", (int)size, line);
        snprintf(vector->value, sizeof(vector->value), "%.*s", VECTOR_VALUE_SIZE - 1,
                 line + size + 3);
        if (vector_find(vector->name) != NULL) {
            fail_msg("docs/protocol.md has %s twice", vector->name);
        }
        vectors.count++;
    }
    fclose(file);
    return fixture_setup(state);
}

size_t input(const char *name, uint8_t *out, size_t capacity)
{
    struct vector *vector = vector_find(name);

    if (vector == NULL) {
        fail_msg("docs/protocol.md has no %s", name);
        return 0;
    }
    vector->used = true;
    return fixture_hex(out, capacity, vector->value);
}

void input_exactly(const char *name, uint8_t *out, size_t size)
{
    assert_int_equal(input(name, out, size), size);
}

uint64_t input_number(const char *name)
{
    uint8_t bytes[8] = {0};
    uint64_t value = 0;
    size_t size = input(name, bytes, sizeof(bytes));

    for (size_t i = 0; i < size; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

struct identity input_identity(const char *name)
{
    struct identity identity;
    uint8_t seed[IDENTITY_SEED_SIZE];

    input_exactly(name, seed, sizeof(seed));
    identity_from_seed(&identity, seed);
    return identity;
}

void output_text(const char *name, const char *value)
{
    struct vector *vector = vector_find(name);

    if (vector == NULL) {
        fail_msg("docs/protocol.md lacks the line\n%s = %s", name, value);
        return;
    }
    vector->used = true;
    if (vectors.print_path != NULL) {
        snprintf(vector->value, sizeof(vector->value), "%s", value);
    } else if (strcmp(vector->value, value) != 0) {
        fail_msg("%s\n  is   %s\n  want %s", name, value, vector->value);
    }
}

void output(const char *name, const uint8_t *data, size_t size)
{
    char hex[VECTOR_VALUE_SIZE];

    assert_true(size * 2 < sizeof(hex));
    output_text(name, sodium_bin2hex(hex, sizeof(hex), data, size));
}

void document_print(const char *path)
{
    FILE *file = document_open();
    FILE *out = fopen(path, "w");
    char line[VECTOR_LINE_SIZE];
    bool fenced = false;
    size_t size;

    assert_non_null(out);
    while (document_next(file, line, &fenced)) {
        if (fenced && document_line_is_vector(line, &size)) {
            line[size] = '\0';
            fprintf(out, "%s = %s\n", line, vector_find(line)->value);
        } else {
            fprintf(out, "%s\n", line);
        }
    }
    fclose(file);
    assert_int_equal(fclose(out), 0);
}

void script_fill(void *context, void *buf, size_t size)
{
    struct script *script = context;

    assert_true(size <= script->size - script->used);
    memcpy(buf, script->bytes + script->used, size);
    script->used += size;
}

void script_add(struct script *script, const char *name)
{
    script->size += input(name, script->bytes + script->size, sizeof(script->bytes) - script->size);
}
