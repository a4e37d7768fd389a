/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a host's core has to do with the measurement of its NAT (client/netcheck): which relays may
 * be asked, and what came of it. */
#pragma once

#include "client/core/core.h"
#include "client/core/networks_known.h"
#include "client/netcheck/nat_facts.h"
#include "client/netcheck/netcheck.h"
#include "client/stun2/guess.h"

enum { NAT_SETTLE_MS = 5000 };

/** The addresses of this host's relays of one family, each relay's once: first where there is an
 * open session. Returns how many. */
size_t host_core_nat_relays(const struct host_core *core, bool v4,
                            struct endpoint out[NETCHECK_RELAYS_MAX]);

/** What this host's NAT is, to be told to relays with requests for punches, and which ports it
 * gives (NULL: not known). Where no punch succeeded before it was known, one is tried again. */
void host_core_set_nat(struct host_core *core, enum nat_name name, const struct guess_ports *ports,
                       struct mono now);

/** It was measured here: the same, and it is remembered (networks.h). */
void host_core_nat_measured(struct host_core *core, enum nat_name name,
                            const struct guess_ports *ports, struct mono now);

/** What is remembered of the network where this host is now. NULL: nothing. Borrowed until the next
 * call. */
const struct network_nat *host_core_nat_known(struct host_core *core);

/** Of how many networks something is remembered. */
size_t host_core_networks_count(const struct host_core *core);

/** True, once, if a relay wants to know what this host's NAT is, and it was not told so far. */
bool host_core_nat_wanted(struct host_core *core);

/** A number that changes when this host is in another network: when the first relay that answers
 * sees another IP address, or packets to it leave from another one or by another router. 0 while no
 * relay answers, and for NAT_SETTLE_MS after the way to it changed, unless the relay tells before
 * where it sees this host: it does so only if that is elsewhere. */
uint64_t host_core_nat_place(const struct host_core *core, struct mono now);
