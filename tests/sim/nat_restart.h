/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trouble of the scenario with one relay: a NAT forgets its mappings. */
#pragma once

#include "tests/sim/plan.h"
#include "tests/sim/sim.h"

#include <stdbool.h>

/** Packets must flow again soon. Nothing happens where there is no NAT. False: sim->failure says
 * why.
 */
bool nat_restart_trouble(struct sim *sim, const struct plan *plan);
