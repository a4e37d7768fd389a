/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Measures drawn NATs, one for each seed, by relays that lend each other their addresses, in
 * virtual time: every property must be right, in the first verdict, too, however long the ways and
 * whatever is lost. Only where chance could have made what was seen it may stay untold.
 *
 *   netcheck_simulator --seeds 1-1000
 */
#include "tests/support/nat_text.h"
#include "tests/support/netcheck_net.h"

#include "proto/base/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TURN_MS = 10 }; /* of the loop that measures */

struct drawn {
    struct nat_kind kind;
    size_t relays, known;
    uint64_t delay_us;
    uint32_t loss_per_mille;
};

static struct drawn draw(uint64_t seed)
{
    struct rng rng = rng_stream(seed, "drawn");
    struct drawn d = {.kind = {.lifetime_s = 120}};

    d.kind.translates = rng_below(&rng, 6) > 0;
    d.kind.filtering = (enum nat_rule)rng_below(&rng, 3);
    if (d.kind.translates) {
        d.kind.mapping = (enum nat_rule)rng_below(&rng, 3);
        d.kind.port_preserving = rng_below(&rng, 4) == 0;
        d.kind.hairpin = rng_below(&rng, 2) == 0;
        switch (rng_below(&rng, 4)) {
        case 0:
            d.kind.step = (uint16_t)rng_between(&rng, 1, 8);
            break;
        case 1:
            d.kind.range_size = (uint16_t)rng_between(&rng, 256, 2048);
            break;
        case 2:
            d.kind.addresses = (uint8_t)rng_between(&rng, 2, 16);
            break;
        default:
            break;
        }
    }
    d.relays = rng_between(&rng, 3, 6);
    d.known = rng_between(&rng, 1, d.relays);
    d.delay_us = rng_between(&rng, 500, 80000);
    d.loss_per_mille = rng_below(&rng, 2) == 0 ? 0 : rng_below(&rng, 20);
    return d;
}

static enum nat_depends depends_of(enum nat_rule rule)
{
    static const enum nat_depends all[] = {NAT_DEPENDS_ON_NOTHING, NAT_DEPENDS_ON_ADDRESS,
                                           NAT_DEPENDS_ON_ADDRESS_AND_PORT};

    return all[rule];
}

/* A NAT that keeps the port towards everybody cannot be told from one whose mapping depends on
 * nothing, and need not. */
static enum nat_depends mapping_expected(const struct nat_kind *kind)
{
    if (!kind->translates || (kind->port_preserving && kind->addresses < 2)) {
        return NAT_DEPENDS_ON_NOTHING;
    }
    return depends_of(kind->mapping);
}

/* It keeps the port and draws one of its addresses for each mapping. Where it drew the same one for
 * some of few relays, an honest report does not say on what the mapping depends, or not how much.
 */
static bool may_be_untold(const struct nat_kind *kind, const struct nat_facts *facts)
{
    return kind->port_preserving && kind->addresses > 1 && facts->addresses > 1 &&
           (facts->mapping == NAT_DEPENDS_UNKNOWN || (facts->mapping == NAT_DEPENDS_ON_SOMETHING &&
                                                      kind->mapping != NAT_ENDPOINT_INDEPENDENT));
}

static bool ports_are_right(const struct nat_kind *kind, const struct nat_facts *facts)
{
    if (facts->mapping == NAT_DEPENDS_UNKNOWN) {
        return facts->ports == NAT_PORTS_UNKNOWN;
    }
    if (facts->mapping == NAT_DEPENDS_ON_NOTHING || kind->port_preserving) {
        return facts->ports == NAT_PORTS_ONE; /* the address may change, the port does not */
    }
    if (kind->step > 0) {
        return facts->ports == NAT_PORTS_STEP && facts->step == kind->step;
    }
    return facts->ports == (kind->range_size > 0 ? NAT_PORTS_RANGE : NAT_PORTS_RANDOM);
}

