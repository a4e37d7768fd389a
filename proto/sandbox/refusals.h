/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The refused system calls of this process and of programs that it runs: a thread lets each fail,
 * and the log names it (`sandbox.refused`). The call fails with EPERM; one that is newer than what
 * libseccomp knows, with ENOSYS, as on an older kernel, so that libc does without it.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"

#include <stdbool.h>

struct ev_loop;
struct refusals;

enum {
    REFUSALS_KINDS_MAX = 64, /* different calls that are told; more are refused without a word */
    REFUSALS_EVERY_S = 60,   /* one line for each kind at most so often */
};

/** Get ready; what it needs of the system is made now, before a filter counts. env and loop are
 * borrowed and outlive it. ERR_NOMEM; ERR_SYSTEM if the kernel hands refused calls to nobody. *out
 * is NULL then. */
int refusals_new(struct refusals **out, struct ev_loop *loop, const struct env *env) MUST_CHECK;

/** Answer what comes to `listener` (calls.h), which is taken over. To be called right after the
 * filter started, since until then a refused call waits. False if there is no thread for it; then
 * calls are refused (ENOSYS) untold. */
bool refusals_start(struct refusals *refusals, int listener);

/** Tell what was not told, and stop: from then on calls are refused (ENOSYS) untold. NULL is fine.
 */
void refusals_free(struct refusals *refusals);
