/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Windows of a second, one after the other while frames go. */
#include "client/path/lane_demand.h"

bool lane_demand_on_frame(struct lane_demand *demand, struct mono now)
{
    uint64_t window_ms = mono_ms_between(demand->since, now);
    bool many;

    demand->frames++;
    if (window_ms < LANE_DEMAND_WINDOW_MS) {
        return false;
    }
    /* After a pause the window is longer than what its frames say. */
    many = demand->frames >= LANE_DEMAND_FRAMES_MIN && window_ms < 2 * LANE_DEMAND_WINDOW_MS;
    demand->since = now;
    demand->frames = 0;
    return many && mono_due(demand->ask_at, now);
}

void lane_demand_on_asked(struct lane_demand *demand, struct mono now)
{
    demand->asked = true;
    demand->ask_at = mono_add_ms(now, (uint64_t)LANE_DEMAND_AGAIN_MS << demand->failures);
    if (demand->failures < LANE_DEMAND_DOUBLINGS_MAX) {
        demand->failures++;
    }
}

void lane_demand_on_used(struct lane_demand *demand)
{
    demand->failures = 0;
}

void lane_demand_on_closed(struct lane_demand *demand, struct mono now)
{
    demand->ask_at = mono_min(demand->ask_at, now);
}
