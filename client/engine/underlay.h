/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The network under the tunnel. It tells the core the machine's addresses, and the ways by which
 * packets leave: at the start, when something may have changed, and after the machine slept. It
 * tells the interface when something of the interface itself changed.
 */
#pragma once

#include "client/engine/loop.h"
#include "client/engine/pool_watch.h"
#include "client/engine/rule_watch.h"
#include "client/platform/netwatch.h"
#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/host/netway.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

struct underlay {
    struct ev_loop *ev;
    const struct env *env;
    struct loop *loop;
    struct netwatch *watch;
    struct netway *ways;
    struct pool_watch *pool;
    struct rule_watch *rules;
    struct ev_timer look;
    uint64_t asleep_ms; /* clock_asleep_ms when `look` ran last */
    bool doubtful;      /* a default route was written since then */
};

/** Watch the network and tell the core, and the watches of the pool and of the rules, how it is
 * now. Everything is borrowed and outlives it. ERR_SYSTEM, ERR_NOMEM with fault; underlay_close is
 * legal then, too. */
int underlay_open(struct underlay *underlay, struct ev_loop *ev, const struct env *env,
                  struct loop *loop, struct pool_watch *pool, struct rule_watch *rules,
                  struct fault *fault) MUST_CHECK;

/** Stop watching. An underlay of zeros is fine. */
void underlay_close(struct underlay *underlay);
