/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line of the simulator of large subnets; figures and what they mean stand in
 * docs/subnet.md.
 *
 * subnet_simulator [--relays N] [--seed S] [--json FILE] [--expect]
 */
#include "proto/base/bytes.h"
#include "tests/sim/subnet/figures.h"
#include "tests/sim/subnet/genesis.h"
#include "tests/sim/subnet/play_mesh.h"
#include "tests/sim/subnet/world.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

struct options {
    uint32_t relays;
    uint64_t seed;
    const char *json;
    bool expect;
};

static bool options_read(struct options *options, int argc, char **argv)
{
    static const struct option known[] = {
        {"relays", required_argument, NULL, 'r'},
        {"seed", required_argument, NULL, 's'},
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

static void play(const struct options *options, struct figures *figures)
{
    struct world *world = world_new(options->seed, 2 * options->relays + 128);

    world->loss_ppm = 5000;
    genesis(world, options->relays, 0);
    progress("the subnet exists");
    play_rest(world, figures, 10 * 60 * 1000);
    progress("it rested");
    play_newcomers(world, figures, 10);
    progress("relays came");
    play_partition(world, figures, 10 * 60 * 1000);
    progress("it was cut in two and healed");
    play_mesh_end(world, figures);
    world_free(world);
}

int main(int argc, char **argv)
{
    static struct figures figures;
    struct options options = {.relays = 300, .seed = 1};

    if (!options_read(&options, argc, argv)) {
        fprintf(stderr, "subnet_simulator [--relays N] [--seed S] [--json FILE] [--expect]\n");
        return 2;
    }
    CHECK(identity_library_init() == ERR_OK);
    play(&options, &figures);
    figures_print(&figures);
    if (options.json != NULL && !figures_write(&figures, options.json)) {
        perror(options.json);
        return 1;
    }
    if (options.expect) {
        figures_expect(&figures, "new_relay_known_to_95_percent_s", 0, 30);
        figures_expect(&figures, "new_relay_known_to_100_percent_worst_s", 0, 120);
        figures_expect(&figures, "healed_known_to_100_percent_s", 0, 180);
        figures_expect(&figures, "rest_sent_bytes_per_s_and_relay", 1, 2000);
        figures_expect(&figures, "records_unbelieved_mean", 0, 0);
    }
    return figures.failures > 0 ? 1 : 0;
}
