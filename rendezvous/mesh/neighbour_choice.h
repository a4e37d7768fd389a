/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which neighbours a relay keeps: about eight, five of them with the shortest round trips, so that
 * what is told travels fast, and three random ones, so that the world does not fall into islands.
 * Pure: who they are is a parameter.
 */
#pragma once

#include "proto/base/mono.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NEIGHBOUR_NEAR = 5,
    NEIGHBOUR_FAR = 3,
    NEIGHBOUR_COUNT = NEIGHBOUR_NEAR + NEIGHBOUR_FAR,
    NEIGHBOUR_LOOK_MS = 30000,     /* how often another one is looked for */
    NEIGHBOUR_CHANGE_MS = 60000,   /* at most one change without need in this time */
    NEIGHBOUR_BETTER_PERCENT = 70, /* of the round trip that a change must come down to */
};

/** A neighbour, as far as the choice is concerned. */
struct neighbour_rank {
    uint32_t rtt_us; /* 0: not measured */
    struct mono since;
    bool ours; /* dialled by us and not fixed: it may be released */
};

/** How many more neighbours are wanted. */
size_t neighbour_choice_missing(size_t count);

/** True if a relay with this round trip (not 0) is so much nearer than the farthest of the five
 * nearest that it should take its place. */
bool neighbour_choice_better(const struct neighbour_rank *ranks, size_t count, uint32_t rtt_us);

/** The neighbour to release, or `count` for none: if there are too many, one that is not among the
 * five nearest and is not one of the three others that stay for longest. */
size_t neighbour_choice_release(const struct neighbour_rank *ranks, size_t count);
