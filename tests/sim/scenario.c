/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scenario with one relay: two hosts join a ziglan by URL, talk, and become direct where the
 * oracle says that they can. Then come troubles, one after the other: the direct way is cut, or
 * swallows large packets, a NAT forgets its mappings, the relay restarts, a host restarts, is
 * silent, moves, is suspended or has a wrong clock, or the relay has one. They must recover from
 * each. At the end one host is revoked.
 */
#include "tests/sim/scenario.h"

#include "proto/base/bytes.h"
#include "relayd/service/operator.h"
#include "tests/sim/cut.h"
#include "tests/sim/expect.h"
#include "tests/sim/host_clock.h"
#include "tests/sim/host_gone.h"
#include "tests/sim/host_move.h"
#include "tests/sim/host_restart.h"
#include "tests/sim/host_sleep.h"
#include "tests/sim/nat_restart.h"
#include "tests/sim/plan.h"
#include "tests/sim/relay_clock.h"
#include "tests/sim/relay_move.h"
#include "tests/sim/relay_restart.h"
#include "tests/sim/shrink.h"
#include "tests/sim/silence.h"

enum {
    RELAYED_WATCH_MS = 6000, /* where direct is impossible, it must stay so */
    DRAIN_MS = 3000,
    SPOOFED_COUNT = 24,
    LATE_MS = 4000, /* the first punch has failed by then */
};

/* A stranger repeats a host's first datagram, and sends garbage, with source addresses that are not
 * its own. */
static void forge(struct sim *sim, const struct plan *plan)
{
    uint8_t garbage[600];
    struct endpoint victim = plan_address(plan, "203.0.113.200", "2001:db8:200::1");

    for (unsigned i = 0; i < SPOOFED_COUNT; i++) {
        victim.port = (uint16_t)(5000 + i % 6);
        underlay_send(&sim->net, plan->stranger, &victim, &sim->relays[0].node.address,
                      sim->relays[0].initial, sim->relays[0].initial_size, sim->now);
        rng_fill(&sim->scenario, garbage, sizeof(garbage));
        underlay_send(&sim->net, plan->stranger, &victim, &sim->relays[0].node.address, garbage,
                      (size_t)plan_draw(sim, 1, sizeof(garbage)), sim->now);
    }
    journal_line(&sim->journal, "a stranger forges sources");
}

/* In some worlds the relay does not know the time for a while after its first start. */
static bool phase_join(struct sim *sim, const struct plan *plan)
{
    size_t first = (size_t)plan_draw(sim, 0, 1);
    uint64_t limit_ms = EXPECT_JOIN_MS + 10 * plan->rtt_ms + 2 * plan->lossy_ms;
    bool timeless = plan_chance(sim, 10);

    if (timeless) {
        relay_clock_set(sim, relay_clock_in_1970(sim));
    }
    sim_relay_start(&sim->relays[0], sim->now);
    if (!sim_join(sim, first) || !sim_run(sim, plan_draw(sim, 0, 1000)) ||
        !sim_join(sim, 1 - first)) {
        return false;
    }
    if (timeless) {
        if (!sim_run(sim, plan_draw(sim, 0, 60000))) {
            return false;
        }
        relay_clock_set(sim, 0);
        limit_ms += RELAY_CLOCK_RIGHT_AGAIN_MS;
    }
    return sim_run_until(sim, limit_ms, expect_acquainted, "the hosts know each other");
}

/* Traffic begins, over the relay at first; in some worlds the direct way opens only later. */
static bool phase_talk(struct sim *sim, const struct plan *plan)
{
    size_t first = (size_t)plan_draw(sim, 0, 1);
    struct mono begin = sim->now;
    uint64_t apart_ms = plan_chance(sim, 30) ? 0 : plan_draw(sim, 0, 500);
    uint64_t limit_ms = EXPECT_FIRST_PACKET_MS + 4 * plan->rtt_ms + plan->lossy_ms;

    sim->net.cut_direct = plan_chance(sim, 20) && sim->direct_possible;
    sim->send_at[first] = sim->now;
    sim->send_at[1 - first] = mono_add_ms(sim->now, apart_ms);
    if (!expect_flows(sim, begin, apart_ms + limit_ms, "the first packet")) {
        return false;
    }
    if (!sim->direct_possible) {
        return sim_run(sim, RELAYED_WATCH_MS);
    }
    limit_ms = EXPECT_DIRECT_MS + apart_ms;
    if (sim->net.cut_direct) { /* the first punch cannot succeed; the next one comes by itself */
        if (!sim_run(sim, LATE_MS + 4 * plan->rtt_ms)) {
            return false;
        }
        sim->net.cut_direct = false;
        begin = sim->now;
        limit_ms = EXPECT_HEAL_MS;
    }
    return sim_run_until(sim, expect_left_ms(sim, begin, limit_ms + 4 * plan->rtt_ms),
                         expect_direct, "both are direct");
}

