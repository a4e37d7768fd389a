/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts that are direct must not feel it. */
#include "tests/sim/relay_restart.h"

#include "tests/sim/expect.h"

bool relay_restart_trouble(struct sim *sim, const struct plan *plan)
{
    struct mono stopped_at = sim->now;
    uint64_t limit_ms = EXPECT_RESTART_MS + 6 * plan->rtt_ms + plan->lossy_ms;

    journal_line(&sim->journal, "the relay ends");
    sim_relay_stop(&sim->relays[0]);
    if (!sim_run(sim, plan_draw(sim, 100, 4000))) {
        return false;
    }
    struct mono started_at = sim->now;
    journal_line(&sim->journal, "the relay starts");
    sim_relay_start(&sim->relays[0], sim->now);
    if (!expect_flows(sim, started_at, limit_ms, "after the restart")) {
        return false;
    }
    /* A host that needs no relay notices at its next keepalive. */
    limit_ms += sim->direct_possible ? LINK_KEEPALIVE_MS : 0;
    return sim_run_until(sim, expect_left_ms(sim, started_at, limit_ms), expect_sessions,
                         "the hosts are at the relay again") &&
           (!sim->direct_possible || expect_undisturbed(sim, stopped_at, plan->rtt_ms));
}
