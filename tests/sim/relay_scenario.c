/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scenario with several relays: both hosts hold sessions to two entry points of one ziglan,
 * each with a directory of its own, and to two relays of no ziglan. Relays crash, stop, come back
 * and are cut off from both hosts or from one; hosts restart and move. At least one relay always
 * serves both hosts, so packets must go on.
 */
#include "tests/sim/relay_scenario.h"

#include "proto/base/bytes.h"
#include "tests/sim/expect.h"
#include "tests/sim/plan.h"

#include <stdio.h>
#include <string.h>

enum {
    /* A host leaves a relay when a ping through it is still unanswered as the next one is due, 2 s
     * later; and that ping may itself be 2 s away. Each relay that has died takes as long. */
    SWITCH_MS = (SIM_RELAYS - 1) * 4000,
    /* A host that needs no relay notices a restart of the relay at its next keepalive. */
    BACK_MS = LINK_KEEPALIVE_MS + 10000,
    PREFERRED_MS = 6000, /* a relay that was left is asked every 2 s whether it works again */
    RECONNECT_IN_MS_MAX = 5000,
    /* For at least so long a host dials a relay that is gone every two seconds. */
    OFTEN_MS = 60000,
    /* Later at most so much time passes between two attempts. */
    RARELY_MS = RELAY_SESSION_RETRY_MS_MAX * 5 / 4 + 1000,
    GOODBYE_MS = 400, /* what a relay takes to stop */
    STEPS_MIN = 5,
    STEPS_MAX = 10,
    WAIT_MS_MAX = 30000,
};

struct relay_world {
    struct sim *sim;
    struct plan plan;
    struct url urls[SIM_RELAYS]; /* without invites */
    uint64_t numbers[SIM_HOSTS][SIM_RELAYS];
    struct mono gone_at[SIM_RELAYS];   /* its last trouble */
    struct mono usable_at[SIM_RELAYS]; /* hosts keep away from it until then */
    struct mono back_by;               /* by then all sessions that are possible are there again */
    bool disturbed;                    /* a host had trouble and has not recovered yet */
    bool calm;   /* each relay that runs has both hosts, and has had them for a moment */
    bool silent; /* the last trouble was that a relay crashed or was cut off */
};

/* ---- who can use which relay ---- */

static bool serves(const struct sim *sim, const struct sim_relay *relay, size_t host)
{
    return relay->node.core != NULL &&
           !underlay_is_cut(&sim->net, relay->attachment, sim->hosts[host].attachment);
}

static bool serves_both(const struct sim *sim, const struct sim_relay *relay)
{
    return serves(sim, relay, 0) && serves(sim, relay, 1);
}

/* How many of the first `count` relays serve both hosts, and are not avoided by them. */
static size_t usable_count(const struct relay_world *world, size_t count)
{
    const struct sim *sim = world->sim;
    size_t usable = 0;

    for (size_t i = 0; i < count; i++) {
        usable += serves_both(sim, &sim->relays[i]) && mono_due(world->usable_at[i], sim->now);
    }
    return usable;
}

static bool has_its_sessions(struct sim *sim, const struct sim_relay *relay)
{
    struct relay_snapshot snapshot;

    for (size_t i = 0; i < SIM_HOSTS; i++) {
        if (serves(sim, relay, i) && !sim_host_is_at(&sim->hosts[i], relay, sim->now)) {
            return false;
        }
    }
    if (!serves_both(sim, relay)) {
        return true;
    }
    relay_core_snapshot(relay->node.core, &snapshot, sim->now);
    return snapshot.sessions == SIM_HOSTS;
}

static bool sessions_are_there(struct sim *sim)
{
    for (size_t i = 0; i < SIM_RELAYS; i++) {
        if (!has_its_sessions(sim, &sim->relays[i])) {
            return false;
        }
    }
    return true;
}

static bool is_calm(const struct relay_world *world)
{
    struct sim *sim = world->sim;

    for (size_t i = 0; i < SIM_RELAYS; i++) {
        if (sim->relays[i].node.core != NULL && !serves_both(sim, &sim->relays[i])) {
            return false;
        }
    }
    return sessions_are_there(sim);
}

/* ---- beginning ---- */

static bool read_url(struct relay_world *world, size_t relay, const char *text, struct url *url)
{
    char problem[URL_ERROR_SIZE];

    if (url_parse(url, text, strlen(text), problem) != ERR_OK) {
        return sim_fail(world->sim, "the URL of a relay: %s", problem);
    }
    world->urls[relay] = *url;
    world->urls[relay].has_invite = false;
    return true;
}

