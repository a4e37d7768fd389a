/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls through the ports of an env, with what is the same for every env. */
#include "proto/base/env.h"

#include <stdarg.h>
#include <stdio.h>

enum { TRACE_TEXT_SIZE_MAX = 512 };

void env_random(const struct env *env, void *buf, size_t size)
{
    env->random(env->context, buf, size);
}

uint32_t env_random_below(const struct env *env, uint32_t bound)
{
    /* 2^32 values are rarely a multiple of bound. As many as are too many are drawn again, so that
     * every result is equally likely. */
    uint32_t reject_below = (uint32_t)(-bound) % bound;
    uint32_t value;

    do {
        env_random(env, &value, sizeof(value));
    } while (value < reject_below);
    return value % bound;
}

uint64_t env_wall_ms(const struct env *env)
{
    return env->wall_ms(env->context);
}

void env_trace(const struct env *env, enum trace_level level, const char *event, const char *format,
               ...)
{
    char text[TRACE_TEXT_SIZE_MAX];
    va_list args;

    if (env->trace == NULL) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    env->trace(env->context, level, event, text);
}
