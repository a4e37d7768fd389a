/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs the program that admits hosts: some at once, each for a limited time, beside the loop, which
 * it never holds up. A question goes to its standard input; what it writes to standard output and
 * its exit code are the answer. Whatever it does, the core gets an answer: when the time is over
 * the program is killed, with all that it started in its process group. Its standard error is ours.
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

/** Which program is run, and how. */
struct script_options {
    const char *path;    /* absolute; "": none. Copied */
    const char *ziglan;  /* the ziglan's name. Copied */
    uint32_t timeout_ms; /* for each */
    uint32_t at_once;    /* 1 to SCRIPT_RUNS_MAX */
};

/** A runner for the questions of this core, which runs nothing yet. loop is the default loop of
 * libev, which alone hears of ended programs; it, core and env are borrowed and outlive the runner.
 * `answered` is called after each answer that the core got. ERR_NOMEM leaves *out NULL. */
int script_runner_new(struct script_runner **out, struct ev_loop *loop, struct relay_core *core,
                      const struct env *env, void (*answered)(void *context),
                      void *context) MUST_CHECK;

/** Take other options; what runs already goes on as it began. */
void script_runner_set(struct script_runner *runner, const struct script_options *options);

/** Start what the core wants, as much as may run at once. To be called after the core changed. */
void script_runner_settle(struct script_runner *runner);

/** Kill what runs, and free the runner. NULL is fine. */
void script_runner_free(struct script_runner *runner);
