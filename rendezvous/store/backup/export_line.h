/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lines of an exported state, each a JSON object. Bytes are base64 (RFC 4648, with padding).
 *
 *   {"export":1,"program":"relayd"}                         the first line; 1: its version
 *   {"file":"relay.key","bytes":"..."}                      a file; the configuration comes first
 *   {"table":"members","key":"...","value":"..."}           a row of the store
 *   {"end":12,"sum":"..."}                                  the last line: how many lines stand
 *                                                           before it, and BLAKE2b-256 of them all
 *
 * It is the same on every machine, and a table or file that a version does not know is an error,
 * not left out. Pure.
 */
#pragma once

#include "proto/base/err.h"
#include "rendezvous/store/store.h"

#include <stddef.h>
#include <stdint.h>

enum {
    EXPORT_VERSION = 1,
    EXPORT_SUM_SIZE = 32,
    EXPORT_NAME_SIZE = 32,                /* with NUL */
    EXPORT_BYTES_MAX = 1 << 20,           /* of a file or value */
    EXPORT_LINE_SIZE_MAX = 3 * (1 << 19), /* a line, with room */
};

enum export_kind { EXPORT_HEAD, EXPORT_FILE, EXPORT_ROW, EXPORT_END };

/** What stands on a line. The bytes of EXPORT_FILE and EXPORT_ROW belong to it. */
struct export_line {
    enum export_kind kind;
    char name[EXPORT_NAME_SIZE]; /* HEAD: the program; FILE; ROW: the table */
    uint64_t number;             /* HEAD: the version; END: lines before it */
    uint8_t key[STORE_KEY_SIZE_MAX];
    size_t key_size;
    uint8_t *bytes; /* a value, the content of a file, or the sum */
    size_t size;
};

/** Read one line, size bytes of any content without its newline. ERR_DROP if it is none of those
 * above or too long, ERR_NOMEM; then out has nothing to free. */
int export_line_read(struct export_line *out, const char *text, size_t size) MUST_CHECK;

/** The text of a line with its newline, which is given (free()); NULL without memory. */
char *export_line_text(const struct export_line *line);

/** Free and wipe what export_line_read filled in. */
void export_line_fini(struct export_line *line);
