/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thing after the other; each is short. */
#include "relayd/core/housekeeping.h"

#include "relayd/service/attaching.h"
#include "relayd/service/volume.h"

void housekeeping_announce(struct relay_core *core, struct mono now)
{
    const ProtobufCBinaryData delegation = delegation_service_field(&core->delegation);

    attaching_keep(&core->presence, &delegation, now);
}

uint64_t housekeeping_bytes(const struct relay_counters *counters)
{
    return counters->forwarded_bytes + counters->relayed_out_bytes + counters->relayed_in_bytes;
}

void housekeeping_do(struct relay_core *core, struct mono now)
{
    struct relay_base *base = &core->base;

    core->housekeeping_at = mono_add_ms(now, HOUSEKEEPING_MS);
    session_expire_admissions(&core->session, now);
    forward_relay_sweep(&core->forward, now);
    lane_service_sweep(&core->lane, now);
    lane_workers_counts(&core->lane.workers);
    volume_keep(base, base->health.store);
    traffic_hour_note(&base->traffic, housekeeping_bytes(&base->counters), now);
    if (base->directory != NULL) {
        store_health_try(&base->health);
        use_keep(&core->use, now);
        directory_expire(base->directory, wall_watch_settled_ms(&core->wall, now));
        delegation_service_keep(&core->delegation);
        housekeeping_announce(core, now);
    }
}
