/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Worlds in which the two hosts reach each other directly only if they guess ports, or not at all.
 */
#pragma once

#include "tests/sim/sim.h"

#include <stdbool.h>

/** Run a drawn one. False if something failed; sim->failure says what. */
bool guess_scenario_run(struct sim *sim);
