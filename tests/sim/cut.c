/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where there is a direct way, the relay must carry while it is cut. */
#include "tests/sim/cut.h"

#include "tests/sim/expect.h"

bool cut_trouble(struct sim *sim, const struct plan *plan)
{
    struct mono cut_at = sim->now;

    if (!sim->direct_possible) {
        return true;
    }
    journal_line(&sim->journal, "the direct way is cut");
    sim->net.cut_direct = true;
    if (!expect_flows(sim, cut_at, EXPECT_FLOW_AGAIN_MS + 6 * plan->rtt_ms, "after the cut") ||
        !sim_run(sim, plan_draw(sim, 0, 6000))) {
        return false;
    }
    sim->net.cut_direct = false;
    journal_line(&sim->journal, "the direct way is whole again");
    return expect_direct_again(sim, 4 * plan->rtt_ms + plan->lossy_ms);
}
