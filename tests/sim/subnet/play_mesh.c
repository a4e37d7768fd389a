/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scenarios: each begins where the one before left the world. */
#include "tests/sim/subnet/play_mesh.h"

#include "proto/base/bytes.h"
#include "tests/sim/subnet/link.h"
#include "tests/sim/subnet/node.h"
#include "tests/sim/subnet/spread.h"

#include <math.h>
#include <stdlib.h>

enum {
    BETWEEN_MS = 7000, /* between two newcomers */
    NEWCOMERS_MAX = 32,
    ISLANDERS = 4, /* who come to each island */
    SPREAD_MS_MAX = 20 * 60 * 1000,
};

/* ---- rest ---- */

static uint64_t sent_bytes(const struct world *world)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < world->count; i++) {
        sum += world->relays[i].sent_bytes;
    }
    return sum;
}

static double sessions_mean(const struct world *world)
{
    uint64_t sum = 0, up = 0;

    for (uint32_t i = 0; i < world->count; i++) {
        sum += world->relays[i].session_count;
        up += world->relays[i].up;
    }
    return (double)sum / (double)up;
}

void play_rest(struct world *world, struct figures *figures, uint64_t settle_ms, uint64_t rest_ms)
{
    node_run(world, settle_ms);

    uint64_t before = sent_bytes(world);

    node_run(world, rest_ms);

    double per_s = (double)(sent_bytes(world) - before) / world->count / ((double)rest_ms / 1000);
    double sessions = sessions_mean(world);

    per_s += sessions * link_keepalive_bytes_per_s();
    figures_add(figures, "rest_sessions_per_relay", sessions);
    figures_add(figures, "rest_sent_bytes_per_s_and_relay", per_s);
    figures_add(figures, "rest_sent_megabytes_per_hour_and_relay", per_s * 3600 / 1e6);
}

/* ---- newcomers ---- */

struct learners {
    uint32_t first, count; /* the relays that came */
    double
        learned_s[NEWCOMERS_MAX]; /* from its birth until it knew 95 % of all others; 0: not yet */
};

/* True if all have learned. */
static bool learners_look(struct learners *learners, const struct world *world)
{
    uint32_t known_min = (world_honest_count(world) - 1) * 95 / 100;
    bool all = true;

    for (uint32_t i = 0; i < learners->count; i++) {
        const struct relay *relay = &world->relays[learners->first + i];

        if (learners->learned_s[i] == 0 && mesh_stats(relay->mesh)->nodes >= known_min) {
            learners->learned_s[i] = (double)mono_ms_between(relay->born, world->now) / 1000;
        }
        all = all && learners->learned_s[i] != 0;
    }
    return all;
}

static int by_value(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;

    return one < other ? -1 : one > other;
}

/* Wait at most so long for those who have not learned yet. */
static void learners_figures(struct learners *learners, struct world *world,
                             struct figures *figures, uint64_t ms_max)
{
    double *list = learners->learned_s;

    for (uint64_t at = 0; at < ms_max && !learners_look(learners, world); at += 250) {
        node_run(world, 250);
    }
    for (uint32_t i = 0; i < learners->count; i++) {
        list[i] = list[i] == 0 ? INFINITY : list[i];
    }
    qsort(list, learners->count, sizeof(*list), by_value);
    figures_add(figures, "new_relay_knows_95_percent_s", list[(learners->count - 1) / 2]);
    figures_add(figures, "new_relay_knows_95_percent_worst_s", list[learners->count - 1]);
}

