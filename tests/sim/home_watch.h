/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which relays a host says that it keeps as home relays, and how often that changes. */
#pragma once

#include "tests/sim/sim.h"

#include <stdbool.h>
#include <stddef.h>

struct home_watch {
    unsigned homes; /* bits of the relays */
    unsigned changes;
    struct mono changed_at; /* NEVER: not yet */
    bool too_soon;          /* twice within HOME_CHANGE_MS */
};

/** How many home relays host i has with a session that answers. */
size_t home_watch_warm(struct sim *sim, size_t i);

/** True if this is one of the home relays of host i. */
bool home_watch_has(struct sim *sim, size_t i, const struct sim_relay *relay);

/** Look at the home relays of host i: first, and again each second. */
void home_watch_begin(struct home_watch *watch, struct sim *sim, size_t i);
void home_watch_look(struct home_watch *watch, struct sim *sim, size_t i);