/* What is wrong; NULL: nothing. */
static const char *wrong_of(const struct drawn *d, const struct netcheck_found *found)
{
    const struct nat_facts *facts = &found->facts;
    bool hairpins = d->kind.translates && d->kind.hairpin;

    if (!facts->answered || facts->translated != d->kind.translates) {
        return "translation";
    }
    if (facts->mapping != mapping_expected(&d->kind) && !may_be_untold(&d->kind, facts)) {
        return "mapping";
    }
    if (facts->filtering != depends_of(d->kind.filtering)) {
        return "filtering";
    }
    if (!ports_are_right(&d->kind, facts)) {
        return "ports";
    }
    if (facts->preserving != (!d->kind.translates || d->kind.port_preserving)) {
        return "preservation";
    }
    if (facts->addresses > 1 && d->kind.addresses < 2) {
        return "addresses";
    }
    if (hairpins && facts->mapping == NAT_DEPENDS_ON_NOTHING &&
        found->hairpin != NETCHECK_HAIRPIN_YES) {
        return "hairpin";
    }
    return NULL;
}

/* What all measurements came to. */
struct sums {
    uint64_t wrong, untold;
    uint64_t first_ms, done_ms; /* the latest */
};

static void fault_print(uint64_t seed, const struct drawn *d, const char *when, const char *wrong,
                        const struct nat_facts *facts)
{
    char text[NAT_KIND_TEXT_SIZE];

    (void)printf("seed %" PRIu64 ": %s%s is wrong: %s, %zu relays, %zu known, %" PRIu64
                 " us, %u per mille lost; mapping %d filtering %d ports %d step %u\n",
                 seed, when, wrong, nat_kind_text(&d->kind, text), d->relays, d->known, d->delay_us,
                 d->loss_per_mille, (int)facts->mapping, (int)facts->filtering, (int)facts->ports,
                 facts->step);
}

static void play(uint64_t seed, struct sums *sums)
{
    const struct drawn d = draw(seed);
    struct netcheck_found found;
    struct netcheck_net host;

    netcheck_net_init(&host, d.relays, d.known, &d.kind, seed);
    host.net->wire.delay_us = d.delay_us;
    host.loss_per_mille = d.loss_per_mille;
    host.cfg.hairpin = true;
    uint64_t ms = netcheck_net_measure(&host, &found);
    const char *wrong = ms > NETCHECK_DONE_MS + TURN_MS ? "time" : wrong_of(&d, &found);
    const char *first =
        host.first_ms > NETCHECK_FIRST_MS + TURN_MS ? "time" : wrong_of(&d, &host.first);

    if (wrong != NULL) {
        fault_print(seed, &d, "", wrong, &found.facts);
    }
    if (first != NULL) {
        fault_print(seed, &d, "first ", first, &host.first.facts);
    }
    sums->wrong += wrong != NULL || first != NULL ? 1 : 0;
    sums->untold += found.facts.mapping != mapping_expected(&d.kind) ? 1 : 0;
    sums->first_ms = host.first_ms > sums->first_ms ? host.first_ms : sums->first_ms;
    sums->done_ms = ms > sums->done_ms ? ms : sums->done_ms;
    netcheck_net_fini(&host);
}

int main(int argc, char **argv)
{
    struct sums sums = {.wrong = 0};
    uint64_t first = 1, last = 100;
    char *end = NULL;

    if (argc == 3 && strcmp(argv[1], "--seeds") == 0) {
        first = strtoull(argv[2], &end, 10);
        last = *end == '-' ? strtoull(end + 1, &end, 10) : first;
    }
    if ((argc != 1 && argc != 3) || (end != NULL && *end != '\0')) {
        (void)fprintf(stderr, "usage: netcheck_simulator [--seeds FIRST-LAST]\n");
        return 2;
    }
    for (uint64_t seed = first; seed <= last; seed++) {
        play(seed, &sums);
    }
    (void)printf("%" PRIu64 " NATs, %" PRIu64 " of them wrong, mapping not told of %" PRIu64
                 "; first verdict after %" PRIu64 " ms at most, all after %" PRIu64 " ms\n",
                 last - first + 1, sums.wrong, sums.untold, sums.first_ms, sums.done_ms);
    return sums.wrong == 0 ? 0 : 1;
}
