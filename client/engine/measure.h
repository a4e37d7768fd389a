/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One measurement of the NAT (client/netcheck), for both families of addresses at once, from
 * sockets of its own, and of the router: it disturbs nothing that runs, and needs no right.
 */
#pragma once

#include "client/measure/nat_sockets.h"
#include "client/netcheck/found.h"
#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"

#include <stdbool.h>
#include <stddef.h>

struct ev_loop;
struct mapper;
struct measure;

/** Begin. loop, env and mapper are borrowed and outlive it. mapper knows the router; NULL: nobody
 * does, and the router is asked what it speaks. A family without relays, or to whose relays
 * this machine has no way, is not tried. ERR_NOMEM, ERR_SYSTEM with fault: *out is NULL then. */
int measure_open(struct measure **out, struct ev_loop *loop, const struct env *env,
                 const struct nat_sockets_relays *relays, const struct mapper *mapper, bool hairpin,
                 struct fault *fault) MUST_CHECK;

/** End it; NULL is fine. */
void measure_close(struct measure *measure);

/** True when all is measured; how much is, in percent. */
bool measure_is_done(const struct measure *measure);
unsigned measure_progress(const struct measure *measure);

/** What was found so far. */
void measure_read(const struct measure *measure, struct netcheck_result *out);
