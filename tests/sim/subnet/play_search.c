/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One net of searches for all, in which they follow each other. */
#include "tests/sim/subnet/play_search.h"

#include "proto/base/bytes.h"
#include "tests/sim/subnet/node.h"
#include "tests/support/find_net.h"

enum {
    SEARCHES = 200,
    HELPERS_PERCENT = 5, /* of the relays help the application */
    BETWEEN_MS = 20000,  /* queries are forgotten by then, and links are free */
};

static struct find_net *net_of(struct world *world)
{
    struct find_net *net = find_net_new(world->count, rng_u64(&world->rng));

    for (uint32_t i = 0; i < world->count; i++) {
        const struct relay *relay = &world->relays[i];

        for (uint32_t s = 0; s < relay->session_count; s++) {
            find_net_link(net, i, relay->sessions[s].peer);
        }
        net->peers[i].silent = relay->hostile != 0;
        if (rng_below(&world->rng, 100) < HELPERS_PERCENT) {
            find_net_help(&net->peers[i], true, 1);
        }
    }
    return net;
}

static uint64_t queries(const struct find_net *net)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < net->count; i++) {
        sum += find_stats(net->peers[i].find)->queries;
    }
    return sum;
}

/* How many of the relays that help this one knows by itself: their records say so. */
static uint32_t known_to(const struct world *world, const struct find_net *net, size_t asker)
{
    const struct relay *relay = &world->relays[asker];
    uint32_t count = 0;

    for (uint32_t i = 0; i < world->count; i++) {
        count += i != asker && net->peers[i].helps && !net->peers[i].silent &&
                 node_knows(relay, &world->relays[i]);
    }
    return count;
}

void play_search(struct world *world, struct figures *figures)
{
    struct find_net *net;
    uint64_t found = 0, any = 0, known = 0;
    uint32_t helpers = 0;

    if (world->count > FIND_NET_MAX) {
        return;
    }
    net = net_of(world);
    for (size_t i = 0; i < net->count; i++) {
        helpers += net->peers[i].helps && !net->peers[i].silent;
    }
    for (int i = 0; i < SEARCHES; i++) {
        size_t asker = world_any(world)->number;

        known += known_to(world, net, asker);
        CHECK(find_net_look(net, asker, 1, FIND_COUNT_MAX, true) == VERDICT_OK);
        find_net_run(net, BETWEEN_MS);
        found += net->peers[asker].found;
        any += net->peers[asker].found > 0;
    }
    figures_add(figures, "search_relays_reached", (double)queries(net) / SEARCHES);
    figures_add(figures, "search_queries_sent", (double)net->finds / SEARCHES);
    figures_add(figures, "search_results_sent", (double)net->results / SEARCHES);
    figures_add(figures, "search_pools_found_percent", 100.0 * (double)found / SEARCHES / helpers);
    figures_add(figures, "search_pools_known_percent", 100.0 * (double)known / SEARCHES / helpers);
    figures_add(figures, "search_found_any_percent", 100.0 * (double)any / SEARCHES);
    find_net_free(net);
}
