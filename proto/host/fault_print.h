/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The last words of a program that failed.
 */
#pragma once

#include "proto/base/fault.h"

/** Print "program: text" to standard error and return the exit code (never EXIT_CODE_OK). */
int fault_print(const struct fault *fault, const char *program);
