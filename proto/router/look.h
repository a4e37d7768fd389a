/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One look at the router, for who sets something up or wants to know what the router speaks: asks
 * it to map a port, says what came of that, and ends the mapping again.
 */
#pragma once

#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/portmap/portmap_text.h"

#include <stdbool.h>
#include <stdint.h>

enum { ROUTER_LOOK_MS_MAX = 8000 };

/** What was found. */
struct router_look {
    struct endpoint internal; /* this machine's own address on its way to the internet by IPv4, with
                                 the port; none: there is no way */
    struct endpoint router;   /* none: no router was asked, since the own address is public */
    enum portmap_state states[PORTMAP_PROTOCOLS];
    bool mapped; /* it let the port in: */
    enum portmap_protocol protocol;
    struct endpoint external;
    char refused[PORTMAP_REFUSALS_SIZE]; /* "PCP error 2, ..."; empty: nothing was refused */
};

/** Look, for at most ROUTER_LOOK_MS_MAX, with a port of its own, so that the mapping of a program
 * that runs stays as it is. ERR_NOMEM, ERR_SYSTEM: the kernel tells nothing; *out is undefined
 * then.
 */
int router_look(struct router_look *out, const struct env *env) MUST_CHECK;
