/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scenario: two hosts join a ziglan by URL, talk, become direct where the oracle says so; then
 * they lose the direct way, their NAT's mappings, the relay, themselves, their addresses and the
 * time of day in a drawn order, and recover each time. At the end one of them is thrown out.
 */
#include "tests/sim/plan.h"

#include "proto/base/bytes.h"

#include <stdio.h>
#include <string.h>

enum {
    JOIN_MS = 3000,
    FIRST_PACKET_MS = 1000,
    DIRECT_MS = 5000,
    RELAYED_WATCH_MS = 6000, /* where direct is impossible, it must stay so */
    FLOW_AGAIN_MS = 1000,
    HEAL_MS = 15000, /* a punch is tried again 10 s after it failed */
    RESTART_MS = 3000,
    UNDISTURBED_MS = 500,
    DRAIN_MS = 3000,
    SPOOFED_COUNT = 24,
    SILENCE_MS_MAX = 300000,
    KEPT_MS = 100000,                 /* keepalives go on for two minutes after the last packet */
    LATE_MS = 4000,                   /* the first punch has failed by then */
    CUT_OFF_MS = 1000,                /* a revoked member is heard no more */
    CLOCK_STEP_S_MAX = 6 * 24 * 3600, /* admissions live for a day longer */
    REKEY_MS = 160000,
};

/* ---- phases ---- */

static bool hosts_are_settled(struct sim *sim)
{
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        if (!host_core_settled(sim->hosts[i].core)) {
            return false;
        }
    }
    return true;
}

static bool hosts_know_each_other(struct sim *sim)
{
    bool known = hosts_are_settled(sim);

    for (size_t i = 0; i < SIM_HOSTS; i++) {
        known = host_node_knows_peer(&sim->hosts[i]) && known;
    }
    return known;
}

static bool hosts_have_sessions(struct sim *sim)
{
    struct relay_snapshot snapshot;

    relay_core_snapshot(sim->relay.core, &snapshot, sim->now);
    return snapshot.sessions == SIM_HOSTS && hosts_are_settled(sim);
}

static bool join(struct sim *sim, size_t i)
{
    struct directory_terms terms = {.uses = 1};
    char url[NODE_URL_SIZE];
    const char *wrong;

    if (relay_core_invite(sim->relay.core, &terms, url) != VERDICT_OK) {
        return sim_fail(sim, "the relay makes no invite");
    }
    wrong = host_node_join(&sim->hosts[i], url, sim->now);
    return wrong == NULL || sim_fail(sim, "%s cannot join: %s", sim->hosts[i].name, wrong);
}

/* Somebody repeats a host's first datagram from addresses that are not his, and sends garbage. */
static void forge(struct sim *sim, const struct plan *plan)
{
    uint8_t garbage[600];
    struct endpoint victim = plan_address(plan, "203.0.113.200", "2001:db8:200::1");

    for (unsigned i = 0; i < SPOOFED_COUNT; i++) {
        victim.port = (uint16_t)(5000 + i % 6);
        net_send(&sim->net, plan->stranger, &victim, &sim->relay.address, sim->relay.initial,
                 sim->relay.initial_size, sim->now);
        rng_fill(&sim->scenario, garbage, sizeof(garbage));
        net_send(&sim->net, plan->stranger, &victim, &sim->relay.address, garbage,
                 (size_t)plan_draw(sim, 1, sizeof(garbage)), sim->now);
    }
    journal_line(&sim->journal, "a stranger forges sources");
}

static bool phase_join(struct sim *sim, const struct plan *plan)
{
    size_t first = (size_t)plan_draw(sim, 0, 1);

    relay_node_start(&sim->relay, sim->now);
    if (!join(sim, first) || !sim_run(sim, plan_draw(sim, 0, 1000)) || !join(sim, 1 - first)) {
        return false;
    }
    return sim_run_until(sim, JOIN_MS + 10 * plan->rtt_ms + 2 * plan->lossy_ms,
                         hosts_know_each_other, "the hosts know each other");
}

