/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trouble of the scenario with one relay: nobody says anything for a while. */
#pragma once

#include "tests/sim/plan.h"
#include "tests/sim/sim.h"

#include <stdbool.h>

/** The silence is longer than some mappings live; then the hosts go on as before. False:
 * sim->failure says why. */
bool silence_trouble(struct sim *sim, const struct plan *plan);
