/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables for people: columns as wide as their content (counted in UTF-8 code points), colours on a
 * terminal unless NO_COLOR is set. Control characters in cells become '?', because names come from
 * others.
 */
#pragma once

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum table_color {
    TABLE_COLOR_NONE,
    TABLE_COLOR_GOOD, /* green */
    TABLE_COLOR_WARN, /* yellow */
    TABLE_COLOR_BAD,  /* red */
    TABLE_COLOR_DIM,
    TABLE_COLOR_BOLD,
};

enum { TABLE_COLUMNS_MAX = 16 };

struct table;

/** A table with these column heads (NULL-terminated, at most TABLE_COLUMNS_MAX). NULL without
 * memory. */
struct table *table_new(const char *const *heads);
void table_free(struct table *table);

/** Begin a row; cells not set stay empty. */
void table_row(struct table *table);

/** Set the next cell of the row (printf text). Ignored without a row or past the last column. */
void table_cell(struct table *table, enum table_color color, const char *format, ...)
    PRINTF_LIKE(3, 4);

/** Print head and rows. */
void table_print(const struct table *table, FILE *to);

/** True if text to `to` should be coloured: a terminal, and NO_COLOR not set. */
bool terminal_colored(FILE *to);

/** Start and end of a colour on `to`; "" where it is not coloured. */
const char *color_begin(FILE *to, enum table_color color);
const char *color_end(FILE *to, enum table_color color);

enum { HUMAN_TEXT_SIZE = 24 };

/** "1.4 MB", "17 B"; "12 ms", "3.1 ms", "180 us"; "4 s ago", "3 min ago". Return text. */
const char *human_bytes(uint64_t bytes, char text[HUMAN_TEXT_SIZE]);
const char *human_us(uint64_t us, char text[HUMAN_TEXT_SIZE]);
const char *human_age_ms(uint64_t ms, char text[HUMAN_TEXT_SIZE]);
