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
#include "tests/sim/expect.h"
#include "tests/sim/plan.h"
#include "tests/sim/relay_move.h"
#include "tests/sim/shrink.h"

#include <stdio.h>
#include <string.h>

enum {
    RELAYED_WATCH_MS = 6000, /* where direct is impossible, it must stay so */
    FLOW_AGAIN_MS = 1000,
    OFFLINE_MS = 500,
    HEARD_AGAIN_MS = 1000,
    DIRECT_AGAIN_MS = 3000,
    GONE_MS_MAX = 4000,
    DRAIN_MS = 3000,
    SPOOFED_COUNT = 24,
    SILENCE_MS_MAX = 300000,
    KEPT_MS = 100000,                 /* keepalives go on for two minutes after the last packet */
    LATE_MS = 4000,                   /* the first punch has failed by then */
    CUT_OFF_MS = 1000,                /* a revoked member is heard no more */
    CLOCK_STEP_S_MAX = 6 * 24 * 3600, /* admissions live for a day longer */
    CLOCK_FAR = 100,                  /* and in some worlds it is so many times as much */
    REKEY_MS = 160000,
    ASLEEP_MS_MAX = 900000,
    UNHEARD_MS = 20000,     /* for so long a peer sends to a host that is asleep */
    WAKE_MS = 2000,         /* how long a shell takes to notice that it was asleep */
    RIGHT_AGAIN_MS = 65000, /* a host that was refused asks again within a minute */
};

/* ---- phases ---- */

/* Whether all hosts know the guest as a member (wanted), or none does. */
static bool guest_is_known(struct sim *sim, bool wanted)
{
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        if (sim_host_knows(&sim->hosts[i], sim->hosts[SIM_HOSTS].name) != wanted) {
            return false;
        }
    }
    return true;
}

/* Exactly those are members that should be; they are at the relay, and know each other. */
static bool all_is_right(struct sim *sim)
{
    const struct sim_host *guest = &sim->hosts[SIM_HOSTS];
    struct relay_snapshot snapshot;

    relay_core_snapshot(sim->relays[0].node.core, &snapshot, sim->now);
    return expect_acquainted(sim) && guest_is_known(sim, sim->guest_belongs) &&
           snapshot.members == SIM_HOSTS + (sim->guest_belongs ? 1U : 0U) &&
           (!sim->guest_belongs ||
            (host_node_settled(&guest->node) && sim_host_knows_peer(&sim->hosts[SIM_HOSTS])));
}

static bool join(struct sim *sim, size_t i)
{
    struct directory_terms terms = {.uses = 1};
    char url[NODE_URL_SIZE];
    const char *wrong;

    if (!sim_relay_invite(&sim->relays[0], &terms, url)) {
        return sim_fail(sim, "the relay makes no invite");
    }
    wrong = sim_host_join(&sim->hosts[i], url, sim->now);
    return wrong == NULL || sim_fail(sim, "%s cannot join: %s", sim->hosts[i].name, wrong);
}

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

/* By how much the relay's clock is wrong if it started in 1970 when the relay did. */
static int64_t in_1970(struct sim *sim)
{
    return (int64_t)plan_draw(sim, 0, 100000) - (int64_t)env_wall_ms(&sim->relays[0].env.ports.env);
}

static void relay_clock_set(struct sim *sim, int64_t wrong_by_ms)
{
    node_env_step_wall(&sim->relays[0].env, wrong_by_ms);
    journal_line(&sim->journal, "the clock of the relay is wrong by %lld s",
                 (long long)wrong_by_ms / 1000);
}

