/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line of the simulator of subnets of real relays. Larger ones, without QUIC:
 * tests/sim/subnet.
 *
 * quic_simulator [--relays N] [--newcomers N] [--hosts N] [--rest SECONDS] [--seed S] [--json FILE]
 *     [--expect]
 */
#include "proto/base/bytes.h"
#include "tests/sim/quic/play.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

struct options {
    size_t relays, newcomers, hosts;
    uint64_t seed, rest_s;
    const char *json;
    bool expect;
};

static bool options_read(struct options *options, int argc, char **argv)
{
    static const struct option known[] = {
        {"relays", required_argument, NULL, 'r'}, {"newcomers", required_argument, NULL, 'n'},
        {"hosts", required_argument, NULL, 'h'},  {"rest", required_argument, NULL, 't'},
        {"seed", required_argument, NULL, 's'},   {"json", required_argument, NULL, 'j'},
        {"expect", no_argument, NULL, 'e'},       {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        uint64_t number = optarg != NULL ? strtoull(optarg, NULL, 10) : 0;

        switch (option) {
        case 'r':
            options->relays = (size_t)number;
            break;
        case 'n':
            options->newcomers = (size_t)number;
            break;
        case 'h':
            options->hosts = (size_t)number;
            break;
        case 't':
            options->rest_s = number;
            break;
        case 's':
            options->seed = number;
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
    return optind == argc && options->relays >= 8 && options->newcomers >= 1 &&
           options->newcomers <= 32 && options->relays + options->newcomers <= RELAY_NET_MAX &&
           options->hosts >= 4 && options->hosts <= RELAY_NET_GUESTS_MAX && options->rest_s > 0;
}

static void progress(const char *what)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    fprintf(stderr, "%7.1f s CPU, %6ld MB: %s\n",
            (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6,
            usage.ru_maxrss / 1024, what);
}

int main(int argc, char **argv)
{
    static struct figures figures;
    struct options options = {
        .relays = 300, .newcomers = 10, .hosts = 24, .seed = 1, .rest_s = 600};
    struct play *play;

    if (!options_read(&options, argc, argv)) {
        fprintf(stderr, "quic_simulator [--relays N] [--newcomers N] [--hosts N] [--rest SECONDS] "
                        "[--seed S] [--json FILE] [--expect]\n");
        return 2;
    }
    play = play_new(options.relays + options.newcomers, options.seed);
    play_grow(play, &figures, options.relays);
    progress("the subnet exists");
    play_rest(play, &figures, options.rest_s * 1000);
    progress("it rested");
    play_newcomers(play, &figures);
    progress("relays came");
    play_locate(play, &figures, options.hosts);
    progress("hosts found each other");
    play_free(play);
    figures_print(&figures);
    if (options.json != NULL && !figures_write(&figures, options.json)) {
        perror(options.json);
        return 1;
    }
    if (options.expect) {
        figures_expect(&figures, "grow_known_share", 1, 1);
        figures_expect(&figures, "rest_sent_bytes_per_s_and_relay", 1, 2000);
        figures_expect(&figures, "new_relay_known_to_95_percent_s", 0, 30);
        figures_expect(&figures, "new_relay_known_to_100_percent_worst_s", 0, 120);
        figures_expect(&figures, "locate_right_share", 0.99, 1);
        figures_expect(&figures, "locate_open_p50_round_trips", 0, 2);
        figures_expect(&figures, "locate_cold_p50_round_trips", 0, 2);
        /* One frame for each of 24 pairs, over wires that lose 0.5 % each: 3 of 100 come not. So
         * two are lost in every sixth subnet, and more than four in one of a thousand. */
        figures_expect(&figures, "first_frame_arrived_share", 0.8, 1);
        figures_expect(&figures, "first_frame_p95_round_trips", 0, 3);
        figures_expect(&figures, "first_answer_p95_round_trips", 0, 4.5);
    }
    return figures.failures > 0 ? 1 : 0;
}
