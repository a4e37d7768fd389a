/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Host names to addresses without blocking the loop: getaddrinfo runs in a short-lived thread. A
 * failure is reported and not tried again; that is for the caller.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/endpoint.h"

#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct resolver;

enum {
    RESOLVE_ENDPOINTS_MAX = 32, /* of a name; of each family half of them, and what the other one
                                   leaves */
    RESOLVE_PENDING_MAX = 8,
};

/** Who gets the answer. */
struct resolve_caller {
    void *context;
    /** Called from the loop, once. endpoints are borrowed; count 0: the name has no address, or
     * could not be looked up. */
    void (*done)(void *context, const struct endpoint *endpoints, size_t count);
};

/** A resolver that answers from `loop` (borrowed, outlives it). ERR_NOMEM leaves *out untouched. */
int resolver_new(struct resolver **out, struct ev_loop *loop) MUST_CHECK;

/** Free it. Threads that still run end by themselves, and `done` is not called any more. NULL is
 * fine. */
void resolver_free(struct resolver *resolver);

/** Look up `host`, a name or a numeric address; the endpoints get `port`. host and caller are
 * copied, the caller's context is borrowed until done or resolver_free. `done` is never called
 * from inside this. ERR_LIMIT if RESOLVE_PENDING_MAX look-ups run or host is longer than 255
 * characters, ERR_SYSTEM, ERR_NOMEM; then it is not called at all. */
int resolver_start(struct resolver *resolver, const char *host, uint16_t port,
                   const struct resolve_caller *caller) MUST_CHECK;
