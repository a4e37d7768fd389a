/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables and colours for people. Columns are as wide as their content, counted in UTF-8
 * code points. There are colours on a terminal unless NO_COLOR is set. Control characters in cells
 * become '?', because some texts come from other hosts.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/human.h"

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

/** A table with these column heads (NULL-terminated, at most TABLE_COLUMNS_MAX; the texts are
 * borrowed for its life). NULL without memory. */
struct table *table_new(const char *const *heads);

/** Free it. NULL is fine. */
void table_free(struct table *table);

/** Begin a row; cells that are not set stay empty. Without memory the row is left out. */
void table_row(struct table *table);

/** Set the next cell of the row (printf style, cut at 159 bytes). Ignored without a row or behind
 * the last column. */
void table_cell(struct table *table, enum table_color color, const char *format, ...)
    PRINTF_LIKE(3, 4);

/** Print head and rows. If a line would be longer than `width` columns, the text of the last column
 * goes on in the next lines, below its beginning or, where that leaves too little room, indented.
 * 0: lines may have any length. */
void table_print(const struct table *table, FILE *to, size_t width);

/** Columns of the terminal that `to` is; 0 if it is none. */
size_t terminal_width(FILE *to);

/** True if text to `to` should be coloured: a terminal that is not dumb, and NO_COLOR not set. */
bool terminal_colored(FILE *to);

/** Start and end of a colour on `to`; "" where it is not coloured. */
const char *color_begin(FILE *to, enum table_color color);
const char *color_end(FILE *to, enum table_color color);
