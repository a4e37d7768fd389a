/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes the lines, and reads what a scraper accepts. */
#include "proto/admin/exposition.h"

#include "proto/base/bytes.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- what is accepted ---- */

enum { QUALITY_ONE = 1000 };

/* A qvalue (RFC 9110, section 12.4.2) in thousandths; what is none counts as 0. */
static unsigned quality_read(const char *text, size_t size)
{
    unsigned value = 0, weight = QUALITY_ONE;

    for (size_t i = 0; i < size; i++) {
        if (i == 1 && text[i] == '.') {
            continue;
        }
        if (i > 4 || i == 1 || !isdigit((unsigned char)text[i])) {
            return 0;
        }
        value += (unsigned)(text[i] - '0') * weight;
        weight /= 10;
    }
    return size > 0 && value <= QUALITY_ONE ? value : 0;
}

/* Cut spaces and tabs at both ends. */
static void trim(const char **text, size_t *size)
{
    while (*size > 0 && (**text == ' ' || **text == '\t')) {
        (*text)++;
        (*size)--;
    }
    while (*size > 0 && ((*text)[*size - 1] == ' ' || (*text)[*size - 1] == '\t')) {
        (*size)--;
    }
}

static bool part_is(const char *text, size_t size, const char *want)
{
    return size == strlen(want) && strncasecmp(text, want, size) == 0;
}

/* One element of the header: its media range, and behind semicolons its parameters, of which only q
 * counts. */
static void element_read(const char *text, size_t size, unsigned *openmetrics, unsigned *plain)
{
    size_t range_size = size;
    const char *semicolon = memchr(text, ';', size);
    unsigned quality = QUALITY_ONE;
    const char *at = semicolon;

    if (semicolon != NULL) {
        range_size = (size_t)(semicolon - text);
    }
    while (at != NULL) {
        const char *from = at + 1;
        size_t left = size - (size_t)(from - text);

        at = memchr(from, ';', left);
        left = at != NULL ? (size_t)(at - from) : left;
        trim(&from, &left);
        if (left >= 2 && (from[0] == 'q' || from[0] == 'Q') && from[1] == '=') {
            quality = quality_read(from + 2, left - 2);
        }
    }
    trim(&text, &range_size);
    if (part_is(text, range_size, "application/openmetrics-text") && quality > *openmetrics) {
        *openmetrics = quality;
    } else if (part_is(text, range_size, "text/plain") && quality > *plain) {
        *plain = quality;
    }
}

enum exposition_form exposition_wanted(const char *accept)
{
    unsigned openmetrics = 0, plain = 0;

    while (accept != NULL) {
        const char *comma = strchr(accept, ',');
        size_t size = comma != NULL ? (size_t)(comma - accept) : strlen(accept);

        element_read(accept, size, &openmetrics, &plain);
        accept = comma != NULL ? comma + 1 : NULL;
    }
    return openmetrics > 0 && openmetrics >= plain ? EXPOSITION_FORM_OPENMETRICS
                                                   : EXPOSITION_FORM_PROMETHEUS;
}

const char *exposition_content_type(enum exposition_form form)
{
    return form == EXPOSITION_FORM_OPENMETRICS
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}

/* ---- what is written ---- */

int exposition_open(struct exposition *e, enum exposition_form form)
{
    *e = (struct exposition){.form = form, .prefix = ""};
    e->to = open_memstream(&e->text, &e->size);
    return e->to != NULL ? ERR_OK : ERR_NOMEM;
}

static bool ends_in(const char *name, size_t size, const char *tail)
{
    size_t tail_size = strlen(tail);

    return size > tail_size && memcmp(name + size - tail_size, tail, tail_size) == 0;
}

/* The unit at the end of a family's name; NULL: none. */
static const char *unit_of(const char *family, size_t size)
{
    static const char *const units[] = {"_bytes_per_second", "_bytes", "_seconds"};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (ends_in(family, size, units[i])) {
            return units[i] + 1;
        }
    }
    return NULL;
}

/* What stands before the first sample of a name. OpenMetrics calls a family by the name without the
 * suffix of its samples, the older form with it. */
static void family_begin(struct exposition *e, const char *name, const char *suffix,
                         const char *type, const char *help)
{
    bool open = e->form == EXPOSITION_FORM_OPENMETRICS;
    size_t size = strlen(name);
    int shown;
    const char *unit;

    CHECK(suffix[0] == '\0' || ends_in(name, size, suffix));
    size -= open ? strlen(suffix) : 0;
    shown = (int)size;
    unit = open ? unit_of(name, size) : NULL;
    (void)fprintf(e->to, "# HELP %s%.*s %s\n# TYPE %s%.*s %s\n", e->prefix, shown, name, help,
                  e->prefix, shown, name, !open && strcmp(type, "info") == 0 ? "gauge" : type);
    if (unit != NULL) {
        (void)fprintf(e->to, "# UNIT %s%.*s %s\n", e->prefix, shown, name, unit);
    }
    (void)snprintf(e->last, sizeof(e->last), "%s", name);
}

static void sample(struct exposition *e, const char *name, const char *labels, double value)
{
    bool whole = value >= 0 && value < 9007199254740992. && value == (double)(uint64_t)value;

    (void)fprintf(e->to, "%s%s", e->prefix, name);
    if (labels[0] != '\0') {
        (void)fprintf(e->to, "{%s}", labels);
    }
    (void)fprintf(e->to, whole ? " %.0f\n" : " %.15g\n", value);
}

void exposition_counter(struct exposition *e, const char *name, const char *labels,
                        const char *help, double value)
{
    if (strcmp(e->last, name) != 0) {
        family_begin(e, name, "_total", "counter", help);
    }
    sample(e, name, labels, value);
}

void exposition_gauge(struct exposition *e, const char *name, const char *labels, const char *help,
                      double value)
{
    if (strcmp(e->last, name) != 0) {
        family_begin(e, name, "", "gauge", help);
    }
    sample(e, name, labels, value);
}

void exposition_info(struct exposition *e, const char *name, const char *labels, const char *help)
{
    if (strcmp(e->last, name) != 0) {
        family_begin(e, name, "_info", "info", help);
    }
    sample(e, name, labels, 1);
}

int exposition_close(struct exposition *e, char **text, size_t *size)
{
    int rc;

    if (e->form == EXPOSITION_FORM_OPENMETRICS) {
        (void)fputs("# EOF\n", e->to);
    }
    rc = fclose(e->to) == 0 ? ERR_OK : ERR_NOMEM;
    if (rc != ERR_OK) {
        free(e->text);
        e->text = NULL;
        e->size = 0;
    }
    *text = e->text;
    *size = e->size;
    return rc;
}