/* From both hosts, something that was sent at `since` or later arrives in time. */
static bool flows(struct sim *sim, struct mono since, uint64_t limit_ms, const char *what)
{
    enum { SLICE_MS = 5 };
    struct mono end = mono_add_ms(since, limit_ms);

    for (size_t i = 0; i < SIM_HOSTS; i++) {
        struct mono first = traffic_first(&sim->traffic, i, since);

        while (first.ns == MONO_NEVER.ns && mono_before(sim->now, end)) {
            if (!sim_run(sim, SLICE_MS)) {
                return false;
            }
            first = traffic_first(&sim->traffic, i, since);
        }
        if (first.ns == MONO_NEVER.ns) {
            return sim_fail(sim, "%s: nothing from %s arrives within %llu ms", what,
                            sim->hosts[i].name, (unsigned long long)limit_ms);
        }
        journal_line(&sim->journal, "%s: from %s after %llu ms", what, sim->hosts[i].name,
                     (unsigned long long)mono_ms_between(since, first));
    }
    return true;
}

/* What is left of limit_ms since that instant. */
static uint64_t left_ms(const struct sim *sim, struct mono since, uint64_t limit_ms)
{
    return mono_ms_between(sim->now, mono_add_ms(since, limit_ms));
}

static bool both_are_direct(struct sim *sim)
{
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        if (host_node_path(&sim->hosts[i], sim->now) != HOST_PATH_DIRECT) {
            return false;
        }
    }
    return true;
}

/* Traffic begins, over the relay at first; in some worlds the direct way opens only later. */
static bool phase_talk(struct sim *sim, const struct plan *plan)
{
    size_t first = (size_t)plan_draw(sim, 0, 1);
    struct mono begin = sim->now;
    uint64_t apart_ms = plan_chance(sim, 30) ? 0 : plan_draw(sim, 0, 500);
    uint64_t limit_ms = FIRST_PACKET_MS + 4 * plan->rtt_ms + plan->lossy_ms;

    sim->net.cut_direct = plan_chance(sim, 20) && sim->direct_possible;
    sim->send_at[first] = sim->now;
    sim->send_at[1 - first] = mono_add_ms(sim->now, apart_ms);
    if (!flows(sim, begin, apart_ms + limit_ms, "the first packet")) {
        return false;
    }
    if (!sim->direct_possible) {
        return sim_run(sim, RELAYED_WATCH_MS);
    }
    limit_ms = DIRECT_MS + apart_ms;
    if (sim->net.cut_direct) { /* the first punch cannot succeed; the next one comes by itself */
        if (!sim_run(sim, LATE_MS + 4 * plan->rtt_ms)) {
            return false;
        }
        sim->net.cut_direct = false;
        begin = sim->now;
        limit_ms = HEAL_MS;
    }
    return sim_run_until(sim, left_ms(sim, begin, limit_ms + 4 * plan->rtt_ms), both_are_direct,
                         "both are direct");
}

