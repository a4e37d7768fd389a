/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The world of home relays: `simulator --homes`. docs/testing.md says what happens in it. */
#pragma once

#include "tests/sim/sim.h"

#include <stdbool.h>

/** Draw a world from the seed and put it through its troubles. False: sim->failure says why. */
bool home_scenario_run(struct sim *sim);