static bool add_relay(struct relay_world *world, size_t i, size_t relay, const struct url *url)
{
    struct sim *sim = world->sim;

    world->numbers[i][relay] = sim_host_add_relay(&sim->hosts[i], url, sim->now);
    return world->numbers[i][relay] != 0 ||
           sim_fail(sim, "%s takes no further relay", sim->hosts[i].name);
}

/* A host joins at the first entry point, has an invite for the second, and knows others by key. */
static bool begin_host(struct relay_world *world, size_t i)
{
    static const struct directory_terms terms = {.uses = 1};
    struct sim *sim = world->sim;
    char text[NODE_URL_SIZE];
    char key[KEY_TEXT_SIZE];
    struct url url;

    if (!sim_join(sim, i)) {
        return false;
    }
    for (size_t relay = 1; relay < SIM_RELAYS; relay++) {
        const struct relay_node *node = &sim->relays[relay].node;

        if (relay >= PLAN_ENTRY_POINTS) {
            (void)snprintf(text, sizeof(text), "relay://%s@%s",
                           key_text(node->identity.public_key, key), node->public_host);
        } else if (!sim_relay_invite(&sim->relays[relay], &terms, text)) {
            return sim_fail(sim, "the second relay makes no invite");
        }
        if (!read_url(world, relay, text, &url) || !add_relay(world, i, relay, &url) ||
            !sim_run(sim, plan_draw(sim, 0, 500))) {
            return false;
        }
    }
    return true;
}

/* Tell each host that the other one is at the relays of no ziglan, as a subnet will. */
static void tell_presence(struct sim *sim, void *context)
{
    const struct relay_world *world = context;

    for (size_t i = 0; i < SIM_HOSTS; i++) {
        for (size_t relay = PLAN_ENTRY_POINTS; relay < SIM_RELAYS; relay++) {
            sim_host_peer_at_relay(&sim->hosts[i], &sim->hosts[1 - i], world->numbers[i][relay],
                                   sim->now);
        }
    }
}

/* In some worlds the direct way is cut, from the beginning to the end. */
static void make_world(struct relay_world *world)
{
    struct sim *sim = world->sim;

    plan_fill(sim, &world->plan);
    plan_fill_relays(sim, &world->plan);
    plan_make_world(sim, &world->plan);
    if (plan_chance(sim, 60)) {
        journal_line(&sim->journal, "the direct way is cut");
        sim->net.cut_direct = true;
        sim->direct_possible = false;
    }
    for (size_t i = 0; i < SIM_RELAYS; i++) {
        sim_relay_start(&sim->relays[i], sim->now);
    }
    sim->each_second = tell_presence;
    sim->context = world;
}

static bool phase_join(struct relay_world *world)
{
    struct sim *sim = world->sim;
    size_t first = (size_t)plan_draw(sim, 0, 1);
    uint64_t limit_ms = EXPECT_JOIN_MS + 10 * world->plan.rtt_ms + 2 * world->plan.lossy_ms;

    return begin_host(world, first) && begin_host(world, 1 - first) &&
           sim_run_until(sim, limit_ms, expect_acquainted, "the hosts know each other") &&
           sim_run_until(sim, limit_ms, sessions_are_there, "they are at all relays");
}

static bool phase_talk(struct relay_world *world)
{
    struct sim *sim = world->sim;
    struct mono begin = sim->now;
    uint64_t limit_ms = EXPECT_FIRST_PACKET_MS + 4 * world->plan.rtt_ms + world->plan.lossy_ms;

    for (size_t i = 0; i < SIM_HOSTS; i++) {
        sim->send_at[i] = sim->now;
    }
    sim->second_at = sim->now;
    return expect_flows(sim, begin, limit_ms, "the first packet") &&
           (!sim->direct_possible ||
            sim_run_until(sim,
                          expect_left_ms(sim, begin, EXPECT_DIRECT_MS + 4 * world->plan.rtt_ms),
                          expect_direct, "both are direct"));
}

/* ---- troubles ---- */

static void be_back_within(struct relay_world *world, uint64_t ms)
{
    struct mono by = mono_add_ms(world->sim->now, ms);

    world->back_by = mono_before(world->back_by, by) ? by : world->back_by;
}

