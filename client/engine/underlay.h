/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The network under the tunnel: tells the core the machine's addresses at the start, when they or a
 * default route change, and after the machine slept; tells the interface when something of its own
 * changed.
 */
#pragma once

#include "client/engine/loop.h"
#include "client/platform/netwatch.h"
#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"

#include <ev.h>
#include <stdint.h>

struct underlay {
    struct ev_loop *ev;
    const struct env *env;
    struct loop *loop;
    struct netwatch *watch;
    struct ev_timer wake_check;
    uint64_t asleep_ms; /* time asleep since boot, as seen last */
};

/** Watch the network and tell the core how it is now. Everything is borrowed and outlives it.
 * ERR_SYSTEM, ERR_NOMEM; underlay_close is legal then, too. */
int underlay_open(struct underlay *underlay, struct ev_loop *ev, const struct env *env,
                  struct loop *loop, struct fault *fault) MUST_CHECK;
void underlay_close(struct underlay *underlay);
