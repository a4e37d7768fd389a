/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operating system's env: randomness from getrandom(2), the wall clock, and a trace that
 * writes one line per event to standard error. On a terminal it is coloured unless NO_COLOR is set.
 * If standard error is systemd's journal, a line begins with its priority (<3> ... <7>) and has no
 * time; where the program asks for it (os_env_set_forms), events go there with their fields.
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
#include <stddef.h>
#include <stdint.h>

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

/** An event as programs read it (log_line_json and log_line_journal of proto/admin/log_line.h). */
struct os_env_forms {
    char *(*json)(enum trace_level level, const char *event, const char *text, uint64_t wall_ms);
    char *(*journal)(enum trace_level level, const char *event, const char *text,
                     const char *program, size_t *size);
};

/** From now on events go to the journal with their fields, if standard error is the journal; or,
 * with `json`, as one line of JSON to standard error. `forms` is borrowed (log_forms.h). It is for
 * programs: a library (libstun2) neither speaks to the journal nor needs a library for JSON. */
void os_env_set_forms(struct os_env *os, const struct os_env_forms *forms, bool json);

/** Change what is shown. */
void os_env_set_level(struct os_env *os, enum trace_level level);

/** Now, on a clock that does not jump and counts the machine's sleep, too (CLOCK_BOOTTIME). */
struct mono clock_mono(void);

/** Milliseconds that this machine has slept since it started. libev's timers stand still meanwhile,
 * and clock_mono goes on. */
uint64_t clock_asleep_ms(void);
