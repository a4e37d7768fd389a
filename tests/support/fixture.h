/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What unit tests of all rooms share: cmocka with the headers that it needs before it, copies of
 * exactly the right length, so that the sanitizer sees a read of one byte too many, and hexadecimal
 * text.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** How many tests an array of struct CMUnitTest has. The name of a test is that of its function,
 * which reads as a sentence. */
#define TEST_COUNT(tests) (sizeof(tests) / sizeof((tests)[0]))

/** A heap copy of exactly size bytes; the caller frees it. */
uint8_t *fixture_copy(const uint8_t *data, size_t size);

/** The bytes of a hexadecimal text, which may have blanks and line ends; returns their number. The
 * test fails if the text is not hexadecimal or has more than capacity bytes. */
size_t fixture_hex(uint8_t *out, size_t capacity, const char *text);

/** Fail unless data are the bytes of this text (lower case, no blanks; size at most 511). */
void fixture_assert_hex(const uint8_t *data, size_t size, const char *hex);

/** The text of a file of at most 1 MiB; the caller frees it. The test fails if it cannot be read.
 */
char *fixture_file_text(const char *path);
