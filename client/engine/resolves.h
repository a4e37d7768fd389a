/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looks up the names of entry points for the core, several at a time: the core says which names it
 * wants, the system's resolver answers from a thread, the core is told.
 */
#pragma once

#include "client/core/core.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/host/pump.h"
#include "proto/host/resolve.h"

struct ev_loop;
struct resolves;

/** One name that is being looked up. */
struct resolve_slot {
    struct resolves *resolves;
    uint32_t ticket; /* the core's */
    bool used;
};

struct resolves {
    struct host_core *core;
    struct pump *pump;
    struct resolver *resolver;
    struct resolve_slot slots[RESOLVE_PENDING_MAX];
};

/** Core and pump are borrowed and outlive it. ERR_NOMEM; resolves_fini is legal then, too. */
int resolves_init(struct resolves *resolves, struct ev_loop *loop, struct host_core *core,
                  struct pump *pump) MUST_CHECK;
void resolves_fini(struct resolves *resolves);

/** Hand the names that the core wants to the resolver. One that finds no thread fails at once; the
 * core tries again later. */
void resolves_start(struct resolves *resolves, struct mono now);
