/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operating system's env: randomness from getrandom(2), the wall clock, and a trace that
 * writes one line per event to standard error. Under systemd's journal a line begins with its
 * priority (<3> ... <7>) and has no time; on a terminal it is coloured unless NO_COLOR is set.
 * Lines of one event name that repeat (a hostile peer can cause many) are limited to 20 at once and
 * 2 per second; what was left out is counted in the next line that passes.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"

#include <stdbool.h>

struct os_env;

/** Make one that shows events up to `level`. Free with os_env_free. ERR_NOMEM. */
int os_env_new(struct os_env **out, enum trace_level level) MUST_CHECK;
void os_env_free(struct os_env *os);

/** The port to hand to cores; borrowed, lives as long as os. */
const struct env *os_env_port(const struct os_env *os);

/** What an event says to a person. */
struct os_env_saying {
    const char *event, *sentence;
};

/** If standard error is a terminal, lines of the events in `sayings` (borrowed, ended by an empty
 * one) are "TIME SENTENCE: TEXT" from now on. NULL: none. */
void os_env_set_sayings(struct os_env *os, const struct os_env_saying *sayings);

/** Change what is shown. */
void os_env_set_level(struct os_env *os, enum trace_level level);

/** Now, on a clock that does not jump and counts the time asleep (CLOCK_BOOTTIME). */
struct mono clock_mono(void);

/** Milliseconds that this machine has slept since it started: by how much clock_mono is ahead of
 * timers that stand still meanwhile (libev's). */
uint64_t clock_asleep_ms(void);
