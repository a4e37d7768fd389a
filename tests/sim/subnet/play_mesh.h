/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What relays know of each other: at rest, when new ones come, and after a partition. */
#pragma once

#include "tests/sim/subnet/figures.h"
#include "tests/sim/subnet/world.h"

#include <stdint.h>

/** Let neighbours find each other for a while, then measure what the subnet costs at rest. */
void play_rest(struct world *world, struct figures *figures, uint64_t settle_ms, uint64_t rest_ms);

/** Count relays come, one after the other. Wait at most so long until they know the others. */
void play_newcomers(struct world *world, struct figures *figures, uint32_t count,
                    uint64_t learn_ms_max);

/** The subnet falls into two islands for so long; on each come some relays; then it heals. */
void play_partition(struct world *world, struct figures *figures, uint64_t cut_ms);

/** Add what the meshes hold and refused. */
void play_mesh_end(struct world *world, struct figures *figures);
