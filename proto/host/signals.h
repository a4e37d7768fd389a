/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The signals of a daemon, told from its loop.
 */
#pragma once

#include "proto/base/err.h"

struct ev_loop;
struct signals;

enum { SIGNALS_MAX = 8 };

/** Call `caught` from the loop for each signal of a zero-terminated list of at most SIGNALS_MAX.
 * SIGPIPE is ignored from now on. ERR_NOMEM. */
int signals_new(struct signals **out, struct ev_loop *loop, const int *list,
                void (*caught)(void *context, int signal), void *context) MUST_CHECK;

/** Catch them no more. NULL is fine. */
void signals_free(struct signals *signals);
