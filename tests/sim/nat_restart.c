/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Old mappings are gone, so packets come from addresses that nobody knows yet. */
#include "tests/sim/nat_restart.h"

#include "tests/sim/expect.h"

bool nat_restart_trouble(struct sim *sim, const struct plan *plan)
{
    struct mono at = sim->now;

    if (sim->net.sites_count == 0) {
        return true;
    }
    size_t site = (size_t)plan_draw(sim, 0, sim->net.sites_count - 1);
    journal_line(&sim->journal, "the NAT of %s forgets its mappings", sim->hosts[site].name);
    nat_reboot(&sim->net.sites[site].nat);
    if (!expect_flows(sim, at, EXPECT_FLOW_AGAIN_MS + 6 * plan->rtt_ms + plan->lossy_ms,
                      "after the reboot")) {
        return false;
    }
    return expect_direct_again(sim, 4 * plan->rtt_ms + plan->lossy_ms);
}
