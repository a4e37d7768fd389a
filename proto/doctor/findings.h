/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a doctor found: one line for each thing that it looked at, and where something is wrong the
 * command that mends it.
 */
#pragma once

#include "proto/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { FINDINGS_MAX = 48, FINDING_TEXT_SIZE = 400 };

enum finding_state {
    FINDING_OK,
    FINDING_NOTE, /* it works, but not as well as it could; or it could not be looked at */
    FINDING_BAD,
};

struct finding {
    const char *name; /* a word, which scripts may rely on; borrowed */
    enum finding_state state;
    char text[FINDING_TEXT_SIZE];
    char command[FINDING_TEXT_SIZE]; /* what mends it; may be empty */
};

struct findings {
    struct finding list[FINDINGS_MAX];
    size_t count;
};

/** Add a line (printf style, cut). The name is borrowed for as long as the findings. */
void findings_add(struct findings *findings, const char *name, enum finding_state state,
                  const char *format, ...) PRINTF_LIKE(4, 5);

/** Give the last line its command (printf style). */
void findings_command(struct findings *findings, const char *format, ...) PRINTF_LIKE(2, 3);

/** Print them for a person. */
void findings_print(const struct findings *findings, FILE *to);

/** Print them to standard output: for a person, or as {"ok":true,"good":b,"findings":[{"name",
 * "state","text","command"}]} with the states "ok", "note" and "bad". Returns the exit code:
 * EXIT_CODE_FAILURE if something is bad. */
int findings_tell(const struct findings *findings, bool json);
