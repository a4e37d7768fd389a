/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A flow begins after a pause. */
#include "client/path/lane_demand.h"

bool lane_demand_on_frame(struct lane_demand *demand, struct mono now)
{
    if (mono_ms_between(demand->frame_at, now) >= LANE_DEMAND_PAUSE_MS) {
        demand->since = now;
    }
    demand->frame_at = now;
    return mono_ms_between(demand->since, now) >= LANE_DEMAND_FLOW_MS &&
           mono_due(demand->ask_at, now);
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
    if (demand->failures == 0) {
        demand->ask_at = mono_min(demand->ask_at, now);
    }
}
