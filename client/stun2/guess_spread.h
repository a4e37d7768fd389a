/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ports of a range in a random order, none of them twice before all were there. Part of guess.h.
 */
#pragma once

#include "proto/base/env.h"

#include <stdint.h>

/** All zero: there is no range. */
struct guess_spread {
    uint16_t low;
    uint32_t size; /* 0: none */
    uint32_t at, stride;
};

/** Begin with the ports from low to high, low at most high. */
void guess_spread_init(struct guess_spread *spread, uint16_t low, uint16_t high,
                       const struct env *env);

/** The next one; there is a range. */
uint16_t guess_spread_next(struct guess_spread *spread);
