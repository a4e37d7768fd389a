/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host that says nothing by itself is found again by who sends to it. */
#include "tests/sim/host_gone.h"

#include "tests/sim/expect.h"

#include <string.h>

enum {
    OFFLINE_MS = 500,
    HEARD_AGAIN_MS = 1000,
    DIRECT_AGAIN_MS = 3000,
    GONE_MS_MAX = 4000,
};

static bool is_offline_for_the_first(struct sim *sim)
{
    return strcmp(host_node_path(&sim->hosts[0].node, sim->hosts[1].name, sim->now), "offline") ==
           0;
}

static bool is_offline_for_the_second(struct sim *sim)
{
    return strcmp(host_node_path(&sim->hosts[1].node, sim->hosts[0].name, sim->now), "offline") ==
           0;
}

/* The peer of host `i` has said goodbye: the host knows it at once, and so do its applications.
 * While a session is just being renewed, the goodbye comes in the old one and does not count; then
 * the relay tells, and the direct path has to fail to answer. */
static bool peer_is_offline(struct sim *sim, const struct plan *plan, size_t i)
{
    uint64_t before;

    if (!sim_run_until(sim, OFFLINE_MS + 6 * plan->rtt_ms + plan->lossy_ms,
                       i == 0 ? is_offline_for_the_first : is_offline_for_the_second,
                       "the peer is offline")) {
        return false;
    }
    before = sim->hosts[i].refused;
    return sim_run(sim, 2 * SIM_SEND_MS) &&
           (sim->hosts[i].refused > before ||
            sim_fail(sim, "%s sends to a peer that is offline and is not told",
                     sim->hosts[i].name));
}

bool host_gone_trouble(struct sim *sim, const struct plan *plan)
{
    size_t i = (size_t)plan_draw(sim, 0, SIM_HOSTS - 1);
    struct sim_host *host = &sim->hosts[i];
    uint64_t gone_ms = plan_draw(sim, 0, plan_chance(sim, 20) ? 2 * LINK_IDLE_MS : GONE_MS_MAX);
    bool in_order = plan_chance(sim, 50);
    uint64_t before = sim->traffic.count;
    uint64_t slow_ms = 10 * plan->rtt_ms + 2 * plan->lossy_ms;

    journal_line(&sim->journal, "%s %s, and is gone for %llu ms", host->name,
                 in_order ? "ends" : "is killed", (unsigned long long)gone_ms);
    sim->send_at[i] = MONO_NEVER;
    if (in_order) {
        sim_host_end(host, sim->now);
    } else {
        sim_host_kill(host);
    }
    if (!(in_order ? peer_is_offline(sim, plan, 1 - i) : true) || !sim_run(sim, gone_ms)) {
        return false;
    }
    sim->sent_in_vain += sim->traffic.count - before;
    struct mono at = sim->now;
    sim_host_start(host, (uint16_t)plan_draw(sim, 1024, 65535), sim->now);
    if (!expect_flow(sim, 1 - i, at, HEARD_AGAIN_MS + slow_ms, "to a host that was killed") ||
        (sim->direct_possible &&
         !sim_run_until(sim, expect_left_ms(sim, at, DIRECT_AGAIN_MS + slow_ms), expect_direct,
                        "both are direct again"))) {
        return false;
    }
    sim->send_at[i] = sim->now;
    return expect_flows(sim, sim->now, EXPECT_FLOW_AGAIN_MS + slow_ms,
                        "from a host that was killed");
}
