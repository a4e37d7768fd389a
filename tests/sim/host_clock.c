/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Admissions and handshakes name times, and must not care. */
#include "tests/sim/host_clock.h"

#include "tests/sim/expect.h"

enum {
    CLOCK_STEP_S_MAX = 6 * 24 * 3600, /* admissions live for a day longer */
    CLOCK_FAR = 100,                  /* and in some worlds it is so many times as much */
};

bool host_clock_trouble(struct sim *sim, const struct plan *plan)
{
    struct sim_host *host = &sim->hosts[plan_draw(sim, 0, SIM_HOSTS - 1)];
    int64_t step_ms = (int64_t)plan_draw(sim, 1, CLOCK_STEP_S_MAX) * 1000;
    uint64_t limit_ms = EXPECT_UNDISTURBED_MS + 2 * plan->rtt_ms + plan->lossy_ms;

    step_ms *= plan_chance(sim, 30) ? CLOCK_FAR : 1;
    step_ms = plan_chance(sim, 50) ? -step_ms : step_ms;
    for (int i = 0; i < 2; i++) { /* wrong, and right again */
        struct mono at = sim->now;

        int64_t wrong_by_ms = i == 0 ? step_ms : 0;

        node_env_step_wall(&host->env, wrong_by_ms);
        journal_line(&sim->journal, "the clock of %s is wrong by %lld ms", host->name,
                     (long long)wrong_by_ms);
        if (!sim_run(sim, plan_chance(sim, 40) ? EXPECT_REKEY_MS : plan_draw(sim, 1000, 10000))) {
            return false;
        }
        if (!expect_no_pause(sim, at, limit_ms, "after a clock was set")) {
            return false;
        }
    }
    return true;
}
