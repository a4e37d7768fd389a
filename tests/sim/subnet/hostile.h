/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What hostile relays do to the mesh; how they answer look-ups stands in presence_side.h. */
#pragma once

#include "tests/sim/subnet/world.h"

#include <stdint.h>

/** Those of HOSTILE_FLOOD_FLAG tell all their neighbours, as fast as is worth it, of relays that do
 * not exist: genuine records of keys made for that, at addresses where nobody answers. */
void hostile_begin(struct world *world);

/** How many of the records that an honest relay believes are of relays that never existed, the
 * mean. */
double hostile_believed(struct world *world);
