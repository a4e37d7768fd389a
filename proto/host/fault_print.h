/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a program that failed says to its user.
 */
#pragma once

#include "proto/base/fault.h"

/** Print "program: text" to standard error and return the exit code (never EXIT_CODE_OK). */
int fault_print(const struct fault *fault, const char *program);
