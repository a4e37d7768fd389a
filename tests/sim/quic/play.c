/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scenarios: each begins where the one before left the net. */
#include "tests/sim/quic/play.h"

#include "proto/base/bytes.h"
#include "tests/support/net_host.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
    BETWEEN_MS = 200,      /* between two relays of the beginning */
    GROW_S_MAX = 1800,     /* then the subnet will never be whole */
    SETTLE_MS = 300000,    /* until those who came are at rest */
    BETWEEN_NEW_MS = 5000, /* between two newcomers */
    LOOK_MS = 250,
    NEWCOMERS_MAX = 32,
    SAMPLES_MAX = 1024,
    SAME_WAY_US = 10000, /* as between hosts and their relays */
    FIRST_FRAME_SIZE = 200,
    FIRST_FRAME_MS = 2000, /* then it will not come any more */
    NOON_MS = 12 * 3600 * 1000,
};

/* ---- the net ---- */

/* The way looks its net's places up here. */
static const struct place *places;

static uint64_t on_the_plane(const struct relay_net *net, size_t from, size_t to)
{
    (void)net;
    return plane_way_us(&places[from], &places[to]);
}

static uint64_t the_same(const struct relay_net *net, size_t from, size_t to)
{
    (void)net;
    (void)from;
    (void)to;
    return SAME_WAY_US;
}

struct play *play_new(size_t relays, uint64_t seed)
{
    struct play *play = calloc(1, sizeof(*play));

    CHECK(play != NULL);
    play->net = relay_net_new(relays, seed);
    play->net->ports.wall_ms += NOON_MS; /* at midnight the winners of two days are told */
    play->net->wire.loss_per_mille = 5;
    play->net->wire.delay_us = SAME_WAY_US;
    play->rng = rng_stream(seed, "places");
    for (size_t i = 0; i < relays; i++) {
        play->places[i] = plane_draw(&play->rng);
        relay_node_set_open(&play->net->nodes[i]);
    }
    places = play->places;
    play->net->way_us = on_the_plane;
    return play;
}

void play_free(struct play *play)
{
    relay_net_free(play->net);
    free(play);
}

/* The next relay, which knows this one. */
static void come(struct play *play, size_t known)
{
    size_t i = play->running++;

    relay_net_peer(play->net, i, known, &play->peers[i]);
    relay_net_start_one(play->net, i);
}

static const struct mesh_stats *stats_of(const struct play *play, size_t i)
{
    return mesh_stats(play->net->nodes[i].core->mesh.mesh);
}

/* How many relays know how many others, in all; each knows itself, too, once it announces itself.
 */
static size_t known(const struct play *play)
{
    size_t sum = 0;

    for (size_t i = 0; i < play->running; i++) {
        sum += stats_of(play, i)->nodes;
    }
    return sum;
}

static double seconds_since(const struct play *play, struct mono since)
{
    return (double)mono_ms_between(since, play->net->now) / 1000;
}

/* ---- growing ---- */

void play_grow(struct play *play, struct figures *figures, size_t count)
{
    struct mono since;
    size_t all = count * count;

    while (play->running < count) {
        come(play, 0);
        relay_net_run(play->net, BETWEEN_MS);
    }
    since = play->net->now;
    figures_add(figures, "relays", (double)count);
    figures_add(figures, "grow_known_share_when_the_last_came", (double)known(play) / (double)all);
    while (known(play) * 100 < all * 95 && seconds_since(play, since) < GROW_S_MAX) {
        relay_net_run(play->net, LOOK_MS);
    }
    figures_add(figures, "grow_each_knows_95_percent_s", seconds_since(play, since));
    while (known(play) < all && seconds_since(play, since) < GROW_S_MAX) {
        relay_net_run(play->net, LOOK_MS);
    }
    figures_add(figures, "grow_each_knows_all_s", seconds_since(play, since));
    figures_add(figures, "grow_known_share", (double)known(play) / (double)all);
}

/* ---- rest ---- */

struct totals {
    uint64_t packets, bytes, most; /* most: bytes of one relay */
    uint64_t controls, sessions, dials;
    double cpu_s;
};

static struct totals totals_of(const struct play *play, const struct relay_net_sent *before)
{
    struct totals totals = {0};
    struct rusage usage;

    for (size_t i = 0; i < play->running; i++) {
        const struct relay_net_sent *sent = &play->net->sent[i];
        uint64_t bytes = sent->bytes - before[i].bytes;
        struct relay_snapshot snapshot;

        relay_core_snapshot(play->net->nodes[i].core, &snapshot, play->net->now);
        totals.packets += sent->packets - before[i].packets;
        totals.bytes += bytes;
        totals.most = bytes > totals.most ? bytes : totals.most;
        totals.controls += snapshot.link.control_sent;
        totals.sessions += snapshot.neighbours;
        totals.dials += stats_of(play, i)->dials;
    }
    (void)getrusage(RUSAGE_SELF, &usage);
    totals.cpu_s = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
    return totals;
}

