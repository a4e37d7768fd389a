/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trouble of the scenario with one relay: the wall clock of a host is wrong for a while. */
#pragma once

#include "tests/sim/plan.h"
#include "tests/sim/sim.h"

#include <stdbool.h>

/** It is wrong by days or years, in some worlds until after sessions were renewed: nobody may feel
 * it. False: sim->failure says why. */
bool host_clock_trouble(struct sim *sim, const struct plan *plan);
