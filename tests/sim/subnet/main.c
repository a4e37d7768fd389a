/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line of the simulator of large subnets; figures and what they mean stand in
 * docs/subnet.md.
 *
 * subnet_simulator [--relays N] [--hosts N] [--minutes N] [--lookups N] [--hosts-only]
 *                  [--seed S] [--json FILE] [--expect]
 */
#include "proto/base/bytes.h"
#include "tests/sim/subnet/figures.h"
#include "tests/sim/subnet/genesis.h"
#include "tests/sim/subnet/node.h"
#include "tests/sim/subnet/play_mesh.h"
#include "tests/sim/subnet/play_presence.h"
#include "tests/sim/subnet/play_search.h"
#include "tests/sim/subnet/world.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum {
    LOSS_PPM = 5000,
    HOSTILE_PERCENT = 20,
    CHURN_PERCENT = 20, /* an hour */
    LARGE = 1000,       /* relays */
};

#define MINUTE_MS (UINT64_C(60) * 1000)

struct options {
    uint32_t relays;
    uint64_t seed;
    uint32_t hosts, minutes, lookups;
    const char *json;
    bool expect, no_mesh;
};

static bool options_read(struct options *options, int argc, char **argv)
{
    static const struct option known[] = {
        {"relays", required_argument, NULL, 'r'},
        {"seed", required_argument, NULL, 's'},
        {"hosts", required_argument, NULL, 'h'},
        {"minutes", required_argument, NULL, 'm'},
        {"lookups", required_argument, NULL, 'l'},
        {"hosts-only", no_argument, NULL, 'o'},
        {"json", required_argument, NULL, 'j'},
        {"expect", no_argument, NULL, 'e'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'r':
            options->relays = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 's':
            options->seed = strtoull(optarg, NULL, 10);
            break;
        case 'h':
            options->hosts = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'm':
            options->minutes = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'l':
            options->lookups = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'o':
            options->no_mesh = true;
            break;
        case 'j':
            options->json = optarg;
            break;
        case 'e':
            options->expect = true;
            break;
        default:
            return false;
        }
    }
    return optind == argc && options->relays >= 8;
}

static double seconds(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
}

static void progress(const char *what)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    fprintf(stderr, "%7.1f s CPU, %6ld MB: %s\n", seconds(), usage.ru_maxrss / 1024, what);
}

/* A subnet of which a fifth is hostile, with hosts. */
static void play_hosts(const struct options *options, struct figures *figures, struct world *world)
{
    const struct play_presence plan = {.hosts = options->hosts,
                                       .ms = options->minutes * MINUTE_MS,
                                       .lookups = options->lookups,
                                       .churn_percent = CHURN_PERCENT};

    play_presence(world, figures, &plan);
    progress("hosts were looked up");
}

static struct world *begin(const struct options *options, uint32_t hostile_percent)
{
    struct world *world = world_new(options->seed, 2 * options->relays + 128);

    world->loss_ppm = LOSS_PPM;
    genesis(world, options->relays, hostile_percent);
    progress("the subnet exists");
    return world;
}

/* All that is known of meshes, in a world of honest relays; and hosts in another world. */
static void play_small(const struct options *options, struct figures *figures)
{
    struct world *world;

    if (!options->no_mesh) {
        world = begin(options, 0);
        play_rest(world, figures, 10 * MINUTE_MS, 10 * MINUTE_MS);
        progress("it rested");
        play_newcomers(world, figures, 10, 30 * MINUTE_MS);
        progress("relays came");
        play_partition(world, figures, 10 * MINUTE_MS);
        progress("it was cut in two and healed");
        play_mesh_end(world, figures);
        world_free(world);
    }
    if (options->hosts > 0) {
        world = begin(options, HOSTILE_PERCENT);
        node_run(world, 3 * MINUTE_MS);
        play_search(world, figures);
        progress("pools were searched");
        play_hosts(options, figures, world);
        world_free(world);
    }
}

/* Thousands of relays are made but once, and time passes slowly there. */
static void play_large(const struct options *options, struct figures *figures)
{
    struct world *world = begin(options, HOSTILE_PERCENT);

    play_rest(world, figures, 4 * MINUTE_MS, 3 * MINUTE_MS);
    progress("it rested");
    play_newcomers(world, figures, 4, 2 * MINUTE_MS);
    progress("relays came");
    play_mesh_end(world, figures);
    if (options->hosts > 0) {
        play_hosts(options, figures, world);
    }
    world_free(world);
}

int main(int argc, char **argv)
{
    static struct figures figures;
    struct options options = {
        .relays = 300, .seed = 1, .hosts = 3000, .minutes = 60, .lookups = 3000};

    if (!options_read(&options, argc, argv)) {
        fprintf(stderr, "the options stand at the beginning of tests/sim/subnet/main.c\n");
        return 2;
    }
    CHECK(identity_library_init() == ERR_OK);
    if (options.relays > LARGE) {
        play_large(&options, &figures);
    } else {
        play_small(&options, &figures);
    }
    figures_print(&figures);
    if (options.json != NULL && !figures_write(&figures, options.json)) {
        perror(options.json);
        return 1;
    }
    if (options.expect) {
        figures_expect(&figures, "new_relay_known_to_95_percent_s", 0, 30);
        figures_expect(&figures, "new_relay_knows_95_percent_worst_s", 0, 60);
        figures_expect(&figures, "new_relay_known_to_100_percent_worst_s", 0, 120);
        figures_expect(&figures, "healed_known_to_100_percent_s", 0, 180);
        figures_expect(&figures, "rest_sent_bytes_per_s_and_relay", 1, 2000);
        figures_expect(&figures, "records_unbelieved_mean", 0, 0);
        if (options.hosts > 0) {
            figures_expect(&figures, "lookups_right_percent", 99, 100);
            figures_expect(&figures, "lookup_p50_round_trips", 0, 2);
            figures_expect(&figures, "fakes_believed_mean", 0, 0);
        }
    }
    return figures.failures > 0 ? 1 : 0;
}
