/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast relays come to be known: of some subjects, when half, 95 % and all others knew them. */
#pragma once

#include "tests/sim/subnet/world.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPREAD_MAX = 64 };

struct spread_subject {
    uint32_t relay;
    struct mono since;
    double half_s, most_s, all_s; /* -1: not yet */
    double share;                 /* at the last look */
};

struct spread {
    struct spread_subject list[SPREAD_MAX];
    size_t count;
};

/** Watch this relay from now on. */
void spread_watch(struct spread *spread, const struct world *world, const struct relay *relay);

/** Ask all honest relays that were there before whether they know the subjects. True if all know
 * all. */
bool spread_look(struct spread *spread, const struct world *world);

/** Let time pass, with a look every `step_ms`, until all know all or the time is over. */
void spread_run(struct spread *spread, struct world *world, uint64_t ms, uint64_t step_ms);

/** The mean share of the others who know a subject. */
double spread_share(const struct spread *spread);

/** Of the times of all subjects the median or, with `worst`, the largest. `which`: 50, 95 or 100.
 * INFINITY if that one is not known so far. */
double spread_time(const struct spread *spread, int which, bool worst);
