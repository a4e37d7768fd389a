/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A trouble of the scenario with one relay: its wall clock is wrong for a while. In some worlds it
 * is so from the relay's first start.
 */
#pragma once

#include "tests/sim/plan.h"
#include "tests/sim/sim.h"

#include <stdbool.h>
#include <stdint.h>

/** How long it takes after the clock is right again: a host that was refused asks once a minute. */
enum { RELAY_CLOCK_RIGHT_AGAIN_MS = 65000 };

/** By how much the relay's clock is wrong if it started in 1970 when the relay did. */
int64_t relay_clock_in_1970(struct sim *sim);

/** Set the relay's clock; 0: it is right. */
void relay_clock_set(struct sim *sim, int64_t wrong_by_ms);

/** The clock is wrong and then right again, in some worlds over a restart. Members must stay
 * members; a guest that joins meanwhile waits until the clock is right; nothing is lost for good.
 * False: sim->failure says why. */
bool relay_clock_trouble(struct sim *sim, const struct plan *plan);
