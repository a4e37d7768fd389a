/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The loop of a simulated world. Each step moves the time to the earliest deadline of the nodes and
 * of the underlay, runs whatever is due then, and checks what must always hold.
 */
#include "tests/sim/sim.h"

#include "proto/base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    IDLE_STEPS_MAX = 1000, /* of a core that stays due and sends nothing */
    /* For each relay. This is enough for the relay and a peer, even if the mappings from before a
     * restart and a move still live. */
    NAT_MAPPINGS_SANE = 80,
    NAT_MAPPINGS_GUESS = 2 * GUESS_SOCKETS_MAX, /* of two guesses, one of which was in vain */
    LOOK_MS = 100,
    SECOND_MS = 1000,
    SESSIONS_SANE = 2 * (SIM_NODES + SIM_RELAYS),
    KNOWN_MS = 5000, /* the relay tells who is there, over lossy links, too */
};

void sim_init(struct sim *sim, uint64_t seed, bool verbose)
{
    struct rng net = rng_stream(seed, "net");

    memset(sim, 0, sizeof(*sim));
    sim->seed = seed;
    sim->scenario = rng_stream(seed, "scenario");
    sim->packets = rng_stream(seed, "packets");
    sim->sodium = rng_stream(seed, "sodium");
    rng_install_sodium(&sim->sodium);
    CHECK(identity_library_init() == ERR_OK);
    journal_init(&sim->journal, verbose);
    node_env_init(&sim->library, "link", seed, &sim->journal);
    CHECK(link_library_init(&sim->library.ports.env) == ERR_OK);
    underlay_init(&sim->net, &sim->journal, &net);
    sim->now.ns = NS_PER_S;
    sim->journal.now = sim->now;
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        sim->send_at[i] = MONO_NEVER;
    }
    sim->second_at = MONO_NEVER;
    sim->known_since = MONO_NEVER;
}

void sim_fini(struct sim *sim)
{
    for (size_t i = 0; i < sim->nodes_count; i++) {
        sim_host_fini(&sim->hosts[i]);
    }
    for (size_t i = 0; i < sim->relays_count; i++) {
        sim_relay_fini(&sim->relays[i]);
    }
    underlay_fini(&sim->net);
    traffic_fini(&sim->traffic);
    link_library_fini();
}

bool sim_fail(struct sim *sim, const char *format, ...)
{
    va_list args;

    if (sim->failure[0] == '\0') {
        va_start(args, format);
        (void)vsnprintf(sim->failure, sizeof(sim->failure), format, args);
        va_end(args);
        journal_line(&sim->journal, "FAILED %s", sim->failure);
    }
    return false;
}

/* ---- what must always hold ---- */

static bool host_holds(struct sim *sim, struct sim_host *host)
{
    if (host->wrong != NULL) {
        return sim_fail(sim, "%s received a packet: %s", host->name, host->wrong);
    }
    if (host->idle_steps > IDLE_STEPS_MAX) {
        return sim_fail(sim, "the deadline of %s stays due and nothing happens", host->name);
    }
    if (host->node.box.refused_count + host->node.tun.refused_count > 0) {
        return sim_fail(sim, "%s filled a box of its shell", host->name);
    }
    return true;
}

static bool relay_holds(struct sim *sim, const struct sim_relay *relay)
{
    if (relay->idle_steps > IDLE_STEPS_MAX) {
        return sim_fail(sim, "the deadline of the relay stays due and nothing happens");
    }
    if (relay->node.box.refused_count > 0) {
        return sim_fail(sim, "the relay filled the box of its shell");
    }
    return relay->amplified == 0 ||
           sim_fail(sim, "the relay sent more than three times what an unproven address sent");
}

