/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hosts at relays, and look-ups of hosts by key at other relays, while relays come and go and some
 * are hostile.
 */
#pragma once

#include "tests/sim/subnet/figures.h"
#include "tests/sim/subnet/world.h"

#include <stdint.h>

struct play_presence {
    uint32_t hosts;
    uint64_t ms;            /* virtual time */
    uint32_t lookups;       /* in this time */
    uint32_t churn_percent; /* relays that go in an hour, each of which another one replaces */
};

/** Play that; the relays run already. */
void play_presence(struct world *world, struct figures *figures, const struct play_presence *play);