void play_rest(struct play *play, struct figures *figures, uint64_t ms)
{
    static struct relay_net_sent before[RELAY_NET_MAX];
    double relay_seconds = (double)play->running * (double)ms / 1000;
    struct rusage usage;

    relay_net_run(play->net, SETTLE_MS);
    memcpy(before, play->net->sent, sizeof(before));
    struct totals begin = totals_of(play, before);

    relay_net_run(play->net, ms);
    struct totals end = totals_of(play, before);

    (void)getrusage(RUSAGE_SELF, &usage);
    figures_add(figures, "rest_sessions_per_relay", (double)end.sessions / (double)play->running);
    figures_add(figures, "rest_sent_bytes_per_s_and_relay", (double)end.bytes / relay_seconds);
    figures_add(figures, "rest_sent_bytes_per_s_of_the_busiest",
                (double)end.most / ((double)ms / 1000));
    figures_add(figures, "rest_sent_packets_per_s_and_relay", (double)end.packets / relay_seconds);
    figures_add(figures, "rest_control_messages_per_s_and_relay",
                (double)(end.controls - begin.controls) / relay_seconds);
    figures_add(figures, "rest_reach_dials_per_hour_and_relay",
                (double)(end.dials - begin.dials) / relay_seconds * 3600);
    figures_add(figures, "rest_cpu_percent_of_a_core_per_relay",
                (end.cpu_s - begin.cpu_s) / relay_seconds * 100);
    figures_add(figures, "memory_kB_per_relay_at_most",
                (double)usage.ru_maxrss / (double)play->running);
}

/* ---- newcomers ---- */

struct newcomer {
    struct mono since;
    double most_s, all_s; /* INFINITY: not yet */
};

static size_t known_by(const struct play *play, size_t who)
{
    struct node_found found;
    size_t count = 0;

    for (size_t i = 0; i < play->running; i++) {
        count += i != who && mesh_find(play->net->nodes[i].core->mesh.mesh,
                                       relay_net_key(play->net, who), &found)
                     ? 1
                     : 0;
    }
    return count;
}

/* True if all know all of them. */
static bool newcomers_look(const struct play *play, struct newcomer *list, size_t first)
{
    size_t others = play->running - 1;
    bool done = true;

    for (size_t i = first; i < play->running; i++) {
        struct newcomer *newcomer = &list[i - first];
        size_t count = known_by(play, i);

        if (isinf(newcomer->most_s) && count * 100 >= others * 95) {
            newcomer->most_s = seconds_since(play, newcomer->since);
        }
        if (isinf(newcomer->all_s) && count == others) {
            newcomer->all_s = seconds_since(play, newcomer->since);
        }
        done = done && !isinf(newcomer->all_s);
    }
    return done;
}

static int by_value(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;

    return one < other ? -1 : one > other;
}

/* Sorts the values. */
static double quantile(double *values, size_t count, size_t percent)
{
    qsort(values, count, sizeof(values[0]), by_value);
    return count == 0 ? NAN : values[(count - 1) * percent / 100];
}

void play_newcomers(struct play *play, struct figures *figures)
{
    struct newcomer list[NEWCOMERS_MAX];
    double most[NEWCOMERS_MAX], all[NEWCOMERS_MAX];
    size_t first = play->running, count = play->net->count - first;
    struct mono since = play->net->now;

    CHECK(count <= NEWCOMERS_MAX);
    while (play->running < play->net->count) {
        list[play->running - first] = (struct newcomer){play->net->now, INFINITY, INFINITY};
        come(play, rng_below(&play->rng, (uint32_t)first));
        for (int i = 0; i < BETWEEN_NEW_MS / LOOK_MS; i++) {
            relay_net_run(play->net, LOOK_MS);
            (void)newcomers_look(play, list, first);
        }
    }
    while (!newcomers_look(play, list, first) && seconds_since(play, since) < GROW_S_MAX) {
        relay_net_run(play->net, LOOK_MS);
    }
    for (size_t i = 0; i < count; i++) {
        most[i] = list[i].most_s;
        all[i] = list[i].all_s;
    }
    figures_add(figures, "new_relay_known_to_95_percent_s", quantile(most, count, 50));
    figures_add(figures, "new_relay_known_to_95_percent_worst_s", quantile(most, count, 100));
    figures_add(figures, "new_relay_known_to_100_percent_s", quantile(all, count, 50));
    figures_add(figures, "new_relay_known_to_100_percent_worst_s", quantile(all, count, 100));
}

/* ---- look-ups ---- */

struct looks {
    double ms[SAMPLES_MAX];
    size_t count, found;
};

static void look(struct looks *looks, struct net_host *asker, const struct net_host *sought)
{
    double ms = (double)net_host_locate(asker, sought->identity.public_key);

    CHECK(looks->count < SAMPLES_MAX);
    looks->ms[looks->count++] = ms;
    looks->found += net_host_located(asker) > 0 ? 1 : 0;
}