static bool all_holds(struct sim *sim)
{
    for (size_t i = 0; i < sim->nodes_count; i++) {
        if (!host_holds(sim, &sim->hosts[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < sim->net.sites_count; i++) {
        size_t sane =
            NAT_MAPPINGS_SANE * sim->relays_count + (sim->guesses ? NAT_MAPPINGS_GUESS : 0);

        if (sim->net.sites[i].nat.mappings_most > sane) {
            return sim_fail(sim, "a host made more than %zu mappings in its NAT", sane);
        }
    }
    for (size_t i = 0; i < sim->relays_count; i++) {
        if (!relay_holds(sim, &sim->relays[i])) {
            return false;
        }
    }
    if (sim->net.plaintext_seen > 0) {
        return sim_fail(sim, "a datagram shows plaintext");
    }
    return underlay_is_conserved(&sim->net) || sim_fail(sim, "a datagram vanished without a cause");
}

static bool look_at_relay(struct sim *sim, const struct sim_relay *relay)
{
    struct relay_snapshot snapshot;

    if (relay->node.core == NULL) {
        return true;
    }
    relay_core_snapshot(relay->node.core, &snapshot, sim->now);
    return (snapshot.sessions <= SESSIONS_SANE && snapshot.members <= SIM_NODES) ||
           sim_fail(sim, "the relay counts %u sessions and %llu members", snapshot.sessions,
                    (unsigned long long)snapshot.members);
}

/* Nobody is told that its peer cannot be reached while both are there, and known to the relay, for
 * a while. */
static bool refusals_are_right(struct sim *sim)
{
    struct relay_snapshot snapshot = {0};
    uint64_t refused = 0;
    bool knows_both;

    if (sim->relays[0].node.core != NULL && sim->nodes_count == SIM_HOSTS) {
        relay_core_snapshot(sim->relays[0].node.core, &snapshot, sim->now);
    }
    knows_both = snapshot.sessions == SIM_HOSTS && !sim->hosts[0].asleep && !sim->hosts[1].asleep;
    sim->known_since = knows_both ? mono_min(sim->known_since, sim->now) : MONO_NEVER;
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        refused += sim->hosts[i].refused;
    }
    bool more = refused > sim->refused;

    sim->refused = refused;
    return !more || mono_ms_between(sim->known_since, sim->now) < KNOWN_MS ||
           sim_fail(sim, "a host says that its peer is offline, which it is not");
}

/* These checks cost more, so they run only every LOOK_MS. */
static bool look(struct sim *sim)
{
    if (!refusals_are_right(sim)) {
        return false;
    }
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        if (!sim->direct_possible && sim_host_path(&sim->hosts[i], sim->now) == HOST_PATH_DIRECT) {
            return sim_fail(sim, "%s says it is direct, which its NAT and the peer's exclude",
                            sim->hosts[i].name);
        }
    }
    for (size_t i = 0; i < sim->relays_count; i++) {
        if (!look_at_relay(sim, &sim->relays[i])) {
            return false;
        }
    }
    return true;
}

/* ---- time ---- */

static void arrived(struct sim *sim, struct underlay_flying *f)
{
    for (size_t i = 0; i < sim->relays_count; i++) {
        struct sim_relay *relay = &sim->relays[i];

        if (f->origin == relay->attachment) {
            sim_relay_reached(relay, &f->aimed, sim->now);
        }
        if (f->destination == relay->attachment) {
            sim_relay_receive(relay, f, sim->now);
        }
    }
    for (size_t i = 0; i < sim->nodes_count; i++) {
        if (f->destination == sim->hosts[i].attachment) {
            sim_host_receive(&sim->hosts[i], f, sim->now);
        }
    }
    underlay_free(&sim->net, f);
}

static void applications_send(struct sim *sim)
{
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        struct sim_host *host = &sim->hosts[i];
        bool sends = mono_due(sim->send_at[i], sim->now);

        if (sim->answers[i]) {
            sends = host->owed > 0;
            host->owed -= sends ? 1 : 0;
        } else if (sends) {
            sim->send_at[i] = mono_add_ms(sim->now, SIM_SEND_MS);
        }
        if (sends) {
            sim_host_send(host, SIM_INNER_MTU, &sim->packets, sim->now);
        }
    }
}

static struct mono next_instant(const struct sim *sim)
{
    struct mono at = mono_min(underlay_deadline(&sim->net), sim->second_at);

    for (size_t i = 0; i < sim->relays_count; i++) {
        at = mono_min(at, sim_relay_deadline(&sim->relays[i]));
    }
    for (size_t i = 0; i < sim->nodes_count; i++) {
        at = mono_min(at, sim_host_deadline(&sim->hosts[i]));
    }
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        at = mono_min(at, sim->send_at[i]);
    }
    return mono_min(at, sim->look_at);
}

static bool step(struct sim *sim)
{
    struct underlay_flying *f = underlay_step(&sim->net, sim->now);

    if (f != NULL) {
        arrived(sim, f);
    }
    for (size_t i = 0; i < sim->relays_count; i++) {
        if (mono_due(sim_relay_deadline(&sim->relays[i]), sim->now)) {
            sim_relay_expire(&sim->relays[i], sim->now);
        }
    }
    for (size_t i = 0; i < sim->nodes_count; i++) {
        if (mono_due(sim_host_deadline(&sim->hosts[i]), sim->now)) {
            sim_host_expire(&sim->hosts[i], sim->now);
        }
    }
    applications_send(sim);
    if (mono_due(sim->second_at, sim->now)) {
        sim->second_at = mono_add_ms(sim->now, SECOND_MS);
        sim->each_second(sim, sim->context);
    }
    if (mono_due(sim->look_at, sim->now)) {
        sim->look_at = mono_add_ms(sim->now, LOOK_MS);
        if (!look(sim)) {
            return false;
        }
    }
    return all_holds(sim);
}

bool sim_run(struct sim *sim, uint64_t ms)
{
    struct mono end = mono_add_ms(sim->now, ms);

    while (sim->failure[0] == '\0') {
        struct mono at = next_instant(sim);

        if (mono_before(end, at)) {
            sim->now = end;
            sim->journal.now = end;
            return true;
        }
        if (mono_before(sim->now, at)) {
            sim->now = at;
            sim->journal.now = at;
        }
        if (!step(sim)) {
            return false;
        }
    }
    return false;
}

bool sim_run_until(struct sim *sim, uint64_t ms, bool (*reached)(struct sim *sim), const char *what)
{
    enum { SLICE_MS = 10 };

    for (uint64_t passed = 0; passed <= ms; passed += SLICE_MS) {
        if (reached(sim)) {
            journal_line(&sim->journal, "reached: %s, after %llu ms", what,
                         (unsigned long long)passed);
            return true;
        }
        if (!sim_run(sim, SLICE_MS)) {
            return false;
        }
    }
    return sim_fail(sim, "not within %llu ms: %s", (unsigned long long)ms, what);
}

bool sim_join(struct sim *sim, size_t i)
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