static bool relay_crashes(struct relay_world *world, size_t which)
{
    struct sim *sim = world->sim;
    struct sim_relay *relay = &sim->relays[which];

    journal_line(&sim->journal, "%s crashes", relay->env.name);
    sim_relay_stop(relay);
    world->silent = true;
    return true;
}

static bool relay_ends(struct relay_world *world, size_t which)
{
    struct sim *sim = world->sim;
    struct sim_relay *relay = &sim->relays[which];

    uint32_t reconnect_in_ms = (uint32_t)plan_draw(sim, 500, RECONNECT_IN_MS_MAX);

    journal_line(&sim->journal, "%s says goodbye", relay->env.name);
    sim_relay_shutdown(relay, reconnect_in_ms, sim->now);
    if (!sim_run(sim, GOODBYE_MS)) {
        return false;
    }
    sim_relay_stop(relay); /* handshakes that are not complete get no goodbye */
    world->usable_at[which] = mono_add_ms(sim->now, reconnect_in_ms);
    be_back_within(world, RECONNECT_IN_MS_MAX + BACK_MS);
    return true;
}

static bool relay_is_cut_off(struct relay_world *world, size_t which)
{
    struct sim *sim = world->sim;
    struct sim_relay *relay = &sim->relays[which];
    size_t spared = (size_t)plan_draw(sim, 0, 2 * SIM_HOSTS - 1); /* SIM_HOSTS and more: nobody */

    for (size_t i = 0; i < SIM_HOSTS; i++) {
        if (i != spared) {
            journal_line(&sim->journal, "%s is cut off from %s", relay->env.name,
                         sim->hosts[i].name);
            underlay_cut(&sim->net, relay->attachment, sim->hosts[i].attachment, true);
        }
    }
    world->silent = true;
    return true;
}

static void relay_comes_back(struct relay_world *world, size_t which)
{
    struct sim *sim = world->sim;
    struct sim_relay *relay = &sim->relays[which];

    journal_line(&sim->journal, "%s comes back", relay->env.name);
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        underlay_cut(&sim->net, relay->attachment, sim->hosts[i].attachment, false);
    }
    if (relay->node.core == NULL) {
        sim_relay_start(relay, sim->now);
    }
    if (mono_ms_between(world->gone_at[which], sim->now) > OFTEN_MS) {
        world->usable_at[which] = mono_add_ms(sim->now, RARELY_MS);
    }
}

static bool relay_has_trouble(struct relay_world *world)
{
    static bool (*const troubles[])(struct relay_world *, size_t) = {relay_crashes, relay_ends,
                                                                     relay_is_cut_off};
    static const size_t weighted[] = {0, 0, 1, 1, 2, 3}; /* the ziglan's relays carry most */
    struct sim *sim = world->sim;
    size_t which = weighted[plan_draw(sim, 0, 5)];
    bool usable = mono_due(world->usable_at[which], sim->now);

    if (!serves_both(sim, &sim->relays[which])) {
        relay_comes_back(world, which);
        return true;
    }
    if (usable_count(world, SIM_RELAYS) <= (usable ? 1 : 0)) { /* it is the last usable one */
        return true;
    }
    world->gone_at[which] = sim->now;
    return troubles[plan_draw(sim, 0, 2)](world, which);
}

/* A host does not store the relays that were added, so they are added again. */
static bool host_restarts(struct relay_world *world, size_t i)
{
    struct sim *sim = world->sim;

    if (!expect_restart(sim, &sim->hosts[i])) {
        return false;
    }
    for (size_t relay = 1; relay < SIM_RELAYS; relay++) {
        if (!add_relay(world, i, relay, &world->urls[relay])) {
            return false;
        }
    }
    return true;
}

static bool host_has_trouble(struct relay_world *world)
{
    struct sim *sim = world->sim;
    size_t i = (size_t)plan_draw(sim, 0, SIM_HOSTS - 1);

    if (plan_chance(sim, 50)) {
        return host_restarts(world, i);
    }
    (void)plan_move(sim, &world->plan, i);
    return true;
}

/* ---- recovery ---- */

static uint64_t forwarded(const struct sim *sim, size_t first, size_t end)
{
    struct relay_snapshot snapshot;
    uint64_t frames = 0;

    for (size_t i = first; i < end; i++) {
        if (sim->relays[i].node.core != NULL) {
            relay_core_snapshot(sim->relays[i].node.core, &snapshot, sim->now);
            frames += snapshot.counters.forwarded_frames;
        }
    }
    return frames;
}

