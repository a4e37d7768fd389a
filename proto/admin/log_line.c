/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads a text from left to right, once. */
#include "proto/admin/log_line.h"

#include "proto/base/wall_text.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 24, NAME_SIZE_MAX = 32, WORDS_SIZE = 1024 };

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const int priorities[] = {3, 4, 6, 7}; /* of syslog */

/* A part of a text. name_size 0: words that belong to no field. */
struct log_part {
    const char *name, *value;
    size_t name_size, value_size;
};

/* The length of the name of a field that begins here; 0: none does. */
static size_t name_size(const char *at)
{
    size_t size = 0;

    while (islower((unsigned char)at[size]) || (size > 0 && isdigit((unsigned char)at[size])) ||
           (size > 0 && at[size] == '_')) {
        size++;
    }
    return at[size] == '=' && size <= NAME_SIZE_MAX ? size : 0;
}

/* Read a value and move behind it. */
static void value_read(const char **at, struct log_part *out)
{
    const char *start = *at;
    const char *end = start;

    if (start[0] == '"') {
        for (end = strchr(start + 1, '"'); end != NULL && end[1] != '\0' && end[1] != ' ';
             end = strchr(end + 1, '"')) {
        }
    }
    if (start[0] == '"' && end != NULL) {
        out->value = start + 1;
        out->value_size = (size_t)(end - start - 1);
        *at = end + 1;
        return;
    }
    out->value = start; /* also one whose quotation mark has no other */
    out->value_size = strcspn(start, " ");
    *at = start + out->value_size;
}

/* The next part of a text, from *at on, which moves behind it. False at the end. */
static bool part_next(const char **at, struct log_part *out)
{
    const char *start = *at + strspn(*at, " ");

    *out = (struct log_part){.name = start, .name_size = name_size(start)};
    if (start[0] == '\0') {
        *at = start;
        return false;
    }
    if (out->name_size > 0) {
        *at = start + out->name_size + 1;
        value_read(at, out);
        return true;
    }
    out->value = start;
    for (*at = start; **at != '\0' && (*at == start || name_size(*at) == 0);) {
        *at += strcspn(*at, " ");
        out->value_size = (size_t)(*at - start);
        *at += strspn(*at, " ");
    }
    return true;
}

/* Bytes that are no UTF-8 become '?'. */
static json_t *text_json(const char *text, size_t size)
{
    json_t *value = json_stringn(text, size);
    char *ascii = value == NULL ? malloc(size + 1) : NULL;

    if (ascii != NULL) {
        for (size_t i = 0; i < size; i++) {
            ascii[i] = text[i];
            if ((unsigned char)text[i] >= 0x80) {
                ascii[i] = '?';
            }
        }
        value = json_stringn(ascii, size);
        free(ascii);
    }
    return value;
}

/* The time as RFC 3339 with milliseconds: wall_text has seconds, and a Z at its end. */
static void time_text(uint64_t wall_ms, char *out, size_t size)
{
    char seconds[WALL_TEXT_SIZE];

    (void)wall_text(wall_ms, seconds);
    (void)snprintf(out, size, "%.*s.%03uZ", (int)strcspn(seconds, "Z"), seconds,
                   (unsigned)(wall_ms % 1000));
}

char *log_line_json(enum trace_level level, const char *event, const char *text, uint64_t wall_ms)
{
    json_t *fields = json_object();
    char words[WORDS_SIZE] = "";
    struct log_part part;
    char when[WALL_TEXT_SIZE + 8], name[NAME_SIZE_MAX + 1];
    char *line = NULL;
    json_t *all;

    for (const char *at = text; part_next(&at, &part);) {
        size_t used = strlen(words);

        if (part.name_size == 0) {
            (void)snprintf(words + used, sizeof(words) - used, "%s%.*s", used > 0 ? " " : "",
                           (int)part.value_size, part.value);
        } else {
            (void)snprintf(name, sizeof(name), "%.*s", (int)part.name_size, part.name);
            if (json_object_get(fields, name) == NULL) {
                (void)json_object_set_new(fields, name, text_json(part.value, part.value_size));
            }
        }
    }
    time_text(wall_ms, when, sizeof(when));
    all = json_pack("{s:s, s:s, s:s, s:o, s:o}", "time", when, "level", level_names[level], "event",
                    event, "message", text_json(words, strlen(words)), "fields", fields);
    if (all != NULL) {
        line = json_dumps(all, JSON_COMPACT);
    }
    json_decref(all);
    return line;
}

/* Whether one of the parts before this one has the same name. */
static bool is_again(const struct log_part *parts, size_t count, const struct log_part *part)
{
    for (size_t i = 0; i < count; i++) {
        if (parts[i].name_size == part->name_size &&
            memcmp(parts[i].name, part->name, part->name_size) == 0) {
            return true;
        }
    }
    return false;
}

char *log_line_journal(enum trace_level level, const char *event, const char *text,
                       const char *program, size_t *size)
{
    struct log_part parts[FIELDS_MAX];
    size_t count = 0;
    char *out = NULL;
    FILE *to = open_memstream(&out, size);

    if (to == NULL) {
        return NULL;
    }
    (void)fprintf(to, "MESSAGE=%s %s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=%s\nZIGLAN_EVENT=%s\n", event,
                  text, priorities[level], program, event);
    for (const char *at = text; count < FIELDS_MAX && part_next(&at, &parts[count]);) {
        const struct log_part *part = &parts[count];

        if (part->name_size == 0 || is_again(parts, count, part)) {
            continue;
        }
        (void)fputs("ZIGLAN_", to);
        for (size_t i = 0; i < part->name_size; i++) {
            (void)fputc(toupper((unsigned char)part->name[i]), to);
        }
        (void)fprintf(to, "=%.*s\n", (int)part->value_size, part->value);
        count++;
    }
    if (fclose(to) != 0) {
        free(out);
        return NULL;
    }
    return out;
}
