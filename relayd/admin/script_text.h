/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the program that admits hosts reads and writes (docs/operations.md, "Who may join"): one
 * object of JSON each. Pure.
 */
#pragma once

#include "relayd/service/admission.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SCRIPT_QUESTION_SIZE_MAX = 1024,
    SCRIPT_OUTPUT_SIZE_MAX = 4096, /* of an answer */
};

/** Print a question, with its newline; ziglan is the ziglan's name. Given (free()); NULL without
 * memory. */
char *script_question(const struct admission_question *question, const char *ziglan);

/**
 * Make an answer of how a program ended.
 *
 * output   what it wrote: size bytes, any content; empty, or an object of JSON
 * code     its exit code: 0 admits, 1 refuses, unless "admit" says it; -1: it did not end in order
 * wall_ms  now, from which "days" count
 * why      what was wrong, for the log, where the answer is ADMISSION_FAILED; else ""
 */
struct admission_answer script_answer(const char *output, size_t size, int code, uint64_t wall_ms,
                                      const char **why);
