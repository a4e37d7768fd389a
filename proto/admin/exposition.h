/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Metrics as text, the same for both programs: the Prometheus text form (version 0.0.4), or
 * OpenMetrics 1.0 for those who ask for it. Families are written one after the other, each with its
 * help before its first sample. Pure.
 */
#pragma once

#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum exposition_form {
    EXPOSITION_FORM_PROMETHEUS,
    EXPOSITION_FORM_OPENMETRICS,
};

enum { EXPOSITION_NAME_SIZE = 96 };

/** A text that is being written. */
struct exposition {
    enum exposition_form form;
    FILE *to;
    char *text; /* of `to` */
    size_t size;
    const char *prefix;              /* of all names to come; static, at first "" */
    char last[EXPOSITION_NAME_SIZE]; /* the name of the last sample */
};

/** The form that an Accept header (RFC 9110, section 12.5.1; any text, NULL: none was sent)
 * prefers: OpenMetrics only if it is named, and no worse than text/plain. */
enum exposition_form exposition_wanted(const char *accept);

/** The Content-Type of a form. */
const char *exposition_content_type(enum exposition_form form);

/** Begin a text. ERR_NOMEM. */
int exposition_open(struct exposition *e, enum exposition_form form) MUST_CHECK;

/**
 * One sample each. Samples of one name stand together.
 *
 * name    of the sample, behind the prefix: a counter's ends in _total, that of an info in _info; a
 *         unit before that (_bytes, _seconds) is told as such
 * labels  name="value", ... without braces; "" if there are none; nothing in it is escaped here
 * help    of all samples of this name; counts for the first one, "" for others
 */
void exposition_counter(struct exposition *e, const char *name, const char *labels,
                        const char *help, double value);
void exposition_gauge(struct exposition *e, const char *name, const char *labels, const char *help,
                      double value);
/** What does not change: the labels tell it. */
void exposition_info(struct exposition *e, const char *name, const char *labels, const char *help);

/** End it. text is given: malloc'ed, *size bytes and a NUL. ERR_NOMEM: *text is NULL. */
int exposition_close(struct exposition *e, char **text, size_t *size) MUST_CHECK;
