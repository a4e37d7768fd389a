/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One field after the other. */
#include "relayd/core/snapshot.h"

#include "relayd/core/core_internal.h"
#include "relayd/core/housekeeping.h"

void relay_core_snapshot(struct relay_core *core, struct relay_snapshot *out, struct mono now)
{
    const struct relay_base *base = &core->base;

    lane_workers_counts(&core->lane.workers);
    *out = (struct relay_snapshot){
        .counters = base->counters,
        .link = *link_hub_stats(base->hub),
        .punch = *punch_stats(core->punch.broker),
        .presence = *presence_table_stats(core->presence.table),
        .locate = *locate_stats(core->presence.locate),
        .announced = announcer_count(core->presence.announcer),
        .ways = (uint32_t)ways_count(core->forward.ways),
        .foreign_hosts = (uint32_t)attached_count(core->forward.attached),
        .lanes = lane_table_count(&core->lane.table),
        .pools = *app_pools_stats(core->pool.pools),
        .find = *find_stats(core->search.find),
        .sessions = session_table_key_count(&base->sessions),
        .strangers = base->sessions.lists.stranger_count,
        .neighbours = base->neighbours.count,
        .mesh = *mesh_stats(core->mesh.mesh),
        .watchers = core->watch.count,
        .sessions_max = base->cfg.session_max,
        .members = base->directory != NULL ? directory_member_count(base->directory) : 0,
        .members_max = base->directory != NULL ? DIRECTORY_MEMBER_COUNT_MAX : 0,
        .uptime_ms = mono_ms_between(base->started_at, now),
        .wall_ms = env_wall_ms(&base->env),
        .delegation_expires_ms = core->delegation.expires_ms,
        .certificate_expires_ms = link_hub_certificate_end(base->hub),
        .volume_used = base->allotment.used,
        .volume_max = base->allotment.limits.bytes_per_month,
        .bandwidth_max = base->allotment.limits.bytes_per_s,
        .traffic = base->traffic,
        .store_ok = base->health.ok,
    };
    traffic_hour_note(&out->traffic, housekeeping_bytes(&base->counters), now);
}
