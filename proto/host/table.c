/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cells are collected first; then columns are measured, and all is printed.
 */
#include "proto/host/table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    CELL_SIZE = 160,
    ROWS_STEP = 32,
    COLUMN_GAP = 2,
    WRAP_ROOM_MIN = 24, /* columns that the last cell needs to stand beside the others */
    WRAP_INDENT = 4,
};

struct cell {
    enum table_color color;
    char text[CELL_SIZE];
};

struct table {
    const char *heads[TABLE_COLUMNS_MAX];
    size_t columns_count;
    struct cell *cells; /* columns_count per row */
    size_t rows_count, rows_capacity;
    size_t next_column;
    bool row_open;
};

struct table *table_new(const char *const *heads)
{
    struct table *table = calloc(1, sizeof(*table));

    if (table == NULL) {
        return NULL;
    }
    while (table->columns_count < TABLE_COLUMNS_MAX && heads[table->columns_count] != NULL) {
        table->heads[table->columns_count] = heads[table->columns_count];
        table->columns_count++;
    }
    return table;
}

void table_free(struct table *table)
{
    if (table == NULL) {
        return;
    }
    free(table->cells);
    free(table);
}

void table_row(struct table *table)
{
    table->row_open = false;
    if (table->rows_count == table->rows_capacity) {
        size_t capacity = table->rows_capacity + ROWS_STEP;
        struct cell *cells =
            reallocarray(table->cells, capacity * table->columns_count, sizeof(*cells));

        if (cells == NULL) {
            return; /* a shorter table is better than none */
        }
        table->cells = cells;
        table->rows_capacity = capacity;
    }
    memset(table->cells + table->rows_count * table->columns_count, 0,
           table->columns_count * sizeof(*table->cells));
    table->rows_count++;
    table->next_column = 0;
    table->row_open = true;
}

void table_cell(struct table *table, enum table_color color, const char *format, ...)
{
    struct cell *cell;
    va_list args;

    if (!table->row_open || table->next_column == table->columns_count) {
        return;
    }
    cell = &table->cells[(table->rows_count - 1) * table->columns_count + table->next_column];
    table->next_column++;
    cell->color = color;
    va_start(args, format);
    (void)vsnprintf(cell->text, sizeof(cell->text), format, args);
    va_end(args);
    for (char *c = cell->text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            *c = '?';
        }
    }
}

/* The number of code points. For the names we have, a terminal shows each in one column. */
static size_t text_width(const char *text)
{
    size_t width = 0;

    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80 ? 1 : 0;
    }
    return width;
}

static size_t column_width(const struct table *table, size_t column)
{
    size_t width = text_width(table->heads[column]);

    for (size_t row = 0; row < table->rows_count; row++) {
        size_t w = text_width(table->cells[row * table->columns_count + column].text);

        width = w > width ? w : width;
    }
    return width;
}

/* Columns of the row up to its last text, so that no line ends in blanks. */
static size_t row_used(const struct table *table, size_t row)
{
    size_t used = table->columns_count;

    while (used > 0 && table->cells[row * table->columns_count + used - 1].text[0] == '\0') {
        used--;
    }
    return used;
}

static void cell_print(FILE *to, enum table_color color, const char *text, size_t width, bool last)
{
    size_t padding = last ? 0 : width - text_width(text) + COLUMN_GAP;

    (void)fprintf(to, "%s%s%s%*s", color_begin(to, color), text,
                  color == TABLE_COLOR_NONE ? "" : color_end(to, color), (int)padding, "");
}

/* Bytes of text that fit into `room` columns, up to a blank where there is one. */
static size_t line_size(const char *text, size_t room)
{
    size_t columns = 0;
    size_t blank = 0;
    size_t at = 0;

    while (text[at] != '\0') {
        columns += ((unsigned char)text[at] & 0xc0) != 0x80 ? 1 : 0;
        if (columns > room) {
            return blank > 0 ? blank : at;
        }
        if (text[at] == ' ') {
            blank = at;
        }
        at++;
    }
    return at;
}

