/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Knows what the NAT of this host is: measures it when a relay answers, again when the host is in
 * another network, and when somebody asks. The core tells relays what came of it.
 */
#pragma once

#include "client/core/core.h"
#include "client/engine/measure.h"
#include "proto/base/env.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

enum { NAT_WATCH_EVERY_MS = 60000 /* between two measurements that nobody asked for */ };

struct nat_watch {
    struct ev_loop *loop; /* these are borrowed */
    const struct env *env;
    struct host_core *core;
    struct ev_timer look;
    struct measure *running; /* NULL: none */
    bool has_result;
    struct netcheck_result result; /* the last one */
    uint64_t place;                /* where it was begun (host_core_nat_place); 0: nowhere yet */
    struct mono next_at;
};

/** Begin to watch. Everything is borrowed and outlives it. */
void nat_watch_open(struct nat_watch *watch, struct ev_loop *loop, const struct env *env,
                    struct host_core *core);

/** End. A watch of zeros is fine. */
void nat_watch_close(struct nat_watch *watch);

/** Somebody asks: measure now. ERR_DROP if no relay is known; else as measure_open. */
int nat_watch_begin(struct nat_watch *watch, bool hairpin, struct fault *fault) MUST_CHECK;

/** True while a measurement runs; how much of it is done, in percent. */
bool nat_watch_runs(const struct nat_watch *watch, unsigned *progress);
