/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which files this process may open: Landlock (landlock(7)), by its system calls, since libc has no
 * functions for them. It counts for the calling thread and for what that starts from then on.
 */
#pragma once

#include "proto/base/fault.h"
#include "proto/sandbox/policy.h"

enum sandbox_folders_state {
    SANDBOX_FOLDERS_CLOSED,
    SANDBOX_FOLDERS_UNKNOWN, /* the kernel has no Landlock */
    SANDBOX_FOLDERS_REFUSED, /* by the kernel, or by a container around us */
};

/** From now on only the policy's paths can be opened, changed and run; what is open stays open.
 * Needs no_new_privs. Unless they are closed, fault says why and nothing has changed. */
enum sandbox_folders_state sandbox_folders_close(const struct sandbox_policy *policy,
                                                 struct fault *fault);
