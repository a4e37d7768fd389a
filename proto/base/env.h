/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ports through which a core touches the world, besides packets and instants: randomness, the
 * wall clock and the trace. The programs give it the operating system's; the simulator and the
 * tests give it seeded randomness and clocks of their own. Whatever is made with an env borrows it,
 * unless its header says otherwise, so the env must live longer.
 */
#pragma once

#include "proto/base/err.h"

#include <stddef.h>
#include <stdint.h>

enum trace_level {
    TRACE_LEVEL_ERROR, /* the operator must act */
    TRACE_LEVEL_WARN,  /* unexpected, handled */
    TRACE_LEVEL_INFO,  /* life cycle only */
    TRACE_LEVEL_DEBUG, /* transitions */
};

struct env {
    void *context;                                         /* given to each function below */
    void (*random)(void *context, void *buf, size_t size); /* never fails */
    uint64_t (*wall_ms)(void *context);                    /* ms since 1970 UTC; may jump */
    /* May be NULL: no trace. */
    void (*trace)(void *context, enum trace_level level, const char *event, const char *text);
};

/** Fill buf with size random bytes. */
void env_random(const struct env *env, void *buf, size_t size);

/** A uniformly random number below `bound` (bound > 0). */
uint32_t env_random_below(const struct env *env, uint32_t bound);

/** Wall clock, milliseconds since 1970 UTC. It may jump; never use it for timers. */
uint64_t env_wall_ms(const struct env *env);

/**
 * Emit one trace event. `event` is a stable dotted name ("session.open"), the rest is a printf
 * text of key=value fields, cut at 511 bytes. Never pass keys, secrets or payload; at info level no
 * addresses.
 */
void env_trace(const struct env *env, enum trace_level level, const char *event, const char *format,
               ...) PRINTF_LIKE(4, 5);
