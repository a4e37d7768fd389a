/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The vectors in docs/protocol.md: every line `name = value` inside its fenced code blocks. A test
 * reads inputs from there, computes outputs again with the project's own functions and compares;
 * a line that nobody asked for is an error, as is an output that has no line. After a deliberate
 * change of the protocol the same test, called with `print FILE`, writes the document with new
 * outputs to that file.
 */
#pragma once

#include "proto/crypto/identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VECTOR_COUNT_MAX = 200,
    VECTOR_VALUE_SIZE = 2600, /* characters and NUL */
    VECTOR_LINE_SIZE = VECTOR_VALUE_SIZE + 100,
};

struct vector {
    char name[64], value[VECTOR_VALUE_SIZE];
    bool used;
};

/** The document while it is being checked or printed. */
struct vectors {
    struct vector list[VECTOR_COUNT_MAX];
    size_t count;
    const char *print_path; /* NULL: compare */
};

extern struct vectors vectors; /* one test, one document */

/** Read the document and start the library (a set-up function of cmocka). */
int vectors_load(void **state);

/* ---- inputs ---- */

/** The bytes of a vector; their number. Outputs that were computed before may be inputs, too. */
size_t input(const char *name, uint8_t *out, size_t capacity);

/** The bytes of a vector that must be `size`. */
void input_exactly(const char *name, uint8_t *out, size_t size);

/** A vector of at most eight bytes as a number, its largest byte first. */
uint64_t input_number(const char *name);

/** The identity whose seed is this vector. */
struct identity input_identity(const char *name);

/* ---- outputs ---- */

/** Compare this text with the vector, or note it to be printed. */
void output_text(const char *name, const char *value);

/** The same with bytes, as hexadecimal text. */
void output(const char *name, const uint8_t *data, size_t size);

/** Write the document with the present values to a new file at `path`. */
void document_print(const char *path);

/* ---- randomness from the inputs ---- */

/** Each draw takes the next bytes; a draw too many is a failure. */
struct script {
    uint8_t bytes[256];
    size_t size, used;
};

/** env.random for a context that is a struct script. */
void script_fill(void *context, void *buf, size_t size);

/** Let the bytes of this vector be drawn next. */
void script_add(struct script *script, const char *name);
