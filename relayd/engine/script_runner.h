/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hands the core's questions about hosts to the process that runs the program which admits
 * (relayd/daemon/admitter.h), some at once, and the answers to the core. Whatever becomes of that
 * process, the core gets an answer.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "relayd/core/core.h"

#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct script_runner;

enum { SCRIPT_RUNS_MAX = 16 /* at once */ };

/** What the relay itself knows of it. */
struct script_options {
    const char *path;   /* for the log; "": none. Copied */
    const char *ziglan; /* the ziglan's name. Copied */
    uint32_t at_once;   /* 1 to SCRIPT_RUNS_MAX */
};

/** A runner for the questions of this core, which asks nothing yet. fd is a socket to the process,
 * borrowed; -1: there is none. loop, core and env are borrowed and outlive the runner. `answered`
 * is called after each answer that the core got. ERR_NOMEM leaves *out NULL. */
int script_runner_new(struct script_runner **out, struct ev_loop *loop, struct relay_core *core,
                      const struct env *env, int fd, void (*answered)(void *context),
                      void *context) MUST_CHECK;

/** Take other options, and let the process read the configuration again; what runs already goes on
 * as it began. */
void script_runner_set(struct script_runner *runner, const struct script_options *options);

/** Ask what the core wants, as much as may run at once. To be called after the core changed. */
void script_runner_settle(struct script_runner *runner);

/** Free the runner. NULL is fine. */
void script_runner_free(struct script_runner *runner);
