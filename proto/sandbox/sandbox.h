/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a program can no longer do once everything is open, even if somebody makes it run code of
 * theirs: open files outside its folders (folders.h), make system calls that it has no use for
 * (calls.h), use rights of root's that it does not need (rights.h), or get new ones. It lasts until
 * the process ends, and holds for programs that it runs, too.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/sandbox/policy.h"

struct ev_loop;
struct sandbox;

/**
 * Close the sandbox around this process. To be called when everything is open, and before threads
 * start: Linux closes it around the calling thread and what that starts.
 *
 * Where the kernel, or the container around us, refuses a part of it, the log says so and the
 * program goes on without that part. Refused system calls are named in the log from the loop
 * (`sandbox.refused`). policy is taken over, also on error; loop and env are borrowed and
 * outlive the sandbox.
 *
 * ERR_NOMEM, ERR_SYSTEM: nothing has changed.
 */
int sandbox_enter(struct sandbox **out, struct ev_loop *loop, const struct env *env,
                  struct sandbox_policy *policy) MUST_CHECK;

/** Whether `path` can be used so (enum sandbox_use) from inside. NULL is no sandbox: true. */
bool sandbox_lets(const struct sandbox *sandbox, const char *path, unsigned use);

/** Tell the last refusals and stop naming them. The process stays inside. NULL is fine. */
void sandbox_free(struct sandbox *sandbox);
