/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One measurement of the lifetimes of mappings (client/netcheck/lifetime_turns.h), from sockets of
 * its own: it disturbs nothing that runs, and needs no right.
 */
#pragma once

#include "client/netcheck/lifetime_turns.h"
#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct lifetime_run;

/** Begin, by the first of `count` relays (1 to LIFETIME_RELAYS_MAX) that can do it. loop and env
 * are borrowed and outlive it. ERR_DROP if this machine has no way to any of them, ERR_NOMEM,
 * ERR_SYSTEM, with fault: *out is NULL then. */
int lifetime_run_open(struct lifetime_run **out, struct ev_loop *loop, const struct env *env,
                      const struct endpoint *relays, size_t count, struct fault *fault) MUST_CHECK;

/** End it; NULL is fine. */
void lifetime_run_close(struct lifetime_run *run);

/** True when all is measured, or no relay can do it. */
bool lifetime_run_is_done(const struct lifetime_run *run);

/** For how long the oldest sockets have been silent, and what was found so far. */
uint32_t lifetime_run_age_ms(const struct lifetime_run *run);
void lifetime_run_read(const struct lifetime_run *run, struct lifetime_found *out);
