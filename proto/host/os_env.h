/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operating system's env: randomness from getrandom(2), the wall clock, and a trace that
 * writes one line per event to standard error. On a terminal it is coloured unless NO_COLOR is set.
 * If standard error is systemd's journal, events go there with their fields
 * (proto/admin/log_line.h); where its socket is not to be had, a line begins with its priority (<3>
 * ... <7>) and has no time.
 *
 * A hostile peer can cause many events, so lines of one event name are limited to 20 at once and 2
 * per second, and the next line that passes tells how many were left out. Errors are never left
 * out, and at level debug nothing is.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"

#include <stdbool.h>

struct os_env;

/** Make one that shows events up to `level`. ERR_NOMEM leaves *out untouched. */
int os_env_new(struct os_env **out, enum trace_level level) MUST_CHECK;

/** Free it. NULL is fine. */
void os_env_free(struct os_env *os);

/** The port to hand to cores; borrowed, lives as long as os. */
const struct env *os_env_port(const struct os_env *os);

/** What stands for the name of an event when a person reads. */
struct os_env_saying {
    const char *event, *sentence;
};

/** From now on, if standard error is a terminal, lines of these events are "TIME SENTENCE: TEXT".
 * `sayings` is borrowed and ends with one of NULLs; NULL: none. */
void os_env_set_sayings(struct os_env *os, const struct os_env_saying *sayings);

/** From now on each event is one line of JSON on standard error (proto/admin/log_line.h). */
void os_env_set_json(struct os_env *os);

/** Change what is shown. */
void os_env_set_level(struct os_env *os, enum trace_level level);

/** Now, on a clock that does not jump and counts the machine's sleep, too (CLOCK_BOOTTIME). */
struct mono clock_mono(void);

/** Milliseconds that this machine has slept since it started. libev's timers stand still meanwhile,
 * and clock_mono goes on. */
uint64_t clock_asleep_ms(void);
