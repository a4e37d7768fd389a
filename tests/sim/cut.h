/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trouble of the scenario with one relay: the direct way is cut, and whole again a while later.
 */
#pragma once

#include "tests/sim/plan.h"
#include "tests/sim/sim.h"

#include <stdbool.h>

/** Packets must flow over the relay soon, and directly again once that is possible. Nothing happens
 * where there is no direct way. False: sim->failure says why. */
bool cut_trouble(struct sim *sim, const struct plan *plan);
