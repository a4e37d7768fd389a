/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trouble of the scenario with one relay: a host is suspended. */
#pragma once

#include "tests/sim/plan.h"
#include "tests/sim/sim.h"

#include <stdbool.h>

/** A host is suspended, as a laptop whose lid is closed, and goes on long after. Packets must flow
 * again soon. False: sim->failure says why. */
bool host_sleep_trouble(struct sim *sim, const struct plan *plan);
