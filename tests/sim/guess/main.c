/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How often guessed ports lead to a direct path (client/stun2/guess.h): pairs of drawn NATs, one
 * pair for each seed, in virtual time. Prints a line for each kind of pair.
 *
 *   guess_simulator [--seeds FIRST-LAST] [--expect]
 *
 * With --expect it fails if steps succeed less often than in 95 of 100 cases, or random ports than
 * in 99.
 */
#include "tests/sim/guess/pair.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS_MAX = 100000 };

struct tally {
    uint64_t runs, direct;
    uint32_t *ms;    /* of the direct ones */
    uint32_t *pings; /* sent by both, of all */
    uint32_t per_s;  /* packets to the other side's address in the worst second */
};

static int by_size(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

    return a < b ? -1 : a > b ? 1 : 0;
}

static uint32_t percentile(uint32_t *list, uint64_t count, unsigned percent)
{
    if (count == 0) {
        return 0;
    }
    qsort(list, count, sizeof(*list), by_size);
    return list[(count - 1) * percent / 100];
}

static void run(struct tally *tally, enum pair_kind kind, uint64_t seed)
{
    struct pair_result result;

    pair_play(&result, kind, seed);
    tally->pings[tally->runs++] = result.pings;
    tally->per_s = result.per_s > tally->per_s ? result.per_s : tally->per_s;
    if (result.direct) {
        tally->ms[tally->direct++] = result.ms;
    }
}

/* True if the kind of pair succeeds as often as it must. */
static bool tell(enum pair_kind kind, struct tally *tally)
{
    bool random = kind == PAIR_FIXED_RANDOM || kind == PAIR_FIXED_RANGE;
    uint64_t least = random ? 99 : 95;

    (void)printf(
        "%-16s %5" PRIu64 " runs, direct %6.2f %%, ms p50 %u p95 %u max %u, pings p50 %u "
        "max %u, at most %u a second to one address\n",
        pair_kind_name(kind), tally->runs, 100.0 * (double)tally->direct / (double)tally->runs,
        percentile(tally->ms, tally->direct, 50), percentile(tally->ms, tally->direct, 95),
        percentile(tally->ms, tally->direct, 100), percentile(tally->pings, tally->runs, 50),
        percentile(tally->pings, tally->runs, 100), tally->per_s);
    return tally->direct * 100 >= least * tally->runs;
}

int main(int argc, char **argv)
{
    uint64_t first = 1, last = 100;
    bool expect = false, well = true;

    for (int i = 1; i < argc; i++) {
        char *end = NULL;

        if (strcmp(argv[i], "--expect") == 0) {
            expect = true;
        } else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc) {
            first = strtoull(argv[++i], &end, 10);
            last = *end == '-' ? strtoull(end + 1, &end, 10) : first;
        }
        if ((end == NULL && !expect) || (end != NULL && *end != '\0') || last < first ||
            last - first >= RUNS_MAX) {
            (void)fprintf(stderr, "usage: guess_simulator [--seeds FIRST-LAST] [--expect]\n");
            return 2;
        }
    }
    for (enum pair_kind kind = 0; kind < PAIR_KIND_COUNT; kind++) {
        struct tally tally = {.ms = calloc(last - first + 1, sizeof(uint32_t)),
                              .pings = calloc(last - first + 1, sizeof(uint32_t))};

        for (uint64_t seed = first; seed <= last; seed++) {
            run(&tally, kind, seed);
        }
        well = tell(kind, &tally) && well;
        free(tally.ms);
        free(tally.pings);
    }
    return expect && !well ? 1 : 0;
}
