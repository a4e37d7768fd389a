/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two homes whose NATs let nothing through without a guess: they measured them, before or after
 * their first punch. They must become direct, without a pause in what the relay carries meanwhile,
 * stay so while they are silent, and become so again after the way was cut and after a NAT was
 * restarted. Of many sockets one must be left. Where no guess helps, nothing is tried.
 */
#include "tests/sim/guess_scenario.h"

#include "client/core/core_internal.h"
#include "proto/base/bytes.h"
#include "tests/sim/expect.h"
#include "tests/sim/plan.h"

enum {
    MEASURED_MS =
        5000,         /* in some worlds the NATs are measured only so long after the first punch */
    GUESS_MS = 45000, /* with a second try, 20 s after the first one began */
    PAUSE_MS = 1000,  /* what is relayed may be lost, but for the guess there is no pause */
    KEPT_MS = 20000,
    SILENT_MS = 70000,
    RELAYED_MS = 30000,
    SOCKETS_FEW = 4,
};

/* ---- the world ---- */

static struct nat_kind fixed_nat(struct sim *sim)
{
    struct nat_kind kind = {
        .translates = true, .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT, .lifetime_s = 30};

    kind.port_preserving = plan_chance(sim, 50);
    return kind;
}

static struct nat_kind wanderer_nat(struct sim *sim, bool steps)
{
    struct nat_kind kind = {.translates = true,
                            .mapping = NAT_ADDRESS_AND_PORT_DEPENDENT,
                            .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT,
                            .lifetime_s = 30};

    if (steps) {
        kind.step = (uint16_t)plan_draw(sim, 1, 8);
        kind.others_per_s = (uint16_t)plan_draw(sim, 0, 5);
    } else if (plan_chance(sim, 30)) {
        kind.range_size = (uint16_t)plan_draw(sim, 512, 2048);
    }
    return kind;
}

static void draw(struct sim *sim, struct plan *plan)
{
    unsigned percent = (unsigned)plan_draw(sim, 0, 99);
    size_t first = (size_t)plan_draw(sim, 0, 1);

    plan_fill(sim, plan);
    if (plan->v6) {
        plan->v6 = false;
    }
    plan->topology = TOPOLOGY_TWO_HOMES;
    plan->nats[first] = percent < 60   ? fixed_nat(sim)
                        : percent < 85 ? wanderer_nat(sim, true)
                                       : wanderer_nat(sim, false);
    plan->nats[1 - first] = wanderer_nat(sim, percent < 30 || (percent >= 60 && percent < 85));
    for (size_t i = 0; i < SIM_HOSTS; i++) { /* what is sent first arrives first */
        plan->links[i].jitter_us = 0;
        plan->links[i].reorder_ppm = 0;
    }
}

static enum nat_name name_of(const struct nat_kind *kind)
{
    if (kind->mapping == NAT_ENDPOINT_INDEPENDENT) {
        return NAT_NAME_P_RC;
    }
    return kind->step > 0         ? NAT_NAME_SYM_STEP
           : kind->range_size > 0 ? NAT_NAME_SYM_RANGE
                                  : NAT_NAME_SYM;
}

static void measured(struct sim *sim, const struct plan *plan)
{
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        const struct guess_ports ports = {.step = plan->nats[i].step};

        sim_host_set_nat(&sim->hosts[i], name_of(&plan->nats[i]), &ports, sim->now);
    }
}

/* ---- what must hold ---- */

static const struct guesswork *guesswork(const struct sim *sim, size_t i)
{
    return &sim->hosts[i].node.core->conversations.guesswork;
}

static bool guesses_are_over(struct sim *sim)
{
    return guesswork(sim, 0)->with == NULL && guesswork(sim, 1)->with == NULL;
}

/* One that carries the path, and those of paths that are not given up yet. */
static bool sockets_are_few(struct sim *sim)
{
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        const struct host_node *node = &sim->hosts[i].node;

        if (node->sockets_count > SOCKETS_FEW ||
            node->sockets_most > GUESS_SOCKETS_MAX + SOCKETS_FEW) {
            return sim_fail(sim, "%s has %zu sockets, and had %zu", sim->hosts[i].name,
                            node->sockets_count, node->sockets_most);
        }
    }
    return true;
}