/* In some worlds the relay does not know the time for a while after its first start. */
static bool phase_join(struct sim *sim, const struct plan *plan)
{
    size_t first = (size_t)plan_draw(sim, 0, 1);
    uint64_t limit_ms = EXPECT_JOIN_MS + 10 * plan->rtt_ms + 2 * plan->lossy_ms;
    bool timeless = plan_chance(sim, 10);

    if (timeless) {
        relay_clock_set(sim, in_1970(sim));
    }
    sim_relay_start(&sim->relays[0], sim->now);
    if (!join(sim, first) || !sim_run(sim, plan_draw(sim, 0, 1000)) || !join(sim, 1 - first)) {
        return false;
    }
    if (timeless) {
        if (!sim_run(sim, plan_draw(sim, 0, 60000))) {
            return false;
        }
        relay_clock_set(sim, 0);
        limit_ms += RIGHT_AGAIN_MS;
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

static bool trouble_cut(struct sim *sim, const struct plan *plan)
{
    struct mono cut_at = sim->now;

    if (!sim->direct_possible) {
        return true;
    }
    journal_line(&sim->journal, "the direct way is cut");
    sim->net.cut_direct = true;
    if (!expect_flows(sim, cut_at, FLOW_AGAIN_MS + 6 * plan->rtt_ms, "after the cut") ||
        !sim_run(sim, plan_draw(sim, 0, 6000))) {
        return false;
    }
    sim->net.cut_direct = false;
    journal_line(&sim->journal, "the direct way is whole again");
    return sim_run_until(sim, EXPECT_HEAL_MS + 4 * plan->rtt_ms + plan->lossy_ms, expect_direct,
                         "both are direct again");
}

static bool trouble_nat(struct sim *sim, const struct plan *plan)
{
    struct mono at = sim->now;

    if (sim->net.sites_count == 0) {
        return true;
    }
    size_t site = (size_t)plan_draw(sim, 0, sim->net.sites_count - 1);
    journal_line(&sim->journal, "the NAT of %s forgets its mappings", sim->hosts[site].name);
    nat_reboot(&sim->net.sites[site].nat);
    if (!expect_flows(sim, at, FLOW_AGAIN_MS + 6 * plan->rtt_ms + plan->lossy_ms,
                      "after the reboot")) {
        return false;
    }
    return !sim->direct_possible ||
           sim_run_until(sim, EXPECT_HEAL_MS + 4 * plan->rtt_ms + plan->lossy_ms, expect_direct,
                         "both are direct again");
}

static bool trouble_restart(struct sim *sim, const struct plan *plan)
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

/* Nobody says anything for a while, longer than some mappings live; then they go on as before. */
static bool trouble_silence(struct sim *sim, const struct plan *plan)
{
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        sim->send_at[i] = MONO_NEVER;
    }
    uint64_t ms = plan_draw(sim, 1000, plan_chance(sim, 30) ? SILENCE_MS_MAX : SILENCE_MS_MAX / 6);
    journal_line(&sim->journal, "silence for %llu ms", (unsigned long long)ms);
    if (!sim_run(sim, ms)) {
        return false;
    }
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        sim->send_at[i] = sim->now;
    }
    /* Keepalives have kept a direct path open, unless the silence was too long. */
    bool kept = sim->direct_possible && ms < KEPT_MS;
    uint64_t limit_ms = kept ? EXPECT_UNDISTURBED_MS + plan->rtt_ms
                             : FLOW_AGAIN_MS + 6 * plan->rtt_ms + plan->lossy_ms;
    if (kept && !expect_direct(sim)) {
        return sim_fail(sim, "keepalives did not keep the direct path");
    }
    if (!expect_flows(sim, sim->now, limit_ms, "after silence")) {
        return false;
    }
    return !sim->direct_possible ||
           sim_run_until(sim, EXPECT_HEAL_MS + 4 * plan->rtt_ms + plan->lossy_ms, expect_direct,
                         "both are direct after silence");
}

