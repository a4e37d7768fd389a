/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trouble of the scenario with one relay: it ends, and starts again on its store. */
#pragma once

#include "tests/sim/plan.h"
#include "tests/sim/sim.h"

#include <stdbool.h>

/** Packets must flow again soon after the start, and the hosts be at the relay. False: sim->failure
 * says why. */
bool relay_restart_trouble(struct sim *sim, const struct plan *plan);
