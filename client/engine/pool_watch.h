/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether the pool of local IPv4 addresses hides something of the machine's own network: a router,
 * a DNS server, neighbours. Behind some carriers it does, and a machine may move there later. As
 * long as it does, only the addresses of peers are routed to the interface, so that all others stay
 * where they are.
 */
#pragma once

#include "client/engine/interface.h"
#include "client/platform/netused.h"
#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "proto/net/addrplan.h"

#include <stdbool.h>
#include <stddef.h>

enum { POOL_ADVICE_SIZE = 380 };

struct pool_watch {
    const struct env *env;
    struct interface *interface;
    const char *config_path; /* in which the user sets another pool */
    struct addrplan_pool pool;
    bool due;    /* something may have changed since it was looked at */
    bool looked; /* at looked_at */
    struct mono looked_at;
    size_t routes;        /* how many there were then */
    struct netused found; /* what the pool hid then; bits 0: nothing */
    char advice[POOL_ADVICE_SIZE];
};

/** Begin; everything is borrowed and outlives it. The first look is due. */
void pool_watch_init(struct pool_watch *watch, const struct env *env, struct interface *interface,
                     const struct addrplan_pool *pool, const char *config_path);

/** Something of the machine's network changed: look, if that was not done just now. */
void pool_watch_changed(struct pool_watch *watch, struct mono now);

/** Look, if that is due: once in a second at most, in a minute where the kernel has very many
 * routes. */
void pool_watch_look(struct pool_watch *watch, struct mono now);
