/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libcyaml gives no line with some causes; then the text is searched for the key that it names. */
#include "proto/base/config_text.h"

#include "proto/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- places ---- */

/* Where `key` begins a line as a key, passing over the first `skip` such lines; NULL if nowhere. */
static const char *key_at(const struct config_text *in, const char *key, unsigned skip)
{
    const char *end = in->text + in->size;
    size_t key_size = strlen(key);

    for (const char *line = in->text; line < end;) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        const char *stop = next != NULL ? next : end;
        const char *at = line;

        while (at < stop && *at != '\0' && strchr(" \t-[{\"'", *at) != NULL) {
            at++;
        }
        if ((size_t)(stop - at) > key_size && memcmp(at, key, key_size) == 0 &&
            at[key_size] != '\0' && strchr(": \"'", at[key_size]) != NULL && skip-- == 0) {
            return at;
        }
        line = next != NULL ? next + 1 : end;
    }
    return NULL;
}

static unsigned long line_at(const struct config_text *in, const char *at)
{
    unsigned long line = 1;

    for (const char *c = in->text; at != NULL && c < at; c++) {
        line += *c == '\n' ? 1 : 0;
    }
    return line;
}

/* The line of a key's value, else of the key, else the first. */
static unsigned long value_line(const struct config_text *in, const char *key, const char *value)
{
    const char *end = in->text + in->size;
    const char *at = key_at(in, key, 0);
    const char *value_at = NULL;

    if (at == NULL) { /* it may stand behind another key of its line */
        at = memmem(in->text, in->size, key, strlen(key));
    }
    if (value[0] != '\0' && at != NULL) {
        at += strlen(key);
        value_at = memmem(at, (size_t)(end - at), value, strlen(value));
    }
    return line_at(in, value_at != NULL ? value_at : at);
}

unsigned long config_text_line(const struct config_text *in, const char *key, const char *value)
{
    return key_at(in, key, 0) != NULL ? value_line(in, key, value) : 0;
}

bool config_text_has(const struct config_text *in, const char *key)
{
    return key_at(in, key, 0) != NULL;
}

/* ---- sentences ---- */

static void sentence(struct config_text *in, unsigned long line, const char *format, va_list args)
    PRINTF_LIKE(3, 0);

/* A sentence quotes the file but must stay one line that a terminal can show. */
static void sentence(struct config_text *in, unsigned long line, const char *format, va_list args)
{
    int used = snprintf(in->error, sizeof(in->error), "%s:%lu: ", in->path, line);

    if (used >= 0 && (size_t)used < sizeof(in->error)) {
        (void)vsnprintf(in->error + used, sizeof(in->error) - (size_t)used, format, args);
    }
    utf8_clean(in->error);
}

static void tell(struct config_text *in, unsigned long line, const char *format, ...)
    PRINTF_LIKE(3, 4);

static void tell(struct config_text *in, unsigned long line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    sentence(in, line, format, args);
    va_end(args);
}

static const char *wants_of(const struct config_text *in, const char *key)
{
    for (size_t i = 0; i < in->keys_count; i++) {
        if (strcmp(in->keys[i].key, key) == 0) {
            return in->keys[i].wants;
        }
    }
    return NULL;
}

bool config_text_fail(struct config_text *in, const char *key, const char *value,
                      const char *format, ...)
{
    va_list args;

    va_start(args, format);
    sentence(in, value_line(in, key, value), format, args);
    va_end(args);
    return false;
}

bool config_text_refuse(struct config_text *in, const char *key, const char *value)
{
    const char *wants = wants_of(in, key);

    return config_text_fail(in, key, value, "'%s' must be %s, not '%.80s'", key,
                            wants != NULL ? wants : "something else", value);
}

/* ---- libcyaml's words ---- */

void config_text_report(struct config_text *in, const char *format, va_list args)
{
    static const char in_field[] = "in mapping field '";
    char line[CONFIG_TEXT_CAUSE_SIZE];
    const char *at;

    (void)vsnprintf(line, sizeof(line), format, args);
    line[strcspn(line, "\n")] = '\0';
    if (in->cause[0] == '\0') {
        (void)snprintf(in->cause, sizeof(in->cause), "%s",
                       strncmp(line, "Load: ", 6) == 0 ? line + 6 : line);
        return;
    }
    at = strstr(line, "(line: ");
    if (in->cause_line == 0 && at != NULL) {
        in->cause_line = strtoul(at + 7, NULL, 10);
    }
    at = strstr(line, in_field);
    if (in->cause_key[0] == '\0' && at != NULL) {
        at += sizeof(in_field) - 1;
        (void)snprintf(in->cause_key, sizeof(in->cause_key), "%.*s", (int)strcspn(at, "'"), at);
    }
}

/* The rest of the cause if it begins with `words`, else NULL. */
static const char *cause_after(const struct config_text *in, const char *words)
{
    size_t size = strlen(words);

    return strncmp(in->cause, words, size) == 0 ? in->cause + size : NULL;
}

void config_text_tell(struct config_text *in)
{
    const char *unknown = cause_after(in, "Unexpected key: ");
    const char *missing = cause_after(in, "Missing required mapping field: ");
    const char *twice = cause_after(in, "Mapping field already seen: ");
    const char *syntax = cause_after(in, "libyaml: ");
    const char *wants = wants_of(in, in->cause_key);
    unsigned long line = in->cause_line != 0 ? in->cause_line : 1;

    if (unknown != NULL) {
        tell(in, value_line(in, unknown, ""),
             "unknown key '%.60s'; remove or correct it (keys: %s)", unknown, in->keys_known);
    } else if (missing != NULL) {
        wants = wants_of(in, missing);
        tell(in, line, "an entry lacks its '%.60s': %s", missing, wants != NULL ? wants : "add it");
    } else if (twice != NULL) {
        const char *second = key_at(in, twice, 1);

        tell(in, second != NULL ? line_at(in, second) : line, "'%.60s' stands twice; keep one",
             twice);
    } else if (syntax != NULL) {
        tell(in, line, "this is not YAML or JSON (%s); correct it near this line", syntax);
    } else if (wants != NULL) {
        tell(in, line, "'%s' must be %s (%s)", in->cause_key, wants, in->cause);
    } else {
        tell(in, line, "the file must be a list of `key: value` lines (%s)",
             in->cause[0] != '\0' ? in->cause : "nothing to read");
    }
}

bool config_text_count(struct config_text *in, const char *key, const char *value, uint32_t most,
                       uint32_t *out)
{
    size_t size = value != NULL ? strlen(value) : 0;
    unsigned long number;

    *out = CONFIG_TEXT_AUTO;
    if (value == NULL || strcmp(value, "auto") == 0) {
        return true;
    }
    number = strtoul(value, NULL, 10);
    if (size == 0 || size != strspn(value, "0123456789") || number > most) {
        return config_text_refuse(in, key, value);
    }
    *out = (uint32_t)number;
    return true;
}
