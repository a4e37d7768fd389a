/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What went wrong, for a person: one clear sentence with the remedy, and the exit code that fits
 * it. Functions of the shells that can fail for reasons outside the program fill in a fault. A
 * sentence that is too long is cut.
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

/** As fault_set, for a failed system call. Appends ": <strerror(errno)>" and, for a full or
 * read-only disk and too many open files, what to do. The exit code is EXIT_CODE_PERMISSION for
 * EACCES and EPERM, else EXIT_CODE_FAILURE. errno is kept. */
void fault_set_errno(struct fault *fault, const char *format, ...) PRINTF_LIKE(2, 3);

/** As fault_set_errno, for a path that the user named and that cannot be used. The exit code is
 * that of fault_path_code, and a lack of permission has a remedy, too. */
void fault_set_path(struct fault *fault, const char *format, ...) PRINTF_LIKE(2, 3);

/** The exit code for a path that the user named; `cause` is the errno of its use. EXIT_CODE_USAGE
 * if there is no such file or folder or it is damaged (EUCLEAN), else as fault_set_errno. */
enum exit_code fault_path_code(int cause);

/** Append "; " and what to do about it. fault may not be NULL and has a sentence already. */
void fault_add(struct fault *fault, const char *remedy);
