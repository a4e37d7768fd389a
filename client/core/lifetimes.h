/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * For how long NATs remember this host's mappings, by network (networks.h): what was measured
 * (client/netcheck/lifetime.h) is remembered over restarts, and says how
 * often sessions and direct paths send something. If a mapping dies earlier all the same, that
 * becomes oftener at once, and a new measurement is wanted.
 */
#pragma once

#include "client/core/lifetimes_known.h"
#include "client/netcheck/lifetime.h"
#include "client/stun2/keepalive.h"
#include "proto/base/mono.h"

#include <stdbool.h>
#include <stdint.h>

struct host_core;

/** Look where this host is, and whether a mapping died; sessions
 * and paths follow. */
void lifetimes_look(struct host_core *core, struct mono now);

/** True if a measurement is wanted here: there was none, or a mapping died early. */
bool host_core_lifetime_wanted(struct host_core *core, struct mono now);

/** A measurement begins: the next one that nobody asks for comes later. */
void host_core_lifetime_begins(struct host_core *core, struct mono now);

/** It is over, and was made where this host is now. What says nothing is not remembered. */
void host_core_lifetime_measured(struct host_core *core, const struct lifetime_found *found,
                                 struct mono now);

/** What is known of the network where this host is; NULL: nothing. Borrowed until the next call. */
const struct network_lifetime *host_core_lifetime(struct host_core *core);

/** How many packets went and came through the interface. */
uint64_t host_core_packets_count(const struct host_core *core);

/** How often something is sent now. */
const struct keepalive *host_core_keepalive(const struct host_core *core);
