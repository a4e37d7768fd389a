/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trouble of the scenario with one relay: the program of a host ends, and starts at once. */
#pragma once

#include "tests/sim/plan.h"
#include "tests/sim/sim.h"

#include <stdbool.h>

/** It starts on its store, and packets must flow again soon. False: sim->failure says why. */
bool host_restart_trouble(struct sim *sim, const struct plan *plan);
