/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A subnet that exists already: all relays know all others for days, out of their stores. Each
 * record was signed within the last six hours and is attested by three others. It takes a while of
 * virtual time until they have neighbours.
 */
#pragma once

#include "tests/sim/subnet/world.h"

#include <stdint.h>

/** Make count relays, of which so many are hostile, and let them run. */
void genesis(struct world *world, uint32_t count, uint32_t hostile_percent);