/* What is relayed goes through the ziglan's own relays as long as one of them serves both hosts. */
static bool own_relays_carry(struct sim *sim)
{
    enum { WATCH_MS = 1000 };

    for (uint64_t ms = 0; ms <= PREFERRED_MS; ms += WATCH_MS) {
        uint64_t own = forwarded(sim, 0, PLAN_ENTRY_POINTS);
        uint64_t others = forwarded(sim, PLAN_ENTRY_POINTS, SIM_RELAYS);

        if (!sim_run(sim, WATCH_MS)) {
            return false;
        }
        if (forwarded(sim, 0, PLAN_ENTRY_POINTS) > own &&
            forwarded(sim, PLAN_ENTRY_POINTS, SIM_RELAYS) == others) {
            journal_line(&sim->journal, "the ziglan's relays carry, after %llu ms",
                         (unsigned long long)ms);
            return true;
        }
    }
    return sim_fail(sim, "what is relayed does not go back to the ziglan's relays");
}

static bool all_is_there(struct relay_world *world)
{
    struct sim *sim = world->sim;

    return sim_run_until(sim,
                         expect_left_ms(sim, sim->now, mono_ms_between(sim->now, world->back_by)),
                         sessions_are_there, "they are at all relays that are there") &&
           (sim->direct_possible || usable_count(world, PLAN_ENTRY_POINTS) == 0 ||
            own_relays_carry(sim));
}

/* `warm`: nothing was wrong before, and now a relay crashed or was cut off at most. */
static bool recovers(struct relay_world *world, bool warm, struct mono since)
{
    struct sim *sim = world->sim;
    const struct plan *plan = &world->plan;
    bool disturbed = world->disturbed;
    uint64_t switch_ms = warm ? EXPECT_KILLED_MS : SWITCH_MS;
    uint64_t limit_ms =
        switch_ms + (disturbed ? EXPECT_RESTART_MS + 10 * plan->rtt_ms + 2 * plan->lossy_ms
                               : 4 * plan->rtt_ms + plan->lossy_ms);

    world->disturbed = false;
    if (sim->direct_possible && !disturbed) {
        return sim_run(sim, plan_draw(sim, 0, SWITCH_MS)) &&
               expect_no_pause(sim, since, EXPECT_UNDISTURBED_MS + plan->rtt_ms,
                               "without a relay") &&
               (expect_direct(sim) || sim_fail(sim, "a direct path was left without a relay"));
    }
    return expect_flows(sim, since, limit_ms, warm ? "without a relay" : "after that") &&
           (!sim->direct_possible ||
            sim_run_until(sim, SWITCH_MS + EXPECT_HEAL_MS + 4 * plan->rtt_ms + plan->lossy_ms,
                          expect_direct, "both are direct again"));
}

static bool step(struct relay_world *world)
{
    struct sim *sim = world->sim;
    bool host = plan_chance(sim, 25);
    bool was_calm = world->calm;

    be_back_within(world, BACK_MS);
    world->disturbed = world->disturbed || host;
    world->calm = false;
    world->silent = false;
    if (!(host ? host_has_trouble(world) : relay_has_trouble(world))) {
        return false;
    }
    if (plan_chance(sim, 30)) { /* the next trouble comes before the hosts have recovered */
        return sim_run(sim, plan_draw(sim, 0, 1000));
    }
    if (!recovers(world, was_calm && world->silent, sim->now) ||
        (plan_chance(sim, 50) && !all_is_there(world)) ||
        !sim_run(sim, plan_draw(sim, 0, plan_chance(sim, 30) ? WAIT_MS_MAX : WAIT_MS_MAX / 10))) {
        return false;
    }
    world->calm = is_calm(world);
    return true;
}

static bool phase_end(struct relay_world *world)
{
    struct sim *sim = world->sim;
    struct mono at = sim->now;

    for (size_t i = 0; i < SIM_RELAYS; i++) {
        if (!serves_both(sim, &sim->relays[i])) {
            relay_comes_back(world, i);
        }
    }
    be_back_within(world, BACK_MS);
    return recovers(world, false, at) && all_is_there(world);
}

bool relay_scenario_run(struct sim *sim)
{
    struct relay_world world = {.sim = sim};

    make_world(&world);
    if (!phase_join(&world) || !phase_talk(&world)) {
        return false;
    }
    world.calm = is_calm(&world);
    for (uint64_t steps = plan_draw(sim, STEPS_MIN, STEPS_MAX); steps > 0; steps--) {
        if (!step(&world)) {
            return false;
        }
    }
    return phase_end(&world);
}
