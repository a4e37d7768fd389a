/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Some clocks count the sleep, others stand still, and then nothing tells the host. */
#include "tests/sim/host_sleep.h"

#include "tests/sim/expect.h"

enum {
    ASLEEP_MS_MAX = 900000,
    UNHEARD_MS = 20000, /* for so long a peer sends to a host that is asleep */
    WAKE_MS = 2000,     /* how long a shell takes to notice that it was asleep */
};

bool host_sleep_trouble(struct sim *sim, const struct plan *plan)
{
    size_t i = (size_t)plan_draw(sim, 0, SIM_HOSTS - 1);
    uint64_t asleep_ms = plan_draw(sim, 1000, plan_chance(sim, 50) ? 40000 : ASLEEP_MS_MAX);
    bool counted = plan_chance(sim, 60);
    uint64_t unheard_ms = plan_chance(sim, 50) && asleep_ms > UNHEARD_MS ? UNHEARD_MS : 0;
    uint64_t before = sim->traffic.count;
    size_t site;

    journal_line(&sim->journal, "%s is asleep for %llu ms, which its clock %s", sim->hosts[i].name,
                 (unsigned long long)asleep_ms, counted ? "counts" : "does not");
    sim->send_at[i] = MONO_NEVER;
    sim_host_suspend(&sim->hosts[i]);
    if (!sim_run(sim, unheard_ms)) {
        return false;
    }
    sim->send_at[1 - i] = MONO_NEVER;
    if (!sim_run(sim, asleep_ms - unheard_ms)) {
        return false;
    }
    sim->sent_in_vain += sim->traffic.count - before;
    if (plan_has_site(plan, i, &site) && plan_chance(sim, 50)) {
        nat_reboot(&sim->net.sites[site].nat);
    }
    sim_host_resume(&sim->hosts[i], asleep_ms, counted, plan_draw(sim, 0, WAKE_MS), sim->now);
    journal_line(&sim->journal, "%s is awake", sim->hosts[i].name);
    for (size_t k = 0; k < SIM_HOSTS; k++) {
        sim->send_at[k] = sim->now;
    }
    /* If nobody noticed the sleep: the relay doubles the pause between repetitions, so the next one
     * may be as far away as the sleep was long, unless the session ended in the meantime. */
    uint64_t unnoticed_ms = counted ? 0 : asleep_ms < LINK_IDLE_MS ? asleep_ms : LINK_IDLE_MS;
    uint64_t limit_ms =
        unnoticed_ms + WAKE_MS + EXPECT_RESTART_MS + 10 * plan->rtt_ms + 2 * plan->lossy_ms;
    struct mono awake_at = sim->now;
    if (!expect_flows(sim, awake_at, limit_ms, "after the sleep") ||
        !sim_run(sim, expect_left_ms(sim, awake_at, unnoticed_ms))) {
        return false;
    }
    return expect_direct_again(sim, 4 * plan->rtt_ms + plan->lossy_ms);
}
