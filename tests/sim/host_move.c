/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The new address is in the place where the host was. */
#include "tests/sim/host_move.h"

#include "tests/sim/expect.h"

bool host_move_trouble(struct sim *sim, const struct plan *plan)
{
    struct mono at = sim->now;

    if (!plan_move(sim, plan, (size_t)plan_draw(sim, 0, SIM_HOSTS - 1))) {
        return true;
    }
    if (!expect_flows(sim, at, EXPECT_RESTART_MS + 10 * plan->rtt_ms + 2 * plan->lossy_ms,
                      "after the move")) {
        return false;
    }
    return expect_direct_again(sim, 4 * plan->rtt_ms + plan->lossy_ms);
}
