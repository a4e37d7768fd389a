/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the test vectors that others published: files in tests/vectors with lines `name = value`.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

enum { VECTOR_FILE_NAME_SIZE = 64, VECTOR_FILE_VALUE_SIZE = 1024 };

/** Open tests/vectors/NAME; the caller closes it. The test fails if it cannot be read. */
FILE *vector_file_open(const char *name);

/** Read the next `name = value` line; false at the end of the file. Comments (`#`) and other lines
 * are skipped. The test fails if a line, a name or a value is too long. */
bool vector_file_next(FILE *file, char name[VECTOR_FILE_NAME_SIZE],
                      char value[VECTOR_FILE_VALUE_SIZE]);
