/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What another program of this machine prints. It is found as root's shell would find it, gets no
 * input, and is ended when it takes too long.
 */
#pragma once

#include <stddef.h>

enum { PROGRAM_OUTPUT_SIZE_MAX = 16 << 20, PROGRAM_TIMEOUT_MS = 5000 };

/** Run a program with its arguments (NULL-terminated, argv[0] its name). Returns what it wrote to
 * standard output, with a NUL behind it, which is given (free()); NULL if it is not there, fails,
 * writes more than PROGRAM_OUTPUT_SIZE_MAX bytes or takes longer than PROGRAM_TIMEOUT_MS. */
char *program_output(const char *const argv[], size_t *size);
