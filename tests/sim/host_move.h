/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A trouble of the scenario with one relay: a host gets another address. */
#pragma once

#include "tests/sim/plan.h"
#include "tests/sim/sim.h"

#include <stdbool.h>

/** Packets must flow again soon. False: sim->failure says why. */
bool host_move_trouble(struct sim *sim, const struct plan *plan);
