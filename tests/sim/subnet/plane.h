/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where relays stand, and how long a packet takes between them: a plane with continents, whose unit
 * is a microsecond of light in a fibre that goes straight, and the last mile of each relay.
 */
#pragma once

#include "tests/support/rng.h"

#include <stdint.h>

struct place {
    int32_t x, y;
    uint32_t last_mile_us;
};

/** A random place: on a continent, as relays are likely to be spread. */
struct place plane_draw(struct rng *rng);

/** One way between two places. */
uint32_t plane_way_us(const struct place *a, const struct place *b);
