/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the shell tells of the network under the tunnel, for all sessions and
 * conversations.
 */
#pragma once

#include "client/path/candidates.h"
#include "client/stun2/way.h"
#include "proto/base/mono.h"

#include <stddef.h>
#include <stdint.h>

struct host_core;

/** The underlay changed, perhaps (or is told for the first time): its addresses, the UDP port, and
 * the ways to other addresses. What goes a way that changed is tried again; what does not, goes on.
 * ways may be NULL: all of them changed. Of more addresses than OWN_ADDRESSES_MAX those are chosen
 * by which this machine reaches others (address_choose), where the peers are those of
 * conversations. */
void host_core_network(struct host_core *core, const struct host_local_addr *addrs, size_t count,
                       uint16_t port, const struct way_finder *ways, struct mono now);

/** The underlay is changing, and host_core_network comes soon: what must not go another way before
 * that waits. */
void host_core_network_begins(struct host_core *core, const struct way_finder *ways);

/** Remember the ways to all addresses in use, where nobody did, so that host_core_network sees
 * which of them change. */
void host_core_learn_ways(struct host_core *core, const struct way_finder *ways);
