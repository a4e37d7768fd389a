/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The vectors in docs/protocol.md: every line `name = value` inside its fenced code blocks. A test
 * reads the inputs, computes the outputs with the project's own functions and compares them with
 * the document. An output without a line is an error, and so is a line that the test did not use.
 * After a deliberate change of the protocol the same test, called with `print FILE`, writes the
 * document with the new outputs to that file.
 */
#pragma once

#include "proto/crypto/identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    VECTOR_COUNT_MAX = 300,
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

extern struct vectors vectors; /* a test has only this document */

/** Read the document and start the library (a cmocka set-up function). */
int vectors_load(void **state);

/* ---- inputs ---- */

/** Read the bytes of a vector; returns their number. Outputs may be read as well. */
size_t input(const char *name, uint8_t *out, size_t capacity);

/** The same for a vector that must have `size` bytes. */
void input_exactly(const char *name, uint8_t *out, size_t size);

/** A vector of at most eight bytes as a number, most significant byte first. */
uint64_t input_number(const char *name);

/** The identity whose seed is this vector. */
struct identity input_identity(const char *name);

/* ---- outputs ---- */

/** Compare this text with the vector; if the document is to be printed, put it there instead. */
void output_text(const char *name, const char *value);

/** The same with bytes, as hexadecimal text. */
void output(const char *name, const uint8_t *data, size_t size);

/** Write the document with the present values to a new file at `path`. */
void document_print(const char *path);

/* ---- randomness from the inputs ---- */

/** Bytes to be drawn, in this order. The test fails if more are drawn. */
struct script {
    uint8_t bytes[256];
    size_t size, used;
};

/** env.random for a context that is a struct script. */
void script_fill(void *context, void *buf, size_t size);

/** Let the bytes of this vector be drawn next. */
void script_add(struct script *script, const char *name);