static bool trouble_cut(struct sim *sim, const struct plan *plan)
{
    struct mono cut_at = sim->now;

    if (!sim->direct_possible) {
        return true;
    }
    journal_line(&sim->journal, "the direct way is cut");
    sim->net.cut_direct = true;
    if (!flows(sim, cut_at, FLOW_AGAIN_MS + 6 * plan->rtt_ms, "after the cut") ||
        !sim_run(sim, plan_draw(sim, 0, 6000))) {
        return false;
    }
    sim->net.cut_direct = false;
    journal_line(&sim->journal, "the direct way is whole again");
    return sim_run_until(sim, HEAL_MS + 4 * plan->rtt_ms + plan->lossy_ms, both_are_direct,
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
    if (!flows(sim, at, FLOW_AGAIN_MS + 6 * plan->rtt_ms + plan->lossy_ms, "after the reboot")) {
        return false;
    }
    return !sim->direct_possible || sim_run_until(sim, HEAL_MS + 4 * plan->rtt_ms + plan->lossy_ms,
                                                  both_are_direct, "both are direct again");
}

/* With the relay gone, the direct traffic must not feel anything. */
static bool undisturbed(struct sim *sim, const struct plan *plan, struct mono since)
{
    uint64_t limit_ms = UNDISTURBED_MS + plan->rtt_ms;

    for (size_t i = 0; i < SIM_HOSTS; i++) {
        uint64_t gap_ms = traffic_gap_ms(&sim->traffic, i, since, sim->now);

        if (gap_ms > limit_ms) {
            return sim_fail(sim, "direct traffic from %s paused for %llu ms without the relay",
                            sim->hosts[i].name, (unsigned long long)gap_ms);
        }
    }
    return both_are_direct(sim) || sim_fail(sim, "a direct path was left without the relay");
}

static bool trouble_restart(struct sim *sim, const struct plan *plan)
{
    struct mono stopped_at = sim->now;
    uint64_t limit_ms = RESTART_MS + 6 * plan->rtt_ms + plan->lossy_ms;

    journal_line(&sim->journal, "the relay ends");
    relay_node_stop(&sim->relay);
    if (!sim_run(sim, plan_draw(sim, 100, 4000))) {
        return false;
    }
    struct mono started_at = sim->now;
    journal_line(&sim->journal, "the relay starts");
    relay_node_start(&sim->relay, sim->now);
    if (!flows(sim, started_at, limit_ms, "after the restart")) {
        return false;
    }
    /* Who needs no relay notices at its next keepalive. */
    limit_ms += sim->direct_possible ? LINK_KEEPALIVE_MS : 0;
    return sim_run_until(sim, left_ms(sim, started_at, limit_ms), hosts_have_sessions,
                         "the hosts are at the relay again") &&
           (!sim->direct_possible || undisturbed(sim, plan, stopped_at));
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
    /* Keepalives have kept a direct path open, if it was not for too long. */
    bool kept = sim->direct_possible && ms < KEPT_MS;
    uint64_t limit_ms =
        kept ? UNDISTURBED_MS + plan->rtt_ms : FLOW_AGAIN_MS + 6 * plan->rtt_ms + plan->lossy_ms;
    if (kept && !both_are_direct(sim)) {
        return sim_fail(sim, "keepalives did not keep the direct path");
    }
    if (!flows(sim, sim->now, limit_ms, "after silence")) {
        return false;
    }
    return !sim->direct_possible || sim_run_until(sim, HEAL_MS + 4 * plan->rtt_ms + plan->lossy_ms,
                                                  both_are_direct, "both are direct after silence");
}

/* A host's program ends, and starts again on its store. The addresses in its view stay. */
static bool trouble_host(struct sim *sim, const struct plan *plan)
{
    struct host_node *host = &sim->hosts[plan_draw(sim, 0, SIM_HOSTS - 1)];
    struct traffic_view before = host->view;
    struct mono at = sim->now;

    journal_line(&sim->journal, "%s restarts", host->name);
    host_node_restart(host, sim->now);
    if (!host_node_knows_peer(host) || memcmp(&before, &host->view, sizeof(before)) != 0) {
        return sim_fail(sim, "%s forgot who has which address", host->name);
    }
    if (!flows(sim, at, RESTART_MS + 10 * plan->rtt_ms + 2 * plan->lossy_ms, "after its start")) {
        return false;
    }
    return !sim->direct_possible || sim_run_until(sim, HEAL_MS + 4 * plan->rtt_ms + plan->lossy_ms,
                                                  both_are_direct, "both are direct again");
}

/* A host gets another address where it is: in its LAN, or on the internet. */
static bool trouble_move(struct sim *sim, const struct plan *plan)
{
    size_t i = (size_t)plan_draw(sim, 0, SIM_HOSTS - 1);
    struct host_node *host = &sim->hosts[i];
    struct endpoint address = host->address;
    struct mono at = sim->now;
    size_t site;

    /* Where ports are foreseen because the NAT preserves them, the former address still holds this
     * one: that is a symmetric NAT for a while, of which the oracle knows nothing. */
    if (plan_has_site(plan, i, &site) && plan->nats[site].port_preserving &&
        plan->nats[site].mapping != NAT_ENDPOINT_INDEPENDENT) {
        return true;
    }
    address.ip[15] = (uint8_t)(100 + 2 * i + (address.ip[15] >= 100 ? 1 : 0));
    journal_line(&sim->journal, "%s moves", host->name);
    host_node_move(host, &address, sim->now);
    if (!flows(sim, at, RESTART_MS + 10 * plan->rtt_ms + 2 * plan->lossy_ms, "after the move")) {
        return false;
    }
    return !sim->direct_possible || sim_run_until(sim, HEAL_MS + 4 * plan->rtt_ms + plan->lossy_ms,
                                                  both_are_direct, "both are direct again");
}

/* A host's wall clock is wrong for a while, in some worlds until after sessions were renewed:
 * within the life of admissions nobody feels it. */
static bool trouble_clock(struct sim *sim, const struct plan *plan)
{
    struct host_node *host = &sim->hosts[plan_draw(sim, 0, SIM_HOSTS - 1)];
    int64_t step_ms = (int64_t)plan_draw(sim, 1, CLOCK_STEP_S_MAX) * 1000;
    uint64_t limit_ms = UNDISTURBED_MS + 2 * plan->rtt_ms + plan->lossy_ms;

    step_ms = plan_chance(sim, 50) ? -step_ms : step_ms;
    for (int i = 0; i < 2; i++) { /* wrong, and right again */
        struct mono at = sim->now;

        host->env.wall_step_ms = i == 0 ? step_ms : 0;
        journal_line(&sim->journal, "the clock of %s is wrong by %lld ms", host->name,
                     (long long)host->env.wall_step_ms);
        if (!sim_run(sim, plan_chance(sim, 40) ? REKEY_MS : plan_draw(sim, 1000, 10000))) {
            return false;
        }
        for (size_t k = 0; k < SIM_HOSTS; k++) {
            uint64_t gap_ms = traffic_gap_ms(&sim->traffic, k, at, sim->now);

            if (gap_ms > limit_ms) {
                return sim_fail(sim, "traffic from %s paused for %llu ms after a clock was set",
                                sim->hosts[k].name, (unsigned long long)gap_ms);
            }
        }
    }
    return true;
}

static bool phase_troubles(struct sim *sim, const struct plan *plan)
{
    static bool (*const troubles[])(struct sim *, const struct plan *) = {
        trouble_cut,     trouble_nat,  trouble_restart, trouble_host,
        trouble_silence, trouble_move, trouble_clock};
    const size_t count = sizeof(troubles) / sizeof(troubles[0]);
    size_t first = (size_t)plan_draw(sim, 0, count - 1);
    bool backwards = plan_chance(sim, 50);

    for (size_t i = 0; i < count; i++) {
        size_t which = (first + (backwards ? count - i : i)) % count;

        if (!troubles[which](sim, plan)) {
            return false;
        }
        if (i == 0 && sim->relay.initial_size > 0) {
            forge(sim, plan);
        }
    }
    return true;
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
    return sim->traffic.delivered * 2 > sim->traffic.count ||
           sim_fail(sim, "less than half of all packets arrived");
}

/* A member is thrown out while it sends: the other hears nothing of it any more, by no path. */
static bool phase_revoke(struct sim *sim, const struct plan *plan)
{
    size_t gone = (size_t)plan_draw(sim, 0, SIM_HOSTS - 1);
    uint8_t key[KEY_SIZE];

    /* After a NAT forgot its mappings, the relay reaches a host only after its next keepalive. */
    sim->send_at[gone] = sim->now;
    if (!sim_run(sim,
                 LINK_KEEPALIVE_MS + plan->rtt_ms + plan->lossy_ms + plan_draw(sim, 0, 5000))) {
        return false;
    }
    journal_line(&sim->journal, "%s is revoked", sim->hosts[gone].name);
    if (relay_core_revoke(sim->relay.core, sim->hosts[gone].name, key, sim->now) != VERDICT_OK) {
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
    return phase_join(sim, &plan) && phase_talk(sim, &plan) && phase_troubles(sim, &plan) &&
           phase_quiet(sim) && phase_revoke(sim, &plan);
}