/* A host's program ends, and starts again on its store. The addresses in its view stay. */
static bool trouble_host(struct sim *sim, const struct plan *plan)
{
    struct sim_host *host = &sim->hosts[plan_draw(sim, 0, SIM_HOSTS - 1)];
    struct mono at = sim->now;

    if (!expect_restart(sim, host) ||
        !expect_flows(sim, at, EXPECT_RESTART_MS + 10 * plan->rtt_ms + 2 * plan->lossy_ms,
                      "after its start")) {
        return false;
    }
    return !sim->direct_possible ||
           sim_run_until(sim, EXPECT_HEAL_MS + 4 * plan->rtt_ms + plan->lossy_ms, expect_direct,
                         "both are direct again");
}

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

/* A host's program ends, in order or not, and is started again some time later, from another port.
 * It says nothing by itself, but its peer sends all the time, and is heard soon after the start. */
static bool trouble_host_heard(struct sim *sim, const struct plan *plan)
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
    return expect_flows(sim, sim->now, FLOW_AGAIN_MS + slow_ms, "from a host that was killed");
}

static bool trouble_move(struct sim *sim, const struct plan *plan)
{
    struct mono at = sim->now;

    if (!plan_move(sim, plan, (size_t)plan_draw(sim, 0, SIM_HOSTS - 1))) {
        return true;
    }
    if (!expect_flows(sim, at, EXPECT_RESTART_MS + 10 * plan->rtt_ms + 2 * plan->lossy_ms,
                      "after the move")) {
        return false;
    }
    return !sim->direct_possible ||
           sim_run_until(sim, EXPECT_HEAL_MS + 4 * plan->rtt_ms + plan->lossy_ms, expect_direct,
                         "both are direct again");
}

/* A host's wall clock is wrong for a while, by days or years, in some worlds until after sessions
 * were renewed: nobody feels it. */
static bool trouble_clock(struct sim *sim, const struct plan *plan)
{
    struct sim_host *host = &sim->hosts[plan_draw(sim, 0, SIM_HOSTS - 1)];
    int64_t step_ms = (int64_t)plan_draw(sim, 1, CLOCK_STEP_S_MAX) * 1000;
    uint64_t limit_ms = EXPECT_UNDISTURBED_MS + 2 * plan->rtt_ms + plan->lossy_ms;

    step_ms *= plan_chance(sim, 30) ? CLOCK_FAR : 1;
    step_ms = plan_chance(sim, 50) ? -step_ms : step_ms;
    for (int i = 0; i < 2; i++) { /* wrong, and right again */
        struct mono at = sim->now;

        int64_t wrong_by_ms = i == 0 ? step_ms : 0;

        node_env_step_wall(&host->env, wrong_by_ms);
        journal_line(&sim->journal, "the clock of %s is wrong by %lld ms", host->name,
                     (long long)wrong_by_ms);
        if (!sim_run(sim, plan_chance(sim, 40) ? REKEY_MS : plan_draw(sim, 1000, 10000))) {
            return false;
        }
        if (!expect_no_pause(sim, at, limit_ms, "after a clock was set")) {
            return false;
        }
    }
    return true;
}

