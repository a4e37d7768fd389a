/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host is a key and where it is; it moves only when its relay is gone. */
#include "tests/sim/subnet/play_presence.h"

#include "proto/base/bytes.h"
#include "rendezvous/presence/presence_table.h"
#include "tests/sim/subnet/hostile.h"
#include "tests/sim/subnet/link.h"
#include "tests/sim/subnet/node.h"
#include "tests/sim/subnet/presence_side.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LIFETIME_MS = 3600 * 1000, /* of an attachment, renewed at half of it */
    MOVE_MS_MIN = 1000,        /* until a host whose relay is gone is at another one */
    MOVE_MS_MAX = 10000,
    ARRIVE_MS = 5 * 60 * 1000, /* in which all hosts come */
    BINS = 24,                 /* of the curve of look-ups that were right */
};

struct host {
    uint8_t key[KEY_SIZE];
    uint32_t relay; /* where it is */
    uint64_t sequence;
};

struct lookup {
    uint32_t host, asker, relay;
    struct mono since;
    double rtt_ms; /* to the nearest winner that is there */
    bool ended, right;
    double ms;
};

/** What the events need to know. */
struct play {
    const struct play_presence *plan;
    struct host *hosts;
    struct lookup *lookups;
    uint32_t begun, killed;
    struct mono start;
};

/* ---- hosts ---- */

static void attach(struct world *world, struct host *host)
{
    struct relay *relay = &world->relays[host->relay];
    struct presence_record record = {.created_ms = env_wall_ms(&world->ports.env),
                                     .lifetime_s = LIFETIME_MS / 1000};

    host->sequence = record.created_ms > host->sequence ? record.created_ms : host->sequence + 1;
    record.sequence = host->sequence;
    record.expires_ms = record.created_ms + LIFETIME_MS;
    memcpy(record.key, host->key, KEY_SIZE);
    memcpy(record.relay, relay->identity.public_key, KEY_SIZE);
    presence_side_sign(&record);
    presence_side_attach(world, relay, &record);
}

/* It comes, or renews its attachment, or looks for another relay. */
static void on_host(struct world *world, struct event *event)
{
    struct play *play = world->play;
    struct host *host = &play->hosts[event->from];

    if (!world->relays[host->relay].up) {
        host->relay = world_any(world)->number;
    }
    attach(world, host);
    world_later(world, LIFETIME_MS / 2 * 1000, on_host, 0)->from = event->from;
}

static void host_wait(struct world *world, uint32_t host, uint64_t ms)
{
    world_later(world, ms * 1000, on_host, 0)->from = host;
}

/* Only one event of a host renews its attachment; this one moves it, besides. */
static void on_move(struct world *world, struct event *event)
{
    struct play *play = world->play;
    struct host *host = &play->hosts[event->from];

    if (!world->relays[host->relay].up) {
        host->relay = world_any(world)->number;
        attach(world, host);
    }
}

/* ---- relays that come and go ---- */

static void on_churn(struct world *world, struct event *event)
{
    struct play *play = world->play;
    struct relay *gone = &world->relays[rng_below(&world->rng, world->count)];
    uint64_t gap_us = 3600ULL * 1000000 * 100 / play->plan->churn_percent / event->number;

    while (!gone->up) {
        gone = &world->relays[rng_below(&world->rng, world->count)];
    }
    presence_side_stop(gone);
    node_kill(world, gone);
    play->killed++;
    for (uint32_t i = 0; i < play->plan->hosts; i++) {
        if (play->hosts[i].relay == gone->number) {
            uint64_t wait_ms = rng_between(&world->rng, MOVE_MS_MIN, MOVE_MS_MAX);

            world_later(world, wait_ms * 1000, on_move, 0)->from = i;
        }
    }
    presence_side_start(world, node_join(world));
    world_later(world, gap_us, on_churn, 0)->number = event->number;
}

/* ---- look-ups ---- */

static void on_done(struct world *world, const struct looked_up *looked_up)
{
    struct play *play = world->play;
    struct lookup *lookup = &play->lookups[looked_up->number];
    const struct located *located = looked_up->located;

    bool right = located->count > 0 &&
                 memcmp(located->records[0].relay, world->relays[lookup->relay].identity.public_key,
                        KEY_SIZE) == 0;

    if (right && !lookup->right) { /* what comes later may be newer, or nothing any more */
        lookup->ms = (double)mono_ns_between(lookup->since, world->now) / 1e6;
    }
    lookup->ended = true;
    lookup->right = right;
}

static double nearest_ms(struct world *world, const struct relay *asker, const uint8_t *key)
{
    uint8_t winners[HRW_WINNERS][KEY_SIZE];
    size_t count = presence_side_winners(world, asker, key, winners, HRW_WINNERS);
    double nearest = NAN;

    for (size_t i = 0; i < count; i++) {
        const struct relay *winner = world_find(world, winners[i]);
        double rtt_ms = 2.0 * plane_way_us(&asker->place, &winner->place) / 1000;

        if (winner->up && winner->hostile == 0 && winner != asker && !(nearest <= rtt_ms)) {
            nearest = rtt_ms;
        }
    }
    return nearest;
}

