/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the verbs of relayd's command line share. Each verb has a file of its own with one function.
 * It gets the arguments from the verb on, prints its result to standard output, or what is wrong
 * to standard error, and returns the exit code of the process (proto/base/fault.h).
 */
#pragma once

#include "proto/base/err.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

enum { CLI_GROUPS_SIZE = 320 /* the groups of a member, and NUL */ };

/** Print a sentence (printf style, no newline) about wrong arguments. Returns EXIT_CODE_USAGE. */
int cli_usage(const char *format, ...) PRINTF_LIKE(1, 2);

/** Read a whole number from min to max. ERR_DROP for anything else; *out is untouched then. */
int cli_number_parse(uint32_t *out, const char *text, uint32_t min, uint32_t max) MUST_CHECK;

/** Read a time such as "7d", "12h", "30m" or "90s", counted from wall_ms, or "never", which is 0.
 * *out is in ms of the wall clock. ERR_DROP for anything else; *out is untouched then. */
int cli_expiry_parse(uint64_t *out, const char *text, uint64_t wall_ms) MUST_CHECK;

/** Print for whom and how long an invite is good: "one host, until 2026-01-31T12:00:00Z". expires
 * is the time as text, empty: never. */
void cli_terms_print(FILE *to, uint64_t uses, const char *expires);

/** Read a time as cli_expiry_parse does, or a whole number of days, or a date such as 2026-12-31,
 * at the end of which (UTC) it is. */
int cli_time_parse(uint64_t *out, const char *text, uint64_t wall_ms) MUST_CHECK;

/** The "groups" of an object, "family,servers"; "" if it has none. Writes and returns text. */
const char *cli_groups_text(const json_t *object, char text[CLI_GROUPS_SIZE]);

/** Print whom an answer is about: "nas (KEY)", or the key alone. */
void cli_who_print(FILE *to, const json_t *answer);

/** Print a URL, and on a terminal its QR code. */
void cli_url_print(const char *url);
