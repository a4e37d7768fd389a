/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who listens is told; who was told finds the relay again. */
#include "tests/sim/relay_move.h"

#include "tests/sim/expect.h"

enum { ANSWERS_MS_MAX = 20000 };

static bool hosts_are_at_the_relay(struct sim *sim)
{
    return sim_host_is_at(&sim->hosts[0], &sim->relays[0], sim->now) &&
           sim_host_is_at(&sim->hosts[1], &sim->relays[0], sim->now);
}

bool relay_move_trouble(struct sim *sim, const struct plan *plan)
{
    struct sim_relay *relay = &sim->relays[0];
    struct endpoint next = relay->node.address;
    uint64_t limit_ms = EXPECT_RESTART_MS + 10 * plan->rtt_ms + 2 * plan->lossy_ms;

    next.ip[15] ^= 0x40;
    if (!sim_run_until(sim, LINK_KEEPALIVE_MS + limit_ms, expect_sessions, "both listen")) {
        return false;
    }
    sim_relay_announce(relay, &next, sim->now);
    if (!sim_run(sim, plan->rtt_ms + plan->lossy_ms + plan_draw(sim, 100, ANSWERS_MS_MAX))) {
        return false;
    }
    struct mono moved_at = sim->now;
    journal_line(&sim->journal, "the relay moves");
    sim_relay_move(relay, &next);
    if (!expect_flows(sim, moved_at, limit_ms, "after the relay moved")) {
        return false;
    }
    /* A host that needs no relay notices at its next keepalive. */
    limit_ms += sim->direct_possible ? LINK_KEEPALIVE_MS : 0;
    return sim_run_until(sim, expect_left_ms(sim, moved_at, limit_ms), hosts_are_at_the_relay,
                         "the hosts followed the relay") &&
           (!sim->direct_possible || expect_undisturbed(sim, moved_at, plan->rtt_ms));
}