static void on_lookup(struct world *world, struct event *event)
{
    struct play *play = world->play;
    struct lookup *lookup = &play->lookups[play->begun];
    uint32_t number = rng_below(&world->rng, play->plan->hosts);
    struct host *host = &play->hosts[number];
    struct relay *asker = world_any(world);

    if (play->begun + 1 < play->plan->lookups) {
        world_later(world, event->number, on_lookup, 0)->number = event->number;
    }
    if (!world->relays[host->relay].up || asker->number == host->relay) {
        return; /* it is just moving, or nobody needs to be asked */
    }
    *lookup = (struct lookup){.host = number,
                              .asker = asker->number,
                              .relay = host->relay,
                              .since = world->now,
                              .rtt_ms = nearest_ms(world, asker, host->key)};
    presence_side_locate(world, asker, host->key, play->begun++, on_done);
}

/* ---- figures ---- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void times_figures(struct figures *figures, const struct play *play)
{
    double *ms = calloc(play->begun + 1, sizeof(*ms)),
           *trips = calloc(play->begun + 1, sizeof(*ms));
    size_t count = 0, asked = 0;

    CHECK(ms != NULL && trips != NULL);
    for (uint32_t i = 0; i < play->begun; i++) {
        const struct lookup *at = &play->lookups[i];

        if (at->ended && at->right) {
            ms[count++] = at->ms;
        }
        if (at->ended && at->right && !isnan(at->rtt_ms)) {
            trips[asked++] = at->ms / at->rtt_ms;
        }
    }
    qsort(ms, count, sizeof(*ms), compare);
    qsort(trips, asked, sizeof(*trips), compare);
    figures_add(figures, "lookup_p50_ms", ms[count / 2]);
    figures_add(figures, "lookup_p95_ms", ms[count * 95 / 100]);
    figures_add(figures, "lookup_p50_round_trips", trips[asked / 2]);
    figures_add(figures, "lookup_p95_round_trips", trips[asked * 95 / 100]);
    free(ms);
    free(trips);
}

static void right_figures(struct world *world, struct figures *figures, const struct play *play)
{
    struct curve *curve = figures_curve(figures, "lookups_right_percent");
    uint32_t right[BINS] = {0}, all[BINS] = {0}, total = 0, good = 0;

    for (uint32_t i = 0; i < play->begun; i++) {
        const struct lookup *at = &play->lookups[i];
        uint64_t bin = mono_ms_between(play->start, at->since) * BINS / play->plan->ms;

        all[bin < BINS ? bin : BINS - 1]++;
        right[bin < BINS ? bin : BINS - 1] += at->right;
        total++;
        good += at->right;
    }
    for (int i = 0; i < BINS; i++) {
        if (all[i] > 0) {
            curve_add(curve, (double)play->plan->ms * (i + 0.5) / BINS / 60000,
                      100.0 * right[i] / all[i]);
        }
    }
    (void)world;
    figures_add(figures, "lookups", total);
    figures_add(figures, "lookups_right_percent", 100.0 * good / total);
}

static void load_figures(struct world *world, struct figures *figures, uint32_t seats)
{
    double *loads = calloc(seats, sizeof(*loads));
    double sum = 0, bytes = 0, hostile = 0;
    size_t count = 0;

    CHECK(loads != NULL);
    for (uint32_t i = 0; i < seats; i++) {
        const struct relay *relay = &world->relays[i];
        double records = presence_side_records(relay);

        if (relay->up) {
            loads[count++] = records;
            sum += records;
            bytes += (double)presence_side_bytes(relay);
            hostile += relay->hostile != 0 ? records : 0;
        }
    }
    qsort(loads, count, sizeof(*loads), compare);
    figures_add(figures, "presence_records", sum);
    figures_add(figures, "presence_record_bytes", bytes / sum);
    figures_add(figures, "presence_at_hostile_percent", 100 * hostile / sum);
    figures_add(figures, "seat_load_mean", sum / (double)count);
    figures_add(figures, "seat_load_p99_by_mean", loads[count * 99 / 100] * (double)count / sum);
    figures_add(figures, "seat_load_max_by_mean", loads[count - 1] * (double)count / sum);
    free(loads);
}

/* ---- the play ---- */

static void hosts_make(struct world *world, struct play *play)
{
    for (uint32_t i = 0; i < play->plan->hosts; i++) {
        rng_fill(&world->rng, play->hosts[i].key, KEY_SIZE);
        play->hosts[i].relay = world_any(world)->number;
        host_wait(world, i, rng_below(&world->rng, ARRIVE_MS));
    }
}

void play_presence(struct world *world, struct figures *figures, const struct play_presence *plan)
{
    struct play play = {.plan = plan};
    uint32_t seats = world->count;

    play.hosts = calloc(plan->hosts, sizeof(*play.hosts));
    play.lookups = calloc(plan->lookups, sizeof(*play.lookups));
    CHECK(play.hosts != NULL && play.lookups != NULL);
    world->play = &play;
    for (uint32_t i = 0; i < world->count; i++) {
        if (world->relays[i].up) {
            presence_side_start(world, &world->relays[i]);
        }
    }
    hosts_make(world, &play);
    node_run(world, ARRIVE_MS + 60 * 1000);
    load_figures(world, figures, seats);

    play.start = world->now;
    hostile_begin(world);
    world_later(world, 0, on_lookup, 0)->number = plan->ms * 1000 / plan->lookups;
    if (plan->churn_percent > 0) {
        world_later(world, 0, on_churn, 0)->number = world->count;
    }
    node_run(world, plan->ms);
    right_figures(world, figures, &play);
    times_figures(figures, &play);
    figures_add(figures, "relays_gone", play.killed);
    figures_add(figures, "fakes_believed_mean", hostile_believed(world));
    for (uint32_t i = 0; i < world->count; i++) {
        presence_side_stop(&world->relays[i]);
    }
    free(play.hosts);
    free(play.lookups);
    /* Events of this play are still there; nothing runs after it. */
}
