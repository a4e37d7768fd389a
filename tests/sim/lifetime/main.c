/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Measures drawn lifetimes of drawn NATs, one for each seed, in virtual time: both kinds must be
 * right within 3 s, and known in time.
 *
 *   lifetime_simulator --seeds 1-1000
 */
#include "tests/support/lifetime_net.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ERROR_MS = 3000,
    LATER_MS = 10000, /* than the longer lifetime is over */
};

struct drawn {
    struct nat_kind kind;
    uint64_t delay_us;
    uint32_t loss_per_mille;
};

static struct drawn draw(uint64_t seed)
{
    static const uint32_t usual_s[] = {10, 15, 20, 30, 60, 120, 180, 300};
    struct rng rng = rng_stream(seed, "drawn");
    struct drawn d = {.kind = {.translates = rng_below(&rng, 6) > 0}};

    d.kind.filtering = (enum nat_rule)rng_below(&rng, 3);
    d.kind.mapping = d.kind.translates ? (enum nat_rule)rng_below(&rng, 3) : 0;
    d.kind.port_preserving = rng_below(&rng, 2) == 0;
    d.kind.inbound_refreshes = rng_below(&rng, 2) == 0;
    d.kind.lifetime_s =
        rng_below(&rng, 2) == 0 ? usual_s[rng_below(&rng, 8)] : (uint32_t)rng_between(&rng, 8, 300);
    /* Mappings that are not kept are forgotten as late as others, or earlier. */
    if (rng_below(&rng, 3) > 0) {
        d.kind.quiet_lifetime_s = (uint32_t)rng_between(&rng, 8, d.kind.lifetime_s);
        d.kind.answered_is_kept = rng_below(&rng, 3) == 0;
    }
    d.delay_us = rng_between(&rng, 500, 60000);
    d.loss_per_mille = rng_below(&rng, 2) == 0 ? 0 : rng_below(&rng, 20);
    return d;
}

static uint32_t error_of(const struct lifetime_span *span, uint32_t lifetime_s)
{
    uint32_t found_ms = lifetime_span_ms(span), right_ms = lifetime_s * 1000;

    return found_ms > right_ms ? found_ms - right_ms : right_ms - found_ms;
}

/* What is wrong; NULL: nothing. */
static const char *wrong_of(const struct drawn *d, const struct lifetime_found *found, uint64_t ms)
{
    uint32_t quiet_s =
        d->kind.quiet_lifetime_s != 0 ? d->kind.quiet_lifetime_s : d->kind.lifetime_s;
    bool inbound = d->kind.inbound_refreshes;

    if (found->unable) {
        return "all";
    }
    if (error_of(&found->kept, d->kind.lifetime_s) > ERROR_MS) {
        return "kept";
    }
    if (error_of(&found->quiet, quiet_s) > ERROR_MS) {
        return "quiet";
    }
    if (found->inbound != LIFETIME_INBOUND_UNKNOWN &&
        (found->inbound == LIFETIME_INBOUND_YES) != inbound) {
        return "inbound";
    }
    if (found->inbound == LIFETIME_INBOUND_UNKNOWN && d->kind.lifetime_s > 20 &&
        d->kind.lifetime_s < 300) {
        return "inbound, which is not known,";
    }
    if ((found->answered == LIFETIME_ANSWERED_AS_KEPT && !d->kind.answered_is_kept) ||
        (found->answered == LIFETIME_ANSWERED_AS_QUIET && d->kind.answered_is_kept)) {
        return "answered";
    }
    return ms > d->kind.lifetime_s * UINT64_C(1000) + LATER_MS ? "time" : NULL;
}

struct sums {
    uint64_t ms_later, error_ms, quiet_ms, bytes;
};

static void most(uint64_t *sum, uint64_t value)
{
    *sum = value > *sum ? value : *sum;
}

static bool play(uint64_t seed, struct sums *sums)
{
    const struct drawn d = draw(seed);
    struct lifetime_found found;
    struct lifetime_net host;
    uint64_t right_ms = d.kind.lifetime_s * UINT64_C(1000);

    lifetime_net_init(&host, &d.kind, seed);
    host.net->wire.delay_us = d.delay_us;
    host.loss_per_mille = d.loss_per_mille;
    uint64_t ms = lifetime_net_measure(&host, &found);
    const char *wrong = wrong_of(&d, &found, ms);

    most(&sums->error_ms, error_of(&found.kept, d.kind.lifetime_s));
    most(&sums->quiet_ms,
         error_of(&found.quiet,
                  d.kind.quiet_lifetime_s != 0 ? d.kind.quiet_lifetime_s : d.kind.lifetime_s));
    most(&sums->bytes, host.sent_bytes > host.got_bytes ? host.sent_bytes : host.got_bytes);
    most(&sums->ms_later, ms > right_ms ? ms - right_ms : 0);
    if (wrong != NULL) {
        (void)printf("seed %" PRIu64 ": %s is wrong: kept %u s (%u to %u ms), quiet %u s (%u to %u "
                     "ms), answered %d, inbound %d; %" PRIu64 " us, %u per mille lost; %" PRIu64
                     " ms\n",
                     seed, wrong, d.kind.lifetime_s, found.kept.alive_ms, found.kept.dead_ms,
                     d.kind.quiet_lifetime_s, found.quiet.alive_ms, found.quiet.dead_ms,
                     (int)found.answered, (int)found.inbound, d.delay_us, d.loss_per_mille, ms);
    }
    lifetime_net_fini(&host);
    return wrong == NULL;
}

int main(int argc, char **argv)
{
    uint64_t first = 1, last = 100, wrong = 0;
    struct sums sums = {0, 0, 0, 0};
    char *end = NULL;

    if (argc == 3 && strcmp(argv[1], "--seeds") == 0) {
        first = strtoull(argv[2], &end, 10);
        last = *end == '-' ? strtoull(end + 1, &end, 10) : first;
    }
    if ((argc != 1 && argc != 3) || (end != NULL && *end != '\0')) {
        (void)fprintf(stderr, "usage: lifetime_simulator [--seeds FIRST-LAST]\n");
        return 2;
    }
    for (uint64_t seed = first; seed <= last; seed++) {
        wrong += play(seed, &sums) ? 0 : 1;
    }
    (void)printf("%" PRIu64 " NATs, %" PRIu64 " of them wrong; kept ones at most %" PRIu64
                 " ms off, quiet ones %" PRIu64 "; known at most %" PRIu64 " ms later, %" PRIu64
                 " bytes\n",
                 last - first + 1, wrong, sums.error_ms, sums.quiet_ms, sums.ms_later, sums.bytes);
    return wrong == 0 ? 0 : 1;
}