static bool phase_troubles(struct sim *sim, const struct plan *plan)
{
    static bool (*const troubles[])(struct sim *, const struct plan *) = {
        cut_trouble,        nat_restart_trouble, relay_restart_trouble, host_restart_trouble,
        host_gone_trouble,  silence_trouble,     host_move_trouble,     host_clock_trouble,
        host_sleep_trouble, relay_clock_trouble, shrink_trouble,        relay_move_trouble};
    const size_t count = sizeof(troubles) / sizeof(troubles[0]);
    size_t first = (size_t)plan_draw(sim, 0, count - 1);
    bool backwards = plan_chance(sim, 50);

    for (size_t i = 0; i < count; i++) {
        size_t which = (first + (backwards ? count - i : i)) % count;

        if (!troubles[which](sim, plan)) {
            return false;
        }
        if (i == 0 && sim->relays[0].initial_size > 0) {
            forge(sim, plan);
        }
    }
    return true;
}

/* Behind a router that answers itself, what an address sends before the host inside has sent to it
 * spoils the way to that address for as long as the router remembers. So there a new address of the
 * peer may stay without a direct path for minutes, and most troubles bring one. */
static bool phase_few_troubles(struct sim *sim, const struct plan *plan)
{
    return cut_trouble(sim, plan) && host_clock_trouble(sim, plan) && cut_trouble(sim, plan);
}

static bool answers_itself(const struct plan *plan)
{
    size_t site;

    for (size_t i = 0; i < SIM_HOSTS; i++) {
        if (plan_has_site(plan, i, &site) && plan->nats[i].answers_itself) {
            return true;
        }
    }
    return false;
}

static bool phase_quiet(struct sim *sim)
{
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        sim->send_at[i] = MONO_NEVER;
    }
    if (!sim_run(sim, DRAIN_MS)) {
        return false;
    }
    journal_line(&sim->journal, "%llu of %llu packets arrived",
                 (unsigned long long)sim->traffic.delivered,
                 (unsigned long long)sim->traffic.count);
    for (size_t i = 0; i < sim->net.sites_count; i++) {
        journal_line(&sim->journal, "NAT %zu held at most %zu mappings", i,
                     sim->net.sites[i].nat.mappings_most);
    }
    return sim->traffic.delivered * 2 > sim->traffic.count - sim->sent_in_vain ||
           sim_fail(sim, "less than half of the packets arrived");
}

/* A member is revoked while it sends: the other host receives nothing from it any more, on no path.
 */
static bool phase_revoke(struct sim *sim, const struct plan *plan)
{
    size_t gone = (size_t)plan_draw(sim, 0, SIM_HOSTS - 1);
    struct who_fits who;

    /* After a NAT forgot its mappings, the relay reaches a host only after its next keepalive. */
    sim->send_at[gone] = sim->now;
    if (!sim_run(sim,
                 LINK_KEEPALIVE_MS + plan->rtt_ms + plan->lossy_ms + plan_draw(sim, 0, 5000))) {
        return false;
    }
    journal_line(&sim->journal, "%s is revoked", sim->hosts[gone].name);
    if (operator_revoke(relay_core_operator(sim->relays[0].node.core), sim->hosts[gone].name, &who,
                        sim->now) != VERDICT_OK) {
        return sim_fail(sim, "the relay revokes nobody");
    }
    if (!sim_run(sim, EXPECT_CUT_OFF_MS + 4 * plan->rtt_ms + plan->lossy_ms)) {
        return false;
    }
    struct mono since = sim->now;
    if (!sim_run(sim, plan_draw(sim, 1000, 30000))) {
        return false;
    }
    struct mono first = traffic_first(&sim->traffic, gone, since);

    return first.ns == MONO_NEVER.ns ||
           sim_fail(sim, "a packet of a revoked member arrived, %llu ms too late",
                    (unsigned long long)mono_ms_between(since, first));
}

bool scenario_run(struct sim *sim)
{
    struct plan plan;

    plan_fill(sim, &plan);
    plan_make_world(sim, &plan);
    return phase_join(sim, &plan) && phase_talk(sim, &plan) &&
           (answers_itself(&plan) ? phase_few_troubles(sim, &plan) : phase_troubles(sim, &plan)) &&
           phase_quiet(sim) && phase_revoke(sim, &plan);
}
