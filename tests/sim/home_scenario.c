/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scenario of home relays: four relays of one subnet, all open, in four networks. Either both
 * hosts join the ziglan of the first one and find a second relay by themselves; or they only name
 * each other, and each pinned two relays of its own. Relays that are in use are killed one after
 * the other, and come back; then the ways to all of them become better and worse for a while.
 */
#include "tests/sim/home_scenario.h"

#include "client/stun2/home_choice.h"
#include "tests/sim/expect.h"
#include "tests/sim/home_watch.h"
#include "tests/sim/plan.h"

#include <string.h>

enum {
    MESH_MS = 60000,  /* the relays find each other, and measure that they are reached */
    HOMES_MS = 60000, /* a dead relay is found out when it is used, and another one measured */
    KILLS_MIN = 2,
    KILLS_MAX = 5,
    LANE_MS = 20000, /* the first question may come to nothing: the next is after 10 s */
    WARM_MS = 16000, /* the spare way is pinged every 15 s while packets are relayed */
    QUIET_MS = 15 * 60 * 1000,
    QUIET_STEP_MS_MIN = 5000,
    QUIET_STEP_MS_MAX = 90000,
    QUIET_DELAY_US_MAX = 60000,
};

struct home_world {
    struct sim *sim;
    struct plan plan;
    struct relay_peers peers; /* of all relays but the first */
    bool apart;               /* the hosts have no relay in common */
    struct mono gone_at;      /* when a relay was killed last */
    struct home_watch watches[SIM_HOSTS];
};

/* ---- beginning ---- */

static bool pin_two(struct home_world *world, size_t i)
{
    struct sim *sim = world->sim;

    for (size_t k = 0; k < HOME_RELAYS; k++) {
        const char *wrong =
            sim_host_pin(&sim->hosts[i], &sim->relays[HOME_RELAYS * i + k], sim->now);

        if (wrong != NULL) {
            return sim_fail(sim, "%s cannot pin a relay: %s", sim->hosts[i].name, wrong);
        }
    }
    return true;
}

static bool begin_host(struct home_world *world, size_t i)
{
    struct sim *sim = world->sim;

    if (world->apart) {
        sim_host_name_peer(&sim->hosts[i], &sim->hosts[1 - i], sim->now);
        return pin_two(world, i);
    }
    return sim_join(sim, i);
}

/* Counts the changes of both hosts, and remembers who their relays are. */
static void watch(struct sim *sim, void *context)
{
    struct home_world *world = context;

    for (size_t i = 0; i < SIM_HOSTS; i++) {
        home_watch_look(&world->watches[i], sim, i);
    }
}

static bool make_world(struct home_world *world)
{
    struct sim *sim = world->sim;

    plan_fill(sim, &world->plan);
    plan_fill_relays(sim, &world->plan);
    world->plan.subnet = true;
    world->apart = plan_chance(sim, 50);
    plan_make_world(sim, &world->plan);
    journal_line(&sim->journal, "the hosts %s",
                 world->apart ? "name each other and have no relay in common" : "are members");
    if (plan_chance(sim, 70)) {
        journal_line(&sim->journal, "the direct way is cut");
        sim->net.cut_direct = true;
        sim->direct_possible = false;
    }
    for (size_t i = 0; i < SIM_RELAYS; i++) {
        sim_relay_know(&sim->relays[i], &sim->relays[0], &world->peers);
        sim_relay_start(&sim->relays[i], sim->now);
    }
    return sim_run(sim, MESH_MS);
}

/* Each host has two home relays, and a session to both. */
static bool homes_are_warm(struct sim *sim)
{
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        if (home_watch_warm(sim, i) != HOME_RELAYS) {
            return false;
        }
    }
    return true;
}

static bool phase_join(struct home_world *world)
{
    struct sim *sim = world->sim;
    uint64_t limit_ms = EXPECT_JOIN_MS + 10 * world->plan.rtt_ms + 2 * world->plan.lossy_ms;

    return begin_host(world, 0) && begin_host(world, 1) &&
           sim_run_until(sim, limit_ms, expect_acquainted, "the hosts know each other") &&
           sim_run_until(sim, HOMES_MS, homes_are_warm, "both have two home relays");
}

static bool phase_talk(struct home_world *world)
{
    struct sim *sim = world->sim;
    uint64_t slack_ms = 4 * world->plan.rtt_ms + world->plan.lossy_ms;

    for (size_t i = 0; i < SIM_HOSTS; i++) {
        sim->send_at[i] = sim->now;
    }
    if (sim->seed % 2 == 0) { /* as ping, and most applications */
        sim->send_at[1] = MONO_NEVER;
        sim->answers[1] = true;
    }
    return expect_flows(sim, sim->now, EXPECT_FIRST_PACKET_MS + slack_ms, "the first packet") &&
           (!sim->direct_possible ||
            sim_run_until(sim, EXPECT_HEAL_MS + slack_ms, expect_direct, "both are direct"));
}

