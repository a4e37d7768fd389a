/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is wrong with a configuration file, as one sentence for a person: "FILE:LINE: what is wrong;
 * what to do". libcyaml reads the shape and reports in its own words; the programs' readers find
 * what is wrong with a meaning. Both are told here. Pure: strings in, a string out.
 */
#pragma once

#include "proto/base/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    CONFIG_TEXT_ERROR_SIZE = 512,
    CONFIG_TEXT_CAUSE_SIZE = 200,
    CONFIG_TEXT_KEY_SIZE = 40,
};

/** A key, and what it wants as the end of the sentence "'key' must be ...". */
struct config_key {
    const char *key, *wants;
};

/** One reading. The first six are the caller's, borrowed; the rest begins as zero. */
struct config_text {
    const char *path; /* the file's name */
    const char *text; /* size bytes, any content */
    size_t size;
    const struct config_key *keys;
    size_t keys_count;
    const char *keys_known;               /* all keys as a person wants to see them */
    char error[CONFIG_TEXT_ERROR_SIZE];   /* the sentence; empty: nothing was told */
    char cause[CONFIG_TEXT_CAUSE_SIZE];   /* libcyaml's own words */
    char cause_key[CONFIG_TEXT_KEY_SIZE]; /* the innermost field it names */
    unsigned long cause_line;             /* the innermost place, 0: none */
};

/** Take one line of libcyaml's log of errors: the cause comes first, then the places, innermost
 * first. */
void config_text_report(struct config_text *in, const char *format, va_list args) PRINTF_LIKE(2, 0);

/** Make the sentence of what was reported. */
void config_text_tell(struct config_text *in);

/** The sentence that refuses the value of a key. Returns false. */
bool config_text_refuse(struct config_text *in, const char *key, const char *value);

/** Any sentence, with the line of a key's value ("" for the key itself). Returns false. */
bool config_text_fail(struct config_text *in, const char *key, const char *value,
                      const char *format, ...) PRINTF_LIKE(4, 5);

/** Whether a line of the text begins with this key. */
bool config_text_has(const struct config_text *in, const char *key);
