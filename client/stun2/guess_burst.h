/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A few ports of one address, pinged from one socket, all of them at each of a few instants. Part
 * of guess.h.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/net/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GUESS_BURST_PORTS_MAX = 16, GUESS_BURST_ROUNDS = 4 /* at 0, 60, 200 and 500 ms */ };

/** All zero: nothing is due. */
struct guess_burst {
    uint16_t socket;    /* its own port */
    struct endpoint to; /* its port is not looked at */
    uint16_t ports[GUESS_BURST_PORTS_MAX];
    size_t count, next;
    uint8_t round;
    struct mono began_at;
};

/** Begin anew: `count` ports from `base` + `first` steps on, each `each` steps further; those that
 * are no ports are left out. */
void guess_burst_set(struct guess_burst *burst, uint16_t socket, const struct endpoint *to,
                     uint16_t base, uint16_t step, unsigned first, unsigned each, size_t count,
                     struct mono now);

/** The next target that is due; false: none. */
bool guess_burst_next(struct guess_burst *burst, struct endpoint *to, struct mono now);

/** When the next one is due; MONO_NEVER. */
struct mono guess_burst_deadline(const struct guess_burst *burst);
