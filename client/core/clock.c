/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rosters are asked about the wall clock once a minute, and when it was set. */
#include "client/core/clock.h"

#include "client/core/membership.h"

/* If the clock was set, all rosters are asked now. */
static void note_wall(struct host_core *core, struct mono now)
{
    int64_t step_ms = wall_watch_note(&core->wall, env_wall_ms(core->env), now);
    struct ziglan *ziglan;

    if (step_ms == 0) {
        return;
    }
    env_trace(core->env, TRACE_LEVEL_WARN, "clock.set",
              "by_s=%lld hint=\"what is new is not believed while this clock is wrong; what exists "
              "goes on, and members whose time is over by the relay's clock, too, come back "
              "when they are right\"",
              (long long)(step_ms / 1000));
    TAILQ_FOREACH(ziglan, &core->ziglans.head, in_list)
    {
        ziglan->at.expire_at = now;
    }
}

static void expire_roster(struct host_core *core, struct ziglan *ziglan, struct mono now)
{
    uint64_t settled_ms = wall_watch_settled_ms(&core->wall, now);
    uint64_t now_ms = ziglan_clock_earlier_ms(&ziglan->clock, core->env, now);
    uint8_t key[KEY_SIZE];
    enum roster_effect effect = roster_expire(ziglan->roster, now_ms, settled_ms, key);

    while (effect != ROSTER_EFFECT_NONE) {
        membership_on_effect(core, ziglan, effect, key, now);
        effect = roster_expire(ziglan->roster, now_ms, settled_ms, key);
    }
}

void clock_expire(struct host_core *core, struct mono now)
{
    struct ziglan *ziglan;

    note_wall(core, now);
    TAILQ_FOREACH(ziglan, &core->ziglans.head, in_list)
    {
        if (mono_due(ziglan->at.expire_at, now)) {
            ziglan->at.expire_at = mono_add_ms(now, ZIGLAN_EXPIRE_INTERVAL_MS);
            expire_roster(core, ziglan, now);
        }
    }
}
