/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Predicates about both hosts, and waiting for what both send. */
#include "tests/sim/expect.h"

#include <string.h>

bool expect_settled(struct sim *sim)
{
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        if (!host_node_settled(&sim->hosts[i].node)) {
            return false;
        }
    }
    return true;
}

bool expect_acquainted(struct sim *sim)
{
    bool known = expect_settled(sim);

    for (size_t i = 0; i < SIM_HOSTS; i++) {
        known = sim_host_knows_peer(&sim->hosts[i]) && known;
    }
    return known;
}

bool expect_flow(struct sim *sim, size_t from, struct mono since, uint64_t limit_ms,
                 const char *what)
{
    enum { SLICE_MS = 5 };
    struct mono end = mono_add_ms(since, limit_ms);
    struct mono first = traffic_first(&sim->traffic, from, since);

    while (first.ns == MONO_NEVER.ns && mono_before(sim->now, end)) {
        if (!sim_run(sim, SLICE_MS)) {
            return false;
        }
        first = traffic_first(&sim->traffic, from, since);
    }
    if (first.ns == MONO_NEVER.ns) {
        return sim_fail(sim, "%s: nothing from %s arrives within %llu ms", what,
                        sim->hosts[from].name, (unsigned long long)limit_ms);
    }
    journal_line(&sim->journal, "%s: from %s after %llu ms", what, sim->hosts[from].name,
                 (unsigned long long)mono_ms_between(since, first));
    return true;
}

bool expect_flows(struct sim *sim, struct mono since, uint64_t limit_ms, const char *what)
{
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        if (!expect_flow(sim, i, since, limit_ms, what)) {
            return false;
        }
    }
    return true;
}

uint64_t expect_left_ms(const struct sim *sim, struct mono since, uint64_t limit_ms)
{
    return mono_ms_between(sim->now, mono_add_ms(since, limit_ms));
}

bool expect_sessions(struct sim *sim)
{
    struct relay_snapshot snapshot;

    relay_core_snapshot(sim->relays[0].node.core, &snapshot, sim->now);
    return snapshot.sessions == SIM_HOSTS && expect_settled(sim);
}

bool expect_direct(struct sim *sim)
{
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        if (sim_host_path(&sim->hosts[i], sim->now) != HOST_PATH_DIRECT) {
            return false;
        }
    }
    return true;
}

bool expect_direct_again(struct sim *sim, uint64_t slack_ms)
{
    return !sim->direct_possible ||
           sim_run_until(sim, EXPECT_HEAL_MS + slack_ms, expect_direct, "both are direct again");
}

bool expect_no_pause(struct sim *sim, struct mono since, uint64_t limit_ms, const char *when)
{
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        uint64_t gap_ms = traffic_gap_ms(&sim->traffic, i, since, sim->now);

        if (gap_ms > limit_ms) {
            return sim_fail(sim, "traffic from %s paused for %llu ms %s", sim->hosts[i].name,
                            (unsigned long long)gap_ms, when);
        }
    }
    return true;
}

bool expect_undisturbed(struct sim *sim, struct mono since, uint64_t rtt_ms)
{
    return expect_no_pause(sim, since, EXPECT_UNDISTURBED_MS + rtt_ms, "without the relay") &&
           (expect_direct(sim) || sim_fail(sim, "a direct path was left without the relay"));
}

bool expect_restart(struct sim *sim, struct sim_host *host)
{
    struct traffic_view before = host->view;

    journal_line(&sim->journal, "%s restarts", host->name);
    sim_host_restart(host, sim->now);
    return (sim_host_knows_peer(host) && memcmp(&before, &host->view, sizeof(before)) == 0) ||
           sim_fail(sim, "%s forgot who has which address", host->name);
}
