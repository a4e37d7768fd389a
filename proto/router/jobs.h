/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs the jobs of proto/portmap, each in a thread of its own, and brings their results back into
 * the loop. A router that answers slowly can keep such a thread for long, and it cannot be stopped;
 * there is one for each protocol at most.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/portmap/portmap.h"

struct ev_loop;
struct router_jobs;

/** Make it. done is called from the loop for each job that was started. loop and context are
 * borrowed. *out is written on ERR_OK only. ERR_NOMEM. */
int router_jobs_new(struct router_jobs **out, struct ev_loop *loop,
                    void (*done)(void *context, const struct portmap_job *job,
                                 const struct portmap_result *result),
                    void *context) MUST_CHECK;

/** Start a job, which is copied; no other of its protocol runs. ERR_NOMEM, ERR_SYSTEM: it does not
 * run, and done is not called. */
int router_jobs_start(struct router_jobs *jobs, const struct portmap_job *job) MUST_CHECK;

/** Run a last job, and wait for its end for so long at most. Of all others nothing is told any
 * more. */
void router_jobs_last(struct router_jobs *jobs, const struct portmap_job *job, unsigned ms);

/** Let go of it; threads that still run end by themselves. NULL is fine. */
void router_jobs_free(struct router_jobs *jobs);
