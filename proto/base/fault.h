/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What went wrong, for a person: one clear sentence with the remedy, and the exit code that fits
 * it. Functions of the shells that can fail for reasons outside the program take one.
 */
#pragma once

#include "proto/base/err.h"

/** Exit codes of both programs. */
enum exit_code {
    EXIT_CODE_OK = 0,
    EXIT_CODE_FAILURE = 1,
    EXIT_CODE_USAGE = 2,      /* wrong arguments or configuration */
    EXIT_CODE_NO_DAEMON = 3,  /* the daemon is not running */
    EXIT_CODE_PERMISSION = 4, /* needs another user or a capability */
};

enum { FAULT_TEXT_SIZE = 512 };

struct fault {
    enum exit_code exit_code;
    char text[FAULT_TEXT_SIZE];
};

/** Write the sentence (printf style, no newline). fault may be NULL. */
void fault_set(struct fault *fault, enum exit_code code, const char *format, ...) PRINTF_LIKE(3, 4);

/** As fault_set, for a failed system call: appends ": <strerror(errno)>" and what to do about a
 * full or read-only disk and too many open files, and takes EXIT_CODE_PERMISSION for EACCES and
 * EPERM, else EXIT_CODE_FAILURE. errno is kept. */
void fault_set_errno(struct fault *fault, const char *format, ...) PRINTF_LIKE(2, 3);

/** As fault_set_errno, where a path that the user named cannot be used: EXIT_CODE_USAGE if there is
 * no such place, and what to do about a place of somebody else's. */
void fault_set_path(struct fault *fault, const char *format, ...) PRINTF_LIKE(2, 3);

/** The exit code for a path that the user named, by the errno of its use. */
enum exit_code fault_path_code(int cause);

/** Append "; " and what to do about it. */
void fault_add(struct fault *fault, const char *remedy);
