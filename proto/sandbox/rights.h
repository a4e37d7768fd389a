/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which of root's rights (capabilities(7)) this process keeps. A program that was started by root
 * by hand has all of them; what it opened stays open without.
 */
#pragma once

#include "proto/sandbox/policy.h"

#include <stddef.h>

enum { SANDBOX_RIGHTS_TEXT_SIZE = 128 };

/** Give up all but the policy's, in the calling thread and what it starts, for good: programs that
 * it runs cannot get others. Of root's files, root reads and writes its own without any right; if
 * something that the policy writes belongs to somebody else, CAP_DAC_OVERRIDE is kept as well.
 * `text` gets the names of what is kept, "none" if nothing. False if the kernel or the service
 * manager refuses; then nothing has changed, and `text` names what is held. */
bool sandbox_rights_drop(const struct sandbox_policy *policy, char text[SANDBOX_RIGHTS_TEXT_SIZE]);
