/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a program that failed says to its user.
 */
#pragma once

#include "proto/base/fault.h"

/** Print "program: text" to standard error and return the exit code (never EXIT_CODE_OK). */
int fault_print(const struct fault *fault, const char *program);

/** The same for a script: print it to standard output in the shape of a refusal
 * (proto/admin/answer.h). Returns the exit code. */
int fault_print_json(const struct fault *fault);