/* Columns of the longest word of a text. */
static size_t word_width(const char *text)
{
    size_t widest = 0;
    size_t columns = 0;

    for (; *text != '\0'; text++) {
        columns = *text == ' ' ? 0 : columns + (((unsigned char)*text & 0xc0) != 0x80 ? 1 : 0);
        widest = columns > widest ? columns : widest;
    }
    return widest;
}

/* True if a text does better in lines of its own than behind `left` columns: there is not much
 * room, or a word would be broken only there (who copies a key from two lines gets a wrong one). */
static bool goes_below(const char *text, size_t left, size_t width)
{
    size_t word = word_width(text);

    return left + WRAP_ROOM_MIN > width ||
           (left > WRAP_INDENT && left + word > width && WRAP_INDENT + word <= width);
}

/* Print the last cell of a row, `left` columns from the left. */
static void last_cell_print(FILE *to, const struct cell *cell, size_t left, size_t width)
{
    const char *text = cell->text;
    size_t indent = left;

    if (width == 0 || left + text_width(text) <= width) {
        cell_print(to, cell->color, text, 0, true);
        return;
    }
    if (goes_below(text, left, width)) {
        indent = WRAP_INDENT;
        (void)fprintf(to, "\n%*s", (int)indent, "");
    }
    while (*text != '\0') {
        size_t room = width > indent + 1 ? width - indent : 1;
        size_t size = line_size(text, room);
        char line[CELL_SIZE];

        size = size > 0 ? size : 1;
        memcpy(line, text, size);
        line[size] = '\0';
        cell_print(to, cell->color, line, 0, true);
        text += size;
        text += *text == ' ' ? 1 : 0;
        if (*text != '\0') {
            (void)fprintf(to, "\n%*s", (int)indent, "");
        }
    }
}

static void row_print(FILE *to, const struct cell *cells, size_t used, const size_t *widths,
                      size_t width)
{
    size_t left = 0;

    for (size_t column = 0; column + 1 < used; column++) {
        cell_print(to, cells[column].color, cells[column].text, widths[column], false);
        left += widths[column] + COLUMN_GAP;
    }
    if (used > 0) {
        last_cell_print(to, &cells[used - 1], left, width);
    }
    (void)fputc('\n', to);
}

void table_print(const struct table *table, FILE *to, size_t width)
{
    size_t widths[TABLE_COLUMNS_MAX];

    for (size_t column = 0; column < table->columns_count; column++) {
        widths[column] = column_width(table, column);
    }
    for (size_t column = 0; column < table->columns_count; column++) {
        cell_print(to, TABLE_COLOR_BOLD, table->heads[column], widths[column],
                   column + 1 == table->columns_count);
    }
    (void)fputc('\n', to);
    for (size_t row = 0; row < table->rows_count; row++) {
        row_print(to, table->cells + row * table->columns_count, row_used(table, row), widths,
                  width);
    }
}

size_t terminal_width(FILE *to)
{
    struct winsize size;

    return isatty(fileno(to)) == 1 && ioctl(fileno(to), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool terminal_colored(FILE *to)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return isatty(fileno(to)) == 1 && (no_color == NULL || no_color[0] == '\0') && term != NULL &&
           term[0] != '\0' && strcmp(term, "dumb") != 0;
}

const char *color_begin(FILE *to, enum table_color color)
{
    static const char *const codes[] = {"",         "\033[32m", "\033[33m",
                                        "\033[31m", "\033[2m",  "\033[1m"};

    return color != TABLE_COLOR_NONE && terminal_colored(to) ? codes[color] : "";
}

const char *color_end(FILE *to, enum table_color color)
{
    return color != TABLE_COLOR_NONE && terminal_colored(to) ? "\033[0m" : "";
}