static bool on_lanes(struct sim *sim)
{
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        struct sim_host *host = &sim->hosts[i];

        if (host->node.cfg.lanes && !host_node_on_lane(&host->node, host->peer_name, sim->now)) {
            return false;
        }
    }
    return true;
}

/* What stays relayed takes a lane, over one relay or two. */
static bool phase_lane(struct home_world *world)
{
    struct sim *sim = world->sim;

    return sim->direct_possible ||
           sim_run_until(sim, LANE_MS + 10 * world->plan.rtt_ms + world->plan.lossy_ms, on_lanes,
                         "both send by a lane");
}

/* ---- a relay is killed ---- */

/* One that is a home of a host, or any if it is drawn so. */
static struct sim_relay *draw_victim(struct home_world *world)
{
    struct sim *sim = world->sim;
    size_t first = (size_t)plan_draw(sim, 0, SIM_RELAYS - 1);
    size_t host = (size_t)plan_draw(sim, 0, SIM_HOSTS - 1);

    for (size_t k = 0; k < SIM_RELAYS; k++) {
        struct sim_relay *relay = &sim->relays[(first + k) % SIM_RELAYS];

        if (home_watch_has(sim, host, relay)) {
            return relay;
        }
    }
    return &sim->relays[first];
}

static bool goes_on(struct home_world *world, struct mono since)
{
    struct sim *sim = world->sim;
    uint64_t rtt_ms = world->plan.rtt_ms;
    uint64_t killed_ms = sim->answers[1] ? EXPECT_KILLED_ANSWERS_MS : EXPECT_KILLED_MS;

    if (!sim->direct_possible) {
        return expect_flows(sim, since, killed_ms + 4 * rtt_ms + world->plan.lossy_ms,
                            "after a relay was killed");
    }
    return sim_run(sim, EXPECT_FLOW_AGAIN_MS + 4 * rtt_ms) &&
           expect_no_pause(sim, since, EXPECT_UNDISTURBED_MS + rtt_ms, "without a relay") &&
           (expect_direct(sim) || sim_fail(sim, "a direct path was left without a relay"));
}

static bool kill_one(struct home_world *world)
{
    struct sim *sim = world->sim;
    struct sim_relay *victim = draw_victim(world);
    struct mono at = sim->now;
    bool well;

    journal_line(&sim->journal, "%s is killed", victim->env.name);
    sim_relay_stop(victim);
    well = goes_on(world, at) &&
           sim_run_until(sim, HOMES_MS, homes_are_warm, "both have two home relays again");
    journal_line(&sim->journal, "%s comes back", victim->env.name);
    sim_relay_start(victim, sim->now);
    return well && sim_run(sim, MESH_MS + plan_draw(sim, 0, WARM_MS)) && homes_are_warm(sim);
}

/* ---- nothing is wrong, but the ways change ---- */

static void change_a_way(struct home_world *world)
{
    struct sim *sim = world->sim;
    size_t which = (size_t)plan_draw(sim, 0, SIM_RELAYS - 1);
    struct underlay_link *link = &sim->net.attachments[sim->relays[which].attachment].link;

    link->delay_us = (uint32_t)plan_draw(sim, 500, QUIET_DELAY_US_MAX);
    journal_line(&sim->journal, "%s is %u us away", sim->relays[which].env.name, link->delay_us);
}

static bool phase_quiet(struct home_world *world)
{
    struct sim *sim = world->sim;
    struct mono end = mono_add_ms(sim->now, QUIET_MS);

    for (size_t i = 0; i < SIM_HOSTS; i++) {
        sim->send_at[i] = MONO_NEVER;
        sim->answers[i] = false;
        home_watch_begin(&world->watches[i], sim, i);
    }
    sim->each_second = watch;
    sim->context = world;
    sim->second_at = sim->now;
    while (mono_before(sim->now, end)) {
        change_a_way(world);
        if (!sim_run(sim, plan_draw(sim, QUIET_STEP_MS_MIN, QUIET_STEP_MS_MAX))) {
            return false;
        }
    }
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        journal_line(&sim->journal, "%s changed %u times", sim->hosts[i].name,
                     world->watches[i].changes);
        if (world->watches[i].too_soon) {
            return sim_fail(sim, "%s changed its home relays twice within 5 minutes without need",
                            sim->hosts[i].name);
        }
    }
    return true;
}

bool home_scenario_run(struct sim *sim)
{
    struct home_world world = {.sim = sim};

    if (!make_world(&world) || !phase_join(&world) || !phase_talk(&world) || !phase_lane(&world) ||
        !sim_run(sim, WARM_MS)) {
        return false;
    }
    for (uint64_t kills = plan_draw(sim, KILLS_MIN, KILLS_MAX); kills > 0; kills--) {
        if (!kill_one(&world)) {
            return sim->failure[0] != '\0' ? false : sim_fail(sim, "a home relay was lost");
        }
    }
    return phase_quiet(&world);
}
