/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What this host knows of the networks that it was in, over restarts: what its NAT there is, and
 * for how long it remembers mappings. A network is its gateway and the address that relays see, of
 * which only a hash is stored.
 */
#pragma once

#include "client/core/networks_known.h"

struct host_core;

/** The network where this host is now, by the first relay that says where it sees it. False: none
 * does. */
bool networks_here(const struct host_core *core, uint8_t out[NETWORKS_ID_SIZE]);

/** What is known of a network; NULL: nothing. Borrowed until the next networks_enter. What is
 * stored is read with the first call; what is damaged is traced, and is measured anew. */
struct network_known *networks_find(struct host_core *core, const uint8_t id[NETWORKS_ID_SIZE]);

/** The same, but for what is to be known: it comes first, and if it is new, the one that was
 * entered first makes room. */
struct network_known *networks_enter(struct host_core *core, const uint8_t id[NETWORKS_ID_SIZE]);

/** Store what changed. A failed write was traced; what is lost is measured again. */
void networks_save(struct host_core *core);
