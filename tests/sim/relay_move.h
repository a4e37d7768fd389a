/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trouble of the scenario with one relay: the relay moves to another address. */
#pragma once

#include "tests/sim/plan.h"
#include "tests/sim/sim.h"

#include <stdbool.h>

/** The relay says where it will be, answers where it was for a while, and is gone from there. The
 * hosts must follow it. False: sim->failure says why. */
bool relay_move_trouble(struct sim *sim, const struct plan *plan);
