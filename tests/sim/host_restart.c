/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The addresses in the view of the host that restarted stay. */
#include "tests/sim/host_restart.h"

#include "tests/sim/expect.h"

bool host_restart_trouble(struct sim *sim, const struct plan *plan)
{
    struct sim_host *host = &sim->hosts[plan_draw(sim, 0, SIM_HOSTS - 1)];
    struct mono at = sim->now;

    if (!expect_restart(sim, host) ||
        !expect_flows(sim, at, EXPECT_RESTART_MS + 10 * plan->rtt_ms + 2 * plan->lossy_ms,
                      "after its start")) {
        return false;
    }
    return expect_direct_again(sim, 4 * plan->rtt_ms + plan->lossy_ms);
}