void play_newcomers(struct world *world, struct figures *figures, uint32_t count,
                    uint64_t learn_ms_max)
{
    struct spread spread = {.count = 0};
    struct learners learners = {.first = world->count};
    struct curve *curve = figures_curve(figures, "newcomer_known_share");

    CHECK(count <= NEWCOMERS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        const struct relay *relay = node_join(world);

        learners.count++;
        spread_watch(&spread, world, relay);
        for (int looks = 0; looks < BETWEEN_MS / 250; looks++) {
            node_run(world, 250);
            (void)spread_look(&spread, world);
            (void)learners_look(&learners, world);
            if (spread.list[0].all_s < 0) {
                curve_add(curve, (double)mono_ms_between(spread.list[0].since, world->now) / 1000,
                          spread.list[0].share);
            }
        }
    }
    spread_run(&spread, world, learn_ms_max, 500);
    learners_figures(&learners, world, figures, learn_ms_max);
    figures_add(figures, "new_relay_known_to_50_percent_s", spread_time(&spread, 50, false));
    figures_add(figures, "new_relay_known_to_95_percent_s", spread_time(&spread, 95, false));
    figures_add(figures, "new_relay_known_to_100_percent_s", spread_time(&spread, 100, false));
    figures_add(figures, "new_relay_known_to_95_percent_worst_s", spread_time(&spread, 95, true));
    figures_add(figures, "new_relay_known_to_100_percent_worst_s", spread_time(&spread, 100, true));
}

/* ---- partition ---- */

static struct relay *join_island(struct world *world, uint32_t island)
{
    struct relay *relay = node_join(world);

    while (relay->island != island) {
        node_kill(world, relay);
        relay = node_join(world);
    }
    return relay;
}

void play_partition(struct world *world, struct figures *figures, uint64_t cut_ms)
{
    struct spread spread = {.count = 0};
    struct curve *curve = figures_curve(figures, "healed_known_share");
    const struct relay *islanders[2 * ISLANDERS];

    /* The west of the plane from its east: neighbours that are near are on the same side. */
    for (uint32_t i = 0; i < world->count; i++) {
        world->relays[i].island = world->relays[i].place.x < -20000;
    }
    world->cut = true;
    for (uint32_t i = 0; i < world->count; i++) {
        if (world->relays[i].up) {
            link_silence(world, &world->relays[i]);
        }
    }
    node_run(world, cut_ms / 2);
    for (uint32_t i = 0; i < 2 * ISLANDERS; i++) {
        islanders[i] = join_island(world, i % 2);
    }
    node_run(world, cut_ms / 2);
    world->cut = false;
    for (uint32_t i = 0; i < 2 * ISLANDERS; i++) {
        spread_watch(&spread, world, islanders[i]);
    }

    struct mono healed = world->now;

    for (uint64_t at = 0; at < SPREAD_MS_MAX; at += 1000) {
        bool all = spread_look(&spread, world);

        curve_add(curve, (double)mono_ms_between(healed, world->now) / 1000, spread_share(&spread));
        if (all) {
            break;
        }
        node_run(world, 1000);
    }
    figures_add(figures, "healed_known_to_95_percent_s", spread_time(&spread, 95, true));
    figures_add(figures, "healed_known_to_100_percent_s", spread_time(&spread, 100, true));
}

/* ---- the end ---- */

void play_mesh_end(struct world *world, struct figures *figures)
{
    uint64_t nodes = 0, honest = 0, unbelieved = 0, refused = 0, unreached = 0, full = 0;

    for (uint32_t i = 0; i < world->count; i++) {
        if (!world->relays[i].up || world->relays[i].hostile != 0) {
            continue;
        }
        const struct mesh_stats *stats = mesh_stats(world->relays[i].mesh);

        honest++;
        nodes += stats->nodes;
        unbelieved += stats->unbelieved;
        refused += stats->limit_believed + stats->limit_unproven;
        unreached += stats->unreached;
        full += stats->limit_all + stats->limit_prefix;
    }
    figures_add(figures, "relays_up_honest", (double)honest);
    figures_add(figures, "records_believed_mean", (double)nodes / (double)honest);
    figures_add(figures, "records_unbelieved_mean", (double)unbelieved / (double)honest);
    figures_add(figures, "records_refused_rate_mean", (double)refused / (double)honest);
    figures_add(figures, "records_refused_room_mean", (double)full / (double)honest);
    figures_add(figures, "records_unreached_mean", (double)unreached / (double)honest);
    figures_add(figures, "messages_delivered", (double)world->delivered);
}
