/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sockets of one measurement of the NAT (client/netcheck), for both families of addresses at
 * once: it disturbs nothing that runs, and needs no right.
 */
#pragma once

#include "client/netcheck/found.h"
#include "proto/base/env.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"

#include <stdbool.h>
#include <stddef.h>

struct ev_loop;
struct nat_sockets;

/** Whom to ask: addresses of relays, by family. */
struct nat_sockets_relays {
    struct endpoint list[NETCHECK_FAMILIES][NETCHECK_RELAYS_MAX];
    size_t count[NETCHECK_FAMILIES];
};

/** Begin. loop and env are borrowed and outlive it. A family without relays, or to whose relays
 * this machine has no way, is not tried. ERR_NOMEM, ERR_SYSTEM with fault: *out is NULL then. */
int nat_sockets_open(struct nat_sockets **out, struct ev_loop *loop, const struct env *env,
                     const struct nat_sockets_relays *relays, bool hairpin,
                     struct fault *fault) MUST_CHECK;

/** End it; NULL is fine. */
void nat_sockets_close(struct nat_sockets *sockets);

/** True when there is a first verdict of all families; when all is measured; how much is, in
 * percent. */
bool nat_sockets_has_verdict(const struct nat_sockets *sockets);
bool nat_sockets_is_done(const struct nat_sockets *sockets);
unsigned nat_sockets_progress(const struct nat_sockets *sockets);

/** Write what was found so far of the families; nothing else of out. */
void nat_sockets_read(const struct nat_sockets *sockets, struct netcheck_result *out);
