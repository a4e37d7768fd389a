/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keepalives end with a conversation that nobody uses, so what must be left depends on the time. */
#include "tests/sim/silence.h"

#include "tests/sim/expect.h"

enum {
    SILENCE_MS_MAX = 300000,
    KEPT_MS = 100000, /* keepalives go on for two minutes after the last packet */
};

bool silence_trouble(struct sim *sim, const struct plan *plan)
{
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        sim->send_at[i] = MONO_NEVER;
    }
    uint64_t ms = plan_draw(sim, 1000, plan_chance(sim, 30) ? SILENCE_MS_MAX : SILENCE_MS_MAX / 6);
    journal_line(&sim->journal, "silence for %llu ms", (unsigned long long)ms);
    if (!sim_run(sim, ms)) {
        return false;
    }
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        sim->send_at[i] = sim->now;
    }
    /* Keepalives have kept a direct path open, unless the silence was too long. */
    bool kept = sim->direct_possible && ms < KEPT_MS;
    uint64_t limit_ms = kept ? EXPECT_UNDISTURBED_MS + plan->rtt_ms
                             : EXPECT_FLOW_AGAIN_MS + 6 * plan->rtt_ms + plan->lossy_ms;
    if (kept && !expect_direct(sim)) {
        return sim_fail(sim, "keepalives did not keep the direct path");
    }
    if (!expect_flows(sim, sim->now, limit_ms, "after silence")) {
        return false;
    }
    return !sim->direct_possible ||
           sim_run_until(sim, EXPECT_HEAL_MS + 4 * plan->rtt_ms + plan->lossy_ms, expect_direct,
                         "both are direct after silence");
}
