/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lets the lifetimes of mappings be measured when the core wants that and nothing else goes on, or
 * somebody asks. The core remembers what came of it.
 */
#pragma once

#include "client/core/core.h"
#include "client/measure/lifetime_run.h"
#include "proto/base/env.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    /* The host is calm if so few packets passed its interface between two looks, and that so often
     * in a row. */
    LIFETIME_CALM_PACKETS = 20,
    LIFETIME_CALM_LOOKS = 5,
};

struct pump;

struct lifetime_watch {
    struct ev_loop *loop; /* these are borrowed */
    const struct env *env;
    struct host_core *core;
    struct pump *pump; /* of the core */
    struct ev_timer look;
    struct lifetime_run *running; /* NULL: none */
    uint64_t place;               /* where it was begun (host_core_nat_place) */
    bool has_result;
    struct lifetime_found result; /* the last one */
    uint64_t packets;             /* at the last look */
    unsigned calm;                /* looks in a row */
};

/** Begin to watch. Everything is borrowed and outlives it. */
void lifetime_watch_open(struct lifetime_watch *watch, struct ev_loop *loop, const struct env *env,
                         struct host_core *core, struct pump *pump);

/** End. A watch of zeros is fine. */
void lifetime_watch_close(struct lifetime_watch *watch);

/** Somebody asks: measure now, unless a measurement runs. ERR_DROP if no relay is known, or there
 * is no way to any; else as lifetime_run_open. */
int lifetime_watch_begin(struct lifetime_watch *watch, struct fault *fault) MUST_CHECK;

/** What was found so far, and for how long the oldest sockets have been silent; 0 if no measurement
 * runs. False if there was none yet. */
bool lifetime_watch_read(const struct lifetime_watch *watch, struct lifetime_found *out,
                         uint32_t *age_ms);
