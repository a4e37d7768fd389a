/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A trouble of a world: from one moment on, a way swallows large packets and tells nobody, while
 * small ones go on as before.
 */
#pragma once

#include "tests/sim/plan.h"
#include "tests/sim/sim.h"

#include <stdbool.h>

/** The way between the hosts shrinks, only the direct one or a whole link, and grows again. Large
 * packets must arrive again soon. False if something was wrong, which is noted. */
bool shrink_trouble(struct sim *sim, const struct plan *plan);
