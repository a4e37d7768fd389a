/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the shell tells of the network under the tunnel, for all sessions and conversations: the
 * work of host_core_network, host_core_network_begins and host_core_learn_ways.
 */
#pragma once

#include "client/path/candidates.h"
#include "client/stun2/way.h"
#include "proto/base/mono.h"

#include <stddef.h>
#include <stdint.h>

struct host_core;

/** host_core_network. Of more addresses than OWN_ADDRESSES_MAX those are chosen by which this
 * machine reaches others (address_choose), where the peers are those of conversations. */
void network_look(struct host_core *core, const struct host_local_addr *addrs, size_t count,
                  uint16_t port, const struct way_finder *ways, struct mono now);

/** host_core_network_begins. */
void network_hold(struct host_core *core, const struct way_finder *ways);

/** host_core_learn_ways. */
void network_learn_ways(struct host_core *core, const struct way_finder *ways);
