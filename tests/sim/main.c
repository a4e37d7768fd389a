/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The simulator's command line. A world runs in a process of its own:
 *
 * simulator --seed N [--verbose] [--twice]   run one world; --twice compares two runs of it
 * simulator --seeds A-B [--jobs N]           run many, stop at the first that fails
 * simulator --relays N or A-B ...            the same with worlds of several relays
 * simulator --homes N or A-B ...             the same with worlds of home relays
 * simulator --guess N or A-B ...             the same where ports must be guessed
 * simulator --oracle                         compare the oracle with the table in docs/testing.md
 * simulator --oracle KIND [KIND]             what it takes between two such NATs (nat_text.h; or
 *                                            "public"), or behind one
 */
#include "proto/base/bytes.h"
#include "tests/sim/guess_scenario.h"
#include "tests/sim/home_scenario.h"
#include "tests/sim/oracle_main.h"
#include "tests/sim/relay_scenario.h"
#include "tests/sim/scenario.h"
#include "tests/sim/sim.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    JOBS_MAX = 16,
    SEED_SECONDS_MAX = 120, /* of CPU time, whoever else works; a world that takes longer hangs */
    HASH_TEXT_SIZE = 2 * JOURNAL_HASH_SIZE + 1,
};

/* What a seed is put through, and the option that says so. */
struct scenario {
    const char *option;
    bool (*run)(struct sim *sim);
};

static const struct scenario one_relay = {"seed", scenario_run};
static const struct scenario many_relays = {"relays", relay_scenario_run};
static const struct scenario home_relays = {"homes", home_scenario_run};
static const struct scenario guess = {"guess", guess_scenario_run};

struct options {
    const struct scenario *scenario;
    uint64_t first, last;
    bool verbose, twice, oracle;
    unsigned jobs;
};

/* ---- one world ---- */

static int fail(const struct scenario *scenario, const struct sim *sim, struct sim_host *hosts)
{
    fprintf(stderr, "seed %llu FAILED: %s\n", (unsigned long long)sim->seed, sim->failure);
    journal_dump(&sim->journal);
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        sim_host_describe(&hosts[i], sim->now);
    }
    fprintf(stderr, "  again: simulator --%s %llu --verbose\n", scenario->option,
            (unsigned long long)sim->seed);
    return 1;
}

/* In a process of its own: the verdict is its exit code, the hash goes to `to`. */
static int run_world(const struct scenario *scenario, uint64_t seed, bool verbose, int to)
{
    struct sim *sim = malloc(sizeof(*sim));
    const struct rlimit cpu = {SEED_SECONDS_MAX, SEED_SECONDS_MAX + 1};
    char hash[HASH_TEXT_SIZE];
    int code = 0;

    CHECK(sim != NULL);
    (void)setrlimit(RLIMIT_CPU, &cpu);
    sim_init(sim, seed, verbose);
    if (!scenario->run(sim)) {
        code = fail(scenario, sim, sim->hosts);
    }
    sim_fini(sim);
    journal_finish(&sim->journal, hash);
    free(sim);
    if (write(to, hash, sizeof(hash)) != (ssize_t)sizeof(hash)) {
        code = 1;
    }
    return code;
}

struct job {
    pid_t pid;
    uint64_t seed;
    int from;
};

static bool job_start(struct job *job, const struct options *options, uint64_t seed)
{
    int ends[2];

    (void)fflush(NULL);
    if (pipe(ends) != 0) {
        return false;
    }
    job->seed = seed;
    job->from = ends[0];
    job->pid = fork();
    if (job->pid == 0) {
        (void)close(ends[0]);
        exit(run_world(options->scenario, seed, options->verbose, ends[1]));
    }
    (void)close(ends[1]);
    return job->pid > 0;
}

/* True if the world went well; hash receives its trace hash. */
static bool job_end(struct job *job, char hash[HASH_TEXT_SIZE])
{
    int status = 0;
    ssize_t got = read(job->from, hash, HASH_TEXT_SIZE);

    (void)close(job->from);
    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status)) {
        fprintf(stderr, "seed %llu FAILED: the process ended by signal %d\n",
                (unsigned long long)job->seed, WTERMSIG(status));
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 && got == HASH_TEXT_SIZE;
}

/* ---- many worlds ---- */

