/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets of the applications have all sizes, so small ones flow beside the large ones. */
#include "tests/sim/shrink.h"

#include "tests/sim/expect.h"

enum {
    LARGE_SIZE = 1200, /* a packet in four is as large as that */
    DRAW_MS = 2000,    /* until an application has drawn one */
    DIRECT_MS = 1000,  /* until the direct path has a smaller size */
    RELAYED_MS = 4000, /* until a session has, which asks three times */
    PATH_MTU_MIN = 576,
    LINK_MTU_MIN = 1280,
    LINK_MTU_MAX = 1470, /* a full packet of the tunnel has 1480 bytes in IPv4 */
};

static bool large_packets_flow(struct sim *sim, struct mono since, uint64_t limit_ms,
                               const char *what)
{
    struct mono end = mono_add_ms(since, limit_ms);

    for (size_t i = 0; i < SIM_HOSTS; i++) {
        struct mono first = MONO_NEVER;

        while (first.ns == MONO_NEVER.ns && mono_before(sim->now, end)) {
            if (!sim_run(sim, 10)) {
                return false;
            }
            first = traffic_first_of_size(&sim->traffic, i, LARGE_SIZE, since);
        }
        if (first.ns == MONO_NEVER.ns) {
            return sim_fail(sim, "%s: no large packet from %s arrives within %llu ms", what,
                            sim->hosts[i].name, (unsigned long long)limit_ms);
        }
        journal_line(&sim->journal, "%s: a large one from %s after %llu ms", what,
                     sim->hosts[i].name, (unsigned long long)mono_ms_between(since, first));
    }
    return true;
}

/* The direct way takes frames that are smaller, or none of a useful size. */
static bool direct_way_shrinks(struct sim *sim, const struct plan *plan)
{
    bool useful = plan_chance(sim, 70);
    uint64_t slack_ms = 4 * plan->rtt_ms + plan->lossy_ms;
    struct mono at = sim->now;

    sim->net.direct_mtu = (uint16_t)(useful ? plan_draw(sim, PATH_MTU_MIN + 20, LINK_MTU_MAX)
                                            : plan_draw(sim, 200, PATH_MTU_MIN - 1));
    journal_line(&sim->journal, "the direct way takes %u bytes now", sim->net.direct_mtu);
    if (!large_packets_flow(sim, at, DIRECT_MS + DRAW_MS + slack_ms, "on the smaller way") ||
        (useful && !sim_run_until(sim, EXPECT_DIRECT_MS + slack_ms, expect_direct,
                                  "both are direct on the smaller way")) ||
        !sim_run(sim, plan_draw(sim, 0, 40000))) {
        return false;
    }
    if (useful && !expect_direct(sim) &&
        !sim_run_until(sim, EXPECT_DIRECT_MS + slack_ms, expect_direct,
                       "both are still direct on the smaller way")) {
        return false;
    }
    sim->net.direct_mtu = 0;
    journal_line(&sim->journal, "the direct way takes all again");
    return sim_run_until(sim, EXPECT_HEAL_MS + slack_ms, expect_direct, "both are direct again");
}

static bool link_shrinks(struct sim *sim, const struct plan *plan)
{
    size_t i = (size_t)plan_draw(sim, 0, SIM_HOSTS - 1);
    struct underlay_link *link = &sim->net.attachments[sim->hosts[i].attachment].link;
    uint64_t slack_ms = 6 * plan->rtt_ms + 2 * plan->lossy_ms;
    uint64_t limit_ms = sim->direct_possible ? DIRECT_MS : RELAYED_MS;
    uint16_t before = link->mtu;
    struct mono at = sim->now;

    link->mtu = (uint16_t)plan_draw(sim, LINK_MTU_MIN, LINK_MTU_MAX);
    link->mtu = link->mtu < before ? link->mtu : before;
    journal_line(&sim->journal, "the link of %s takes %u bytes now", sim->hosts[i].name, link->mtu);
    if (!large_packets_flow(sim, at, limit_ms + DRAW_MS + slack_ms, "on the smaller link") ||
        !sim_run(sim, plan_draw(sim, 0, 20000))) {
        return false;
    }
    link->mtu = before;
    journal_line(&sim->journal, "the link of %s takes all again", sim->hosts[i].name);
    return !sim->direct_possible || sim_run_until(sim, EXPECT_HEAL_MS + slack_ms, expect_direct,
                                                  "both are direct on the larger link");
}

bool shrink_trouble(struct sim *sim, const struct plan *plan)
{
    return (!sim->direct_possible || direct_way_shrinks(sim, plan)) && link_shrinks(sim, plan);
}