/* A host is suspended, as a laptop whose lid is closed, and goes on long after. */
static bool trouble_suspend(struct sim *sim, const struct plan *plan)
{
    size_t i = (size_t)plan_draw(sim, 0, SIM_HOSTS - 1);
    uint64_t asleep_ms = plan_draw(sim, 1000, plan_chance(sim, 50) ? 40000 : ASLEEP_MS_MAX);
    bool counted = plan_chance(sim, 60);
    uint64_t unheard_ms = plan_chance(sim, 50) && asleep_ms > UNHEARD_MS ? UNHEARD_MS : 0;
    uint64_t before = sim->traffic.count;
    size_t site;

    journal_line(&sim->journal, "%s is asleep for %llu ms, which its clock %s", sim->hosts[i].name,
                 (unsigned long long)asleep_ms, counted ? "counts" : "does not");
    sim->send_at[i] = MONO_NEVER;
    sim_host_suspend(&sim->hosts[i]);
    if (!sim_run(sim, unheard_ms)) {
        return false;
    }
    sim->send_at[1 - i] = MONO_NEVER;
    if (!sim_run(sim, asleep_ms - unheard_ms)) {
        return false;
    }
    sim->sent_in_vain += sim->traffic.count - before;
    if (plan_has_site(plan, i, &site) && plan_chance(sim, 50)) {
        nat_reboot(&sim->net.sites[site].nat);
    }
    sim_host_resume(&sim->hosts[i], asleep_ms, counted, plan_draw(sim, 0, WAKE_MS), sim->now);
    journal_line(&sim->journal, "%s is awake", sim->hosts[i].name);
    for (size_t k = 0; k < SIM_HOSTS; k++) {
        sim->send_at[k] = sim->now;
    }
    /* If nobody noticed the sleep: the relay doubles the pause between repetitions, so the next one
     * may be as far away as the sleep was long, unless the session ended in the meantime. */
    uint64_t unnoticed_ms = counted ? 0 : asleep_ms < LINK_IDLE_MS ? asleep_ms : LINK_IDLE_MS;
    uint64_t limit_ms =
        unnoticed_ms + WAKE_MS + EXPECT_RESTART_MS + 10 * plan->rtt_ms + 2 * plan->lossy_ms;
    struct mono awake_at = sim->now;
    if (!expect_flows(sim, awake_at, limit_ms, "after the sleep") ||
        !sim_run(sim, expect_left_ms(sim, awake_at, unnoticed_ms))) {
        return false;
    }
    return !sim->direct_possible ||
           sim_run_until(sim, EXPECT_HEAL_MS + 4 * plan->rtt_ms + plan->lossy_ms, expect_direct,
                         "both are direct again");
}

/* What the relay's clock may say: ahead or behind by days or months, or the beginning of 1970. */
static int64_t draw_wrong_clock(struct sim *sim)
{
    static const int64_t day_ms = INT64_C(24) * 3600 * 1000;
    int64_t days = (int64_t)plan_draw(sim, 1, plan_chance(sim, 50) ? 40 : 400);

    if (plan_chance(sim, 30)) {
        return in_1970(sim);
    }
    return plan_chance(sim, 50) ? days * day_ms : -days * day_ms;
}

static void relay_restarts(struct sim *sim)
{
    journal_line(&sim->journal, "the relay restarts");
    sim_relay_stop(&sim->relays[0]);
    sim_relay_start(&sim->relays[0], sim->now);
}

enum guest_story { GUEST_IS_REVOKED, GUEST_JOINS, GUEST_IS_LATE };

/* While the relay's clock is wrong, the guest is thrown out, or joins, or its invite seems over. */
static bool guest_acts(struct sim *sim, enum guest_story story, const char *url)
{
    struct sim_host *guest = &sim->hosts[SIM_HOSTS];
    struct who_fits who;
    const char *wrong;

    if (story == GUEST_IS_REVOKED) {
        journal_line(&sim->journal, "the guest is revoked");
        sim->guest_belongs = false;
        return operator_revoke(relay_core_operator(sim->relays[0].node.core), guest->name, &who,
                               sim->now) == VERDICT_OK ||
               sim_fail(sim, "the relay does not revoke the guest");
    }
    journal_line(&sim->journal, "the guest joins");
    sim->guest_belongs = true;
    wrong = sim_host_join(guest, url, sim->now);
    return wrong == NULL || sim_fail(sim, "the guest cannot join: %s", wrong);
}

/* The guest goes: thrown out, if it is not yet, and switched off. */
static bool guest_leaves(struct sim *sim, const struct plan *plan)
{
    if (sim->guest_belongs && !guest_acts(sim, GUEST_IS_REVOKED, NULL)) {
        return false;
    }
    if (!sim_run_until(sim, CUT_OFF_MS + LINK_KEEPALIVE_MS + 4 * plan->rtt_ms + plan->lossy_ms,
                       all_is_right, "nobody knows the guest")) {
        return false;
    }
    sim_host_suspend(&sim->hosts[SIM_HOSTS]);
    return true;
}

