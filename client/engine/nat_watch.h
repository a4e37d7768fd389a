/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Knows what the NAT of this host is: measures it when a relay answers, again when the host is in
 * another network, and when somebody asks. The core tells relays what came of it. In a network in
 * which it was before, what was measured there counts until it is measured anew.
 */
#pragma once

#include "client/core/core.h"
#include "client/engine/measure.h"
#include "client/netcheck/found.h"
#include "proto/base/env.h"

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    NAT_WATCH_EVERY_MS = 10000,   /* between two measurements that nobody asked for */
    NAT_WATCH_WANTED_MS = 600000, /* between two that told nothing, if a relay wants to know */
};

struct mapper;

struct nat_watch {
    struct ev_loop *loop; /* these are borrowed */
    const struct env *env;
    struct host_core *core;
    const struct mapper *mapper; /* knows the router; NULL: nobody does */
    bool mapper_is_off;          /* the user does not want the router asked */
    struct ev_timer look;
    struct measure *running; /* NULL: none */
    bool has_result;
    struct netcheck_result result; /* the last one */
    uint64_t place;                /* where it was begun (host_core_nat_place); 0: nowhere yet */
    uint64_t here;                 /* where the host is, */
    uint64_t seen;                 /* and where it was at the last look */
    struct mono next_at;
};

/** What the core is told at present. */
struct nat_state {
    enum nat_name name;
    bool measured;         /* in this network: */
    uint64_t age_ms;       /* since then */
    size_t networks_count; /* of which something is known */
};

/** Begin to watch. Everything is borrowed and outlives it. */
void nat_watch_open(struct nat_watch *watch, struct ev_loop *loop, const struct env *env,
                    struct host_core *core);

/** From now on the router is known by this mapper, which is borrowed; is_off: it was not asked, for
 * the user does not want that. */
void nat_watch_use_mapper(struct nat_watch *watch, const struct mapper *mapper, bool is_off);

/** End. A watch of zeros is fine. */
void nat_watch_close(struct nat_watch *watch);

/** Somebody asks: measure now. ERR_DROP if no relay is known; else as measure_open. */
int nat_watch_begin(struct nat_watch *watch, bool hairpin, struct fault *fault) MUST_CHECK;

/** True while a measurement runs; how much of it is done, in percent. */
bool nat_watch_runs(const struct nat_watch *watch, unsigned *progress);

/** What is known: of the measurement that runs, else of the last one. False: nothing. */
bool nat_watch_read(const struct nat_watch *watch, struct netcheck_result *out);

/** What relays are told of the NAT in the network in which this host is. */
struct nat_state nat_watch_state(const struct nat_watch *watch);
