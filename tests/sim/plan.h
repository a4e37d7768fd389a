/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A plan: an internet that is drawn from the seed (address family, places, NATs, links). A world is
 * made from it.
 */
#pragma once

#include "tests/sim/sim.h"

#include <stdbool.h>
#include <stdint.h>

/** Of several relays the first ones are entry points of the ziglan; the others are of no ziglan. */
enum { PLAN_ENTRY_POINTS = 2 };

enum topology { TOPOLOGY_TWO_HOMES, TOPOLOGY_ONE_LAN, TOPOLOGY_ONE_PUBLIC, TOPOLOGY_BOTH_PUBLIC };

/** What was drawn. */
struct plan {
    bool v6;
    enum topology topology;
    struct nat_kind nats[SIM_HOSTS];
    struct underlay_link links[SIM_HOSTS];
    bool overlap;    /* both homes use the same private addresses */
    uint64_t rtt_ms; /* between the hosts over the relay, jitter included */
    uint64_t lossy_ms;
    size_t relays_count;
    struct underlay_link relay_links[SIM_RELAYS];
    bool subnet;  /* the relays are one, each in a network of its own, and only the first is of a
                     ziglan */
    int stranger; /* the attachment from which a stranger sends forged datagrams */
};

/** Draw from the scenario's stream: a number from lowest to highest, both included; or true in
 * `percent` of a hundred cases. */
uint64_t plan_draw(struct sim *sim, uint64_t lowest, uint64_t highest);
bool plan_chance(struct sim *sim, unsigned percent);

/** Draw a world with one relay. */
void plan_fill(struct sim *sim, struct plan *plan);

/** Draw the ways to SIM_RELAYS relays in place of one. */
void plan_fill_relays(struct sim *sim, struct plan *plan);

/** Make its nodes; the relays do not run yet. plan->stranger is filled in. */
void plan_make_world(struct sim *sim, struct plan *plan);

/** A host gets another address in the place where it is. Does nothing and returns false where its
 * NAT would then behave in a way that the oracle does not know. */
bool plan_move(struct sim *sim, const struct plan *plan, size_t i);

/** A guest comes: a third host, at a public address and not yet a member. Once in a world. */
struct sim_host *plan_make_guest(struct sim *sim, const struct plan *plan);

/** The one of these two addresses that is of this plan's family. */
struct endpoint plan_address(const struct plan *plan, const char *v4, const char *v6);

/** True if host i is behind a gateway. *site is written in any case, and means something only then:
 * the number of the host's site. */
bool plan_has_site(const struct plan *plan, size_t i, size_t *site);