/* The relay's clock is wrong for a while and then right again, in some worlds over a restart.
 * Members stay members; a host that joins meanwhile waits until the clock is right; nothing is lost
 * for good. */
static bool relay_clock_is_wrong(struct sim *sim, const struct plan *plan, enum guest_story story,
                                 const char *url)
{
    struct mono wrong_at = sim->now;
    bool restarts = plan_chance(sim, 40);
    uint64_t before = sim->traffic.count;

    relay_clock_set(sim, draw_wrong_clock(sim));
    if (restarts) {
        relay_restarts(sim);
    }
    if (!sim_run(sim, plan_draw(sim, 0, 20000)) ||
        (story != GUEST_IS_LATE && !guest_acts(sim, story, url)) ||
        !sim_run(sim, plan_draw(sim, 1000, plan_chance(sim, 30) ? REKEY_MS : 20000))) {
        return false;
    }
    if (restarts && !sim->direct_possible) {
        /* It takes members for strangers now, and forwards nothing for them. */
        sim->sent_in_vain += sim->traffic.count - before;
    } else if (!expect_no_pause(sim, wrong_at,
                                EXPECT_UNDISTURBED_MS + 2 * plan->rtt_ms + plan->lossy_ms,
                                "while the relay's clock was wrong")) {
        return false;
    }
    relay_clock_set(sim, 0);
    if (plan_chance(sim, 20)) {
        relay_restarts(sim);
    }
    return story != GUEST_IS_LATE || guest_acts(sim, story, url);
}

static bool trouble_relay_clock(struct sim *sim, const struct plan *plan)
{
    struct directory_terms terms = {.uses = 1};
    enum guest_story story = (enum guest_story)plan_draw(sim, GUEST_IS_REVOKED, GUEST_IS_LATE);
    char url[NODE_URL_SIZE];
    uint64_t limit_ms = 10 * plan->rtt_ms + 2 * plan->lossy_ms;

    (void)plan_make_guest(sim, plan);
    terms.expires_ms =
        env_wall_ms(&sim->relays[0].env.ports.env) + plan_draw(sim, 1, 30 * 24) * UINT64_C(3600000);
    if (!sim_relay_invite(&sim->relays[0], &terms, url)) {
        return sim_fail(sim, "the relay makes no invite");
    }
    if (story == GUEST_IS_REVOKED &&
        (!guest_acts(sim, GUEST_JOINS, url) ||
         !sim_run_until(sim, EXPECT_JOIN_MS + LINK_KEEPALIVE_MS + limit_ms, all_is_right,
                        "the guest is a member"))) {
        return false;
    }
    if (!relay_clock_is_wrong(sim, plan, story, url) ||
        !sim_run_until(sim, RIGHT_AGAIN_MS + limit_ms, all_is_right, "all is right again") ||
        !expect_flows(sim, sim->now, FLOW_AGAIN_MS + limit_ms,
                      "after the relay's clock was wrong")) {
        return false;
    }
    return guest_leaves(sim, plan);
}

static bool phase_troubles(struct sim *sim, const struct plan *plan)
{
    static bool (*const troubles[])(struct sim *, const struct plan *) = {
        trouble_cut,        trouble_nat,         trouble_restart, trouble_host,
        trouble_host_heard, trouble_silence,     trouble_move,    trouble_clock,
        trouble_suspend,    trouble_relay_clock, shrink_trouble,  relay_move_trouble};
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
    return trouble_cut(sim, plan) && trouble_clock(sim, plan) && trouble_cut(sim, plan);
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
    if (!sim_run(sim, CUT_OFF_MS + 4 * plan->rtt_ms + plan->lossy_ms)) {
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
