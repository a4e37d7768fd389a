/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Host names of entry points to addresses without blocking the loop: getaddrinfo runs in a
 * short-lived thread. Failures are reported, never retried here; the caller retries for ever.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/net/endpoint.h"

#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct resolver;

enum {
    RESOLVE_ENDPOINTS_MAX = 16,
    RESOLVE_PENDING_MAX = 8,
};

/** Who gets the answer. */
struct resolve_caller {
    void *context;
    /** Called from the loop; count 0 means the name has no address now. endpoints are borrowed. */
    void (*done)(void *context, const struct endpoint *endpoints, size_t count);
};

/** A resolver that answers from `loop` (borrowed, outlives it). ERR_NOMEM leaves *out alone. */
int resolver_new(struct resolver **out, struct ev_loop *loop) MUST_CHECK;

/** Threads still running are left to end by themselves; their callbacks are never called. */
void resolver_free(struct resolver *resolver);

/** Look `host` up (a numeric address works too, and is answered from the loop as well).
 * host and caller are copied. ERR_LIMIT with RESOLVE_PENDING_MAX look-ups running or a host of more
 * than 255 characters, ERR_SYSTEM, ERR_NOMEM; done is not called then. */
int resolver_start(struct resolver *resolver, const char *host, uint16_t port,
                   const struct resolve_caller *caller) MUST_CHECK;
