/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of rendezvous/ share: an env with a seeded generator and a wall clock to set. */
#pragma once

#include "proto/base/env.h"
#include "proto/net/endpoint.h"

#include <stdint.h>
#include <string.h>

struct world {
    struct env env;
    uint64_t state;   /* of the generator */
    uint64_t wall_ms; /* set it as you like */
    uint32_t errors, warnings;
};

static inline void world_random(void *context, void *buf, size_t size)
{
    struct world *w = context;
    uint8_t *at = buf;

    for (size_t i = 0; i < size; i++) {
        w->state = w->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        at[i] = (uint8_t)(w->state >> 56);
    }
}

static inline uint64_t world_wall_ms(void *context)
{
    const struct world *w = context;

    return w->wall_ms;
}

static inline void world_trace(void *context, enum trace_level level, const char *event,
                               const char *text)
{
    struct world *w = context;

    (void)event;
    (void)text;
    w->errors += level == TRACE_LEVEL_ERROR ? 1 : 0;
    w->warnings += level == TRACE_LEVEL_WARN ? 1 : 0;
}

static inline void world_init(struct world *w)
{
    memset(w, 0, sizeof(*w));
    w->wall_ms = UINT64_C(1800000000000);
    w->env.context = w;
    w->env.random = world_random;
    w->env.wall_ms = world_wall_ms;
    w->env.trace = world_trace;
}

static inline struct endpoint world_endpoint(uint8_t last, uint16_t port)
{
    const uint8_t ip[4] = {203, 0, 113, last};

    return endpoint_v4(ip, port);
}
