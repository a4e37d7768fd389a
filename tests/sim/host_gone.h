/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trouble of the scenario with one relay: a host is gone for a while. */
#pragma once

#include "tests/sim/plan.h"
#include "tests/sim/sim.h"

#include <stdbool.h>

/** A host's program ends, in order or not, and is started again some time later, from another port.
 * It says nothing by itself, but its peer sends all the time, and must be heard soon after the
 * start. False: sim->failure says why. */
bool host_gone_trouble(struct sim *sim, const struct plan *plan);