/* The relay of an asker gets sessions to the winners of a key. */
static void warm(struct play *play, size_t relay, const uint8_t key[KEY_SIZE])
{
    struct presence_service *presence = &play->net->nodes[relay].core->presence;
    uint8_t ranks[LOCATE_RANKS_MAX][KEY_SIZE];
    size_t count = 0;

    presence_seats_keep(&presence->seats, play->net->now);
    CHECK(presence_seats_ranks(&presence->seats, key, ranks, &count, false, play->net->now));
    for (size_t i = 0; i < count && i < HRW_WINNERS; i++) {
        (void)neighbour_want(relay_net_neighbours(play->net, relay), ranks[i], play->net->now);
    }
    relay_net_run(play->net, 2000);
}

/* When a host got the next frame after so many. */
static void arrival(struct looks *looks, const struct net_host *to, size_t before, struct mono sent)
{
    bool arrived = to->frames > before;

    CHECK(looks->count < SAMPLES_MAX);
    looks->ms[looks->count++] =
        arrived ? (double)mono_ns_between(sent, to->frame_at) / 1e6 : INFINITY;
    looks->found += arrived ? 1 : 0;
}

/* A host sends to another of which it knows only the key: how long does its first frame take, and
 * how long until it has the answer? */
static void first_frame(struct play *play, struct looks *frames, struct looks *answers,
                        struct net_host *from, struct net_host *to)
{
    struct mono sent = play->net->now;
    size_t before = to->frames, answers_before = from->frames;

    to->answers = true;
    net_host_frame(from, to->identity.public_key, 1, FIRST_FRAME_SIZE);
    relay_net_run(play->net, FIRST_FRAME_MS);
    to->answers = false;
    arrival(frames, to, before, sent);
    arrival(answers, from, answers_before, sent);
}

static void frames_figures(struct play *play, struct figures *figures, struct net_host *host,
                           size_t hosts)
{
    static struct looks frames, answers;
    double trip_ms = 2.0 * SAME_WAY_US / 1000;

    for (size_t i = 0; i < hosts; i++) {
        first_frame(play, &frames, &answers, &host[i], &host[(i + 5) % hosts]);
    }
    figures_add(figures, "first_frame_arrived_share", (double)frames.found / (double)hosts);
    figures_add(figures, "first_answer_arrived_share", (double)answers.found / (double)hosts);
    figures_add(figures, "first_frame_p50_round_trips",
                quantile(frames.ms, frames.count, 50) / trip_ms);
    figures_add(figures, "first_frame_p95_round_trips",
                quantile(frames.ms, frames.count, 95) / trip_ms);
    figures_add(figures, "first_answer_p50_round_trips",
                quantile(answers.ms, answers.count, 50) / trip_ms);
    figures_add(figures, "first_answer_p95_round_trips",
                quantile(answers.ms, answers.count, 95) / trip_ms);
}

void play_locate(struct play *play, struct figures *figures, size_t hosts)
{
    static struct looks cold, same_cold, same_warm;
    struct net_host *host = calloc(hosts, sizeof(*host));
    double trip_ms = 2.0 * SAME_WAY_US / 1000;

    CHECK(host != NULL);
    for (size_t i = 0; i < hosts; i++) {
        size_t relay = i * play->running / hosts;

        net_host_init(&host[i], play->net, (uint8_t)i);
        net_host_attach(&host[i], relay, 1);
        net_host_dial(&host[i], relay);
    }
    relay_net_run(play->net, 60000);
    for (size_t i = 0; i < hosts; i++) { /* no pair of hosts twice, so that no answer is known */
        look(&cold, &host[i], &host[(i + 1) % hosts]);
    }
    play->net->way_us = the_same;
    relay_net_run(play->net, 60000);
    for (size_t i = 0; i < hosts; i++) {
        look(&same_cold, &host[i], &host[(i + 2) % hosts]);
    }
    for (size_t i = 0; i < hosts; i++) {
        const struct net_host *sought = &host[(i + 3) % hosts];

        warm(play, i * play->running / hosts, sought->identity.public_key);
        look(&same_warm, &host[i], sought);
    }
    size_t looks = cold.count + same_cold.count + same_warm.count;

    figures_add(figures, "locates", (double)looks);
    figures_add(figures, "locate_right_share",
                (double)(cold.found + same_cold.found + same_warm.found) / (double)looks);
    figures_add(figures, "locate_cold_p50_ms", quantile(cold.ms, cold.count, 50));
    figures_add(figures, "locate_cold_p95_ms", quantile(cold.ms, cold.count, 95));
    figures_add(figures, "locate_cold_p50_round_trips",
                quantile(same_cold.ms, same_cold.count, 50) / trip_ms);
    figures_add(figures, "locate_cold_p95_round_trips",
                quantile(same_cold.ms, same_cold.count, 95) / trip_ms);
    figures_add(figures, "locate_open_p50_round_trips",
                quantile(same_warm.ms, same_warm.count, 50) / trip_ms);
    figures_add(figures, "locate_open_p95_round_trips",
                quantile(same_warm.ms, same_warm.count, 95) / trip_ms);
    frames_figures(play, figures, host, hosts);
    play->net->guests_count = 0;
    for (size_t i = 0; i < hosts; i++) {
        net_host_fini(&host[i]);
    }
    free(host);
}
