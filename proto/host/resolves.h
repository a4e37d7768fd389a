/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looks up the names of relays for a core, several at a time: the core says which names it wants,
 * the system's resolver looks them up in threads, and the core is told the addresses.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/host/pump.h"
#include "proto/host/resolve.h"

#include <stdbool.h>

struct ev_loop;
struct resolves;

/** The core's side. */
struct resolve_core {
    void *context;
    /** Poll a name that is to be resolved, and a ticket, which never comes again; false if there is
     * none. */
    bool (*wanted)(void *context, uint64_t *ticket, char host[HOST_TEXT_SIZE], struct mono now);
    /** Its addresses (ports are ignored); count 0: the name did not resolve. */
    void (*resolved)(void *context, uint64_t ticket, const struct endpoint *addrs, size_t count,
                     struct mono now);
};

/** One name that is being looked up. */
struct resolve_slot {
    struct resolves *resolves;
    uint64_t ticket; /* the core's */
    bool used;
};

struct resolves {
    struct resolve_core core;
    struct pump *pump;
    struct resolver *resolver;
    struct resolve_slot slots[RESOLVE_PENDING_MAX];
};

/** loop, core's context and pump are borrowed and outlive it. ERR_NOMEM; resolves_fini is legal
 * then, too. */
int resolves_init(struct resolves *resolves, struct ev_loop *loop, const struct resolve_core *core,
                  struct pump *pump) MUST_CHECK;

/** Forget the look-ups: their answers are not told any more. */
void resolves_fini(struct resolves *resolves);

/** Hand the names that the core wants to the resolver. For names beyond RESOLVE_PENDING_MAX, and
 * for one that gets no thread, the core is told at once that it failed; it tries again later. */
void resolves_start(struct resolves *resolves, struct mono now);
