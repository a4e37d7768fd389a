/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is wrong with a configuration file, as one sentence for a person: "FILE:LINE: what is wrong;
 * what to do". libcyaml checks the shape of a file and reports in its own words; the programs'
 * readers check the values. Both kinds of problem become a sentence here. Pure: strings in, a
 * string out.
 */
#pragma once

#include "proto/base/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONFIG_TEXT_ERROR_SIZE = 512,
    CONFIG_TEXT_CAUSE_SIZE = 200,
    CONFIG_TEXT_KEY_SIZE = 40,
};

/** A key, and what its value must be: the end of the sentence "'key' must be ...". */
struct config_key {
    const char *key, *wants;
};

/** The reading of one file. The caller sets the first six fields (pointers are borrowed) and zeroes
 * the rest. */
struct config_text {
    const char *path; /* the file's name */
    const char *text; /* size bytes, any content */
    size_t size;
    const struct config_key *keys;
    size_t keys_count;
    const char *keys_known;               /* a list of all keys, as a person wants to see it */
    char error[CONFIG_TEXT_ERROR_SIZE];   /* the sentence; empty: no problem was found */
    char cause[CONFIG_TEXT_CAUSE_SIZE];   /* libcyaml's own words */
    char cause_key[CONFIG_TEXT_KEY_SIZE]; /* the innermost key that libcyaml named */
    unsigned long cause_line;             /* the innermost line that it named; 0: none */
};

/** Note one line of libcyaml's log of errors. Its first line is the cause; the others name the
 * places, innermost first. */
void config_text_report(struct config_text *in, const char *format, va_list args) PRINTF_LIKE(2, 0);

/** Write the sentence about what was reported. */
void config_text_tell(struct config_text *in);

/** Write the sentence that refuses the value of a key: "'key' must be ..., not 'value'". Returns
 * false, so that a reader can end with it. */
bool config_text_refuse(struct config_text *in, const char *key, const char *value);

#define CONFIG_TEXT_AUTO UINT32_MAX

/** Take a number from 0 to `most`; CONFIG_TEXT_AUTO for "auto", and for NULL: the key is not there.
 * Else refuse the value, and false. */
bool config_text_count(struct config_text *in, const char *key, const char *value, uint32_t most,
                       uint32_t *out);

/** Write any other sentence (printf style), with the line of a key's value (of the key, if value is
 * ""). Returns false. */
bool config_text_fail(struct config_text *in, const char *key, const char *value,
                      const char *format, ...) PRINTF_LIKE(4, 5);

/** The line of a key's value (of the key, if value is "" or not there as it is written); 0 if no
 * line begins with the key. Needs path, text and size only. */
unsigned long config_text_line(const struct config_text *in, const char *key, const char *value);

/** True if some line of the text begins with this key. */
bool config_text_has(const struct config_text *in, const char *key);