static int run_one(const struct options *options)
{
    char hash[2][HASH_TEXT_SIZE];

    for (int i = 0; i < (options->twice ? 2 : 1); i++) {
        struct job job;

        if (!job_start(&job, options, options->first) || !job_end(&job, hash[i])) {
            return 1;
        }
        printf("seed %llu ok, trace %s\n", (unsigned long long)options->first, hash[i]);
    }
    if (options->twice && memcmp(hash[0], hash[1], HASH_TEXT_SIZE) != 0) {
        fprintf(stderr, "the two runs differ\n");
        return 1;
    }
    return 0;
}

static int run_many(const struct options *options)
{
    struct job jobs[JOBS_MAX];
    uint64_t next = options->first;
    uint64_t done = 0;
    uint64_t total = options->last - options->first + 1;
    bool well = true;

    for (unsigned i = 0; i < options->jobs && next <= options->last; i++) {
        well = well && job_start(&jobs[i], options, next++);
    }
    /* In the order of their seeds, so that the first failure is always the same one. */
    for (uint64_t seed = options->first; well && seed <= options->last; seed++) {
        struct job *job = &jobs[(seed - options->first) % options->jobs];
        char hash[HASH_TEXT_SIZE];

        well = job_end(job, hash);
        done++;
        if (well && next <= options->last) {
            well = job_start(job, options, next++);
        }
        if (well && (done % 10 == 0 || done == total)) {
            printf("%llu of %llu worlds are well\n", (unsigned long long)done,
                   (unsigned long long)total);
            (void)fflush(stdout);
        }
    }
    return well ? 0 : 1;
}

/* ---- command line ---- */

static bool parse_seeds(struct options *options, const char *text)
{
    char *end;

    options->first = strtoull(text, &end, 10);
    options->last = options->first;
    if (end != text && *end == '-') {
        text = end + 1;
        options->last = strtoull(text, &end, 10);
    }
    return end != text && *end == '\0' && options->last >= options->first;
}

static bool parse(struct options *options, int argc, char **argv)
{
    static const struct option names[] = {
        {"seed", required_argument, NULL, 's'},   {"seeds", required_argument, NULL, 's'},
        {"relays", required_argument, NULL, 'r'}, {"homes", required_argument, NULL, 'h'},
        {"jobs", required_argument, NULL, 'j'},   {"guess", required_argument, NULL, 'g'},
        {"verbose", no_argument, NULL, 'v'},      {"twice", no_argument, NULL, 't'},
        {"oracle", no_argument, NULL, 'o'},       {NULL, 0, NULL, 0},
    };
    bool seeds = false;
    int c;

    *options = (struct options){.scenario = &one_relay, .jobs = 1};
    for (;;) {
        c = getopt_long(argc, argv, "", names, NULL);
        if (c == -1) {
            break;
        }
        options->verbose = options->verbose || c == 'v';
        options->twice = options->twice || c == 't';
        options->oracle = options->oracle || c == 'o';
        bool names_seeds = c == 's' || c == 'r' || c == 'h' || c == 'g';

        if (c == '?' || (names_seeds && !parse_seeds(options, optarg))) {
            return false;
        }
        seeds = seeds || names_seeds;
        options->scenario = c == 'r'   ? &many_relays
                            : c == 'h' ? &home_relays
                            : c == 'g' ? &guess
                                       : options->scenario;
        if (c == 'j') {
            options->jobs = (unsigned)strtoul(optarg, NULL, 10);
        }
    }
    options->verbose = options->verbose && options->first == options->last;
    return (optind == argc || options->oracle) && (seeds || options->oracle) &&
           options->jobs >= 1 && options->jobs <= JOBS_MAX;
}

int main(int argc, char **argv)
{
    struct options options;

    if (!parse(&options, argc, argv)) {
        fprintf(stderr, "usage: simulator --seed N [--verbose] [--twice]\n"
                        "       simulator --seeds A-B [--jobs N]\n"
                        "       simulator --relays N [--verbose] [--twice]\n"
                        "       simulator --relays A-B [--jobs N]\n"
                        "       simulator --homes N or A-B, with the same options\n"
                        "       simulator --guess N or A-B, with the same options\n"
                        "       simulator --oracle [KIND [KIND]]\n");
        return 2;
    }
    if (options.oracle) {
        return oracle_main(argc - optind, argv + optind);
    }
    return options.first == options.last ? run_one(&options) : run_many(&options);
}
