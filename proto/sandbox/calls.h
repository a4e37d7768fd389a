/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which system calls this process may make: a filter of seccomp(2), made by libseccomp from lists
 * of names. A call that is in none is held by the kernel until somebody answers it (refusals.h).
 */
#pragma once

#include "proto/base/fault.h"

#include <stdbool.h>

/** What becomes of calls that are not allowed. */
enum sandbox_calls_state {
    SANDBOX_CALLS_NAMED,  /* *listener gets them, and answers each */
    SANDBOX_CALLS_SILENT, /* they fail with EPERM, and only the kernel's audit log tells */
    SANDBOX_CALLS_OPEN,   /* all are allowed; fault says why */
};

/** Start the filter, for the calling thread and what it starts from now on. With `programs` it may
 * run other programs, and the filter has the calls that ordinary ones use. Needs no_new_privs. The
 * caller owns *listener, -1 if there is none. listener NULL: nobody is there to answer. */
enum sandbox_calls_state sandbox_calls_close(bool programs, int *listener, struct fault *fault);

enum { SANDBOX_CALL_NAME_SIZE = 32 };

/** The name of a call of this machine, or "#NUMBER" if libseccomp knows none. Returns text. */
const char *sandbox_call_name(int number, char text[SANDBOX_CALL_NAME_SIZE]);