static bool becomes_direct(struct sim *sim, const struct plan *plan, uint64_t pause_ms,
                           const char *what)
{
    struct mono since = sim->now;

    if (!sim_run_until(sim, GUESS_MS + 4 * plan->rtt_ms + plan->lossy_ms, expect_direct, what)) {
        return false;
    }
    journal_line(&sim->journal, "%s: direct after %llu ms", what,
                 (unsigned long long)mono_ms_between(since, sim->now));
    return sim_run_until(sim, GUESS_MS, guesses_are_over, "the guesses are over") &&
           sim_run(sim, KEPT_MS) && sockets_are_few(sim) &&
           expect_no_pause(sim, since, pause_ms, "while ports were guessed");
}

static bool stays_relayed(struct sim *sim)
{
    struct mono since = sim->now;

    if (!sim_run(sim, RELAYED_MS)) {
        return false;
    }
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        if (guesswork(sim, i)->begun > 0 || sim->hosts[i].node.sockets_most > 0) {
            return sim_fail(sim, "%s guesses what nobody can guess", sim->hosts[i].name);
        }
    }
    return expect_no_pause(sim, since, PAUSE_MS, "while nothing was guessed");
}

static bool silence(struct sim *sim)
{
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        sim->send_at[i] = MONO_NEVER;
    }
    journal_line(&sim->journal, "silence");
    if (!sim_run(sim, SILENT_MS) || !expect_direct(sim)) {
        return sim_fail(sim, "keepalives did not keep the path that was guessed");
    }
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        sim->send_at[i] = sim->now;
    }
    return sim_run(sim, MEASURED_MS);
}

static bool cut(struct sim *sim, const struct plan *plan)
{
    uint64_t limit_ms = EXPECT_FLOW_AGAIN_MS + 6 * plan->rtt_ms + plan->lossy_ms;
    struct mono cut_at = sim->now;

    journal_line(&sim->journal, "the direct way is cut");
    sim->net.cut_direct = true;
    if (!expect_flows(sim, cut_at, limit_ms, "after the cut") ||
        !sim_run(sim, plan_draw(sim, 0, 6000))) {
        return false;
    }
    sim->net.cut_direct = false;
    return becomes_direct(sim, plan, limit_ms, "after the cut");
}

static bool restart_nat(struct sim *sim, const struct plan *plan)
{
    size_t which = (size_t)plan_draw(sim, 0, 1);

    journal_line(&sim->journal, "the NAT of %s is restarted", sim->hosts[which].name);
    nat_reboot(&sim->net.sites[which].nat);
    /* The relay reaches a host again after its next keepalive. */
    return sim_run(sim, MEASURED_MS) &&
           becomes_direct(sim, plan, LINK_KEEPALIVE_MS + PAUSE_MS + 6 * plan->rtt_ms,
                          "after a NAT's restart");
}

bool guess_scenario_run(struct sim *sim)
{
    struct nat_side sides[SIM_HOSTS];
    struct plan plan;
    uint64_t pause_ms;

    draw(sim, &plan);
    plan_make_world(sim, &plan);
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        sides[i] = (struct nat_side){true, plan.nats[i]};
    }
    sim->direct_possible = nat_way_possible(&sides[0], &sides[1]) != NAT_WAY_NONE;
    sim->guesses = true;
    pause_ms = PAUSE_MS + 6 * plan.rtt_ms + plan.lossy_ms;
    sim_relay_start(&sim->relays[0], sim->now);
    if (!sim_join(sim, 0) || !sim_join(sim, 1) ||
        !sim_run_until(sim, EXPECT_JOIN_MS + 10 * plan.rtt_ms + 2 * plan.lossy_ms,
                       expect_acquainted, "the hosts know each other")) {
        return false;
    }
    bool late = plan_chance(sim, 30);

    if (!late) {
        measured(sim, &plan);
    }
    sim->send_at[0] = sim->now;
    sim->send_at[1] = sim->now;
    if (!sim_run(sim, late ? MEASURED_MS : 0)) {
        return false;
    }
    measured(sim, &plan);
    if (!sim->direct_possible) {
        return sim_run(sim, MEASURED_MS) && stays_relayed(sim);
    }
    return becomes_direct(sim, &plan, pause_ms, "at first") && silence(sim) && cut(sim, &plan) &&
           restart_nat(sim, &plan);
}
