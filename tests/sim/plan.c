/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Draws a world from the seed, always in one order, and builds it. */
#include "tests/sim/plan.h"

#include "proto/base/bytes.h"
#include "tests/support/nat_text.h"

#include <string.h>

enum { LOSSY_MS = 2000 }; /* how much repetitions of lost packets may add to a time */

static const struct underlay_link backbone = {.delay_us = 1000, .mtu = 1500};

uint64_t plan_draw(struct sim *sim, uint64_t lowest, uint64_t highest)
{
    return rng_between(&sim->scenario, lowest, highest);
}

bool plan_chance(struct sim *sim, unsigned percent)
{
    return rng_chance(&sim->scenario, percent * 10000);
}

/* ---- drawing a world ---- */

static struct nat_kind draw_nat(struct sim *sim, bool v6)
{
    static const uint32_t lifetimes_s[] = {30, 60, 120, 300};
    struct nat_kind kind = {.translates = !v6};

    kind.mapping = v6 ? NAT_ENDPOINT_INDEPENDENT : (enum nat_rule)plan_draw(sim, 0, 2);
    kind.filtering = (enum nat_rule)plan_draw(sim, 0, 2);
    kind.port_preserving = plan_chance(sim, 40);
    kind.hairpin = plan_chance(sim, 50);
    kind.lifetime_s = lifetimes_s[plan_draw(sim, 0, 3)];
    if (!v6 && plan_chance(sim, 10)) { /* what a Linux router does without rules for its input */
        kind.mapping = NAT_ADDRESS_AND_PORT_DEPENDENT;
        kind.filtering = NAT_ADDRESS_AND_PORT_DEPENDENT;
        kind.port_preserving = true;
        kind.answers_itself = true;
    }
    return kind;
}

static struct underlay_link draw_link(struct sim *sim)
{
    static const uint16_t mtus[] = {1280, 1400, 1492, 1500};
    struct underlay_link link = {
        .delay_us = (uint32_t)plan_draw(sim, 1000, plan_chance(sim, 50) ? 20000 : 150000)};

    link.jitter_us = plan_chance(sim, 50) ? (uint32_t)plan_draw(sim, 0, link.delay_us / 4) : 0;
    link.loss_ppm = plan_chance(sim, 50) ? (uint32_t)plan_draw(sim, 0, 30000) : 0;
    link.duplicate_ppm = plan_chance(sim, 30) ? (uint32_t)plan_draw(sim, 0, 10000) : 0;
    link.reorder_ppm = plan_chance(sim, 30) ? (uint32_t)plan_draw(sim, 0, 30000) : 0;
    link.mtu =
        plan_chance(sim, 70) ? mtus[plan_draw(sim, 0, 3)] : (uint16_t)plan_draw(sim, 1280, 1500);
    return link;
}

void plan_fill(struct sim *sim, struct plan *plan)
{
    unsigned percent = (unsigned)plan_draw(sim, 0, 99);
    uint64_t us = 0;

    memset(plan, 0, sizeof(*plan));
    plan->v6 = plan_chance(sim, 20);
    plan->topology = percent < 65   ? TOPOLOGY_TWO_HOMES
                     : percent < 75 ? TOPOLOGY_ONE_LAN
                     : percent < 90 ? TOPOLOGY_ONE_PUBLIC
                                    : TOPOLOGY_BOTH_PUBLIC;
    plan->overlap = plan_chance(sim, 30);
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        plan->nats[i] = draw_nat(sim, plan->v6);
        plan->links[i] = draw_link(sim);
        us += plan->links[i].delay_us + plan->links[i].jitter_us;
        plan->lossy_ms = plan->links[i].loss_ppm > 0 ? LOSSY_MS : plan->lossy_ms;
    }
    plan->rtt_ms = 2 * us / 1000 + 10;
    plan->relays_count = 1;
    plan->relay_links[0] = backbone;
}

/* Relays have better lines than hosts. */
void plan_fill_relays(struct sim *sim, struct plan *plan)
{
    uint64_t us_max = 0;

    plan->relays_count = SIM_RELAYS;
    for (size_t i = 0; i < SIM_RELAYS; i++) {
        struct underlay_link *link = &plan->relay_links[i];

        *link = draw_link(sim);
        link->delay_us /= 4;
        link->jitter_us /= 4;
        link->loss_ppm /= 4;
        uint64_t us = link->delay_us + link->jitter_us;
        us_max = us > us_max ? us : us_max;
        plan->lossy_ms = link->loss_ppm > 0 ? LOSSY_MS : plan->lossy_ms;
    }
    plan->rtt_ms += 4 * us_max / 1000;
}

struct endpoint plan_address(const struct plan *plan, const char *v4, const char *v6)
{
    struct endpoint e;

    CHECK(endpoint_parse(&e, plan->v6 ? v6 : v4, 0));
    return e;
}

bool plan_has_site(const struct plan *plan, size_t i, size_t *site)
{
    *site = plan->topology == TOPOLOGY_ONE_LAN ? 0 : i;
    return plan->topology == TOPOLOGY_TWO_HOMES || plan->topology == TOPOLOGY_ONE_LAN ||
           (plan->topology == TOPOLOGY_ONE_PUBLIC && i == 0);
}

static int place_host(struct sim *sim, const struct plan *plan, size_t i, int sites[SIM_HOSTS])
{
    static const char *const outside4[] = {"198.51.100.1", "203.0.113.1"};
    static const char *const public4[] = {"198.51.100.10", "203.0.113.10"};
    static const char *const public6[] = {"2001:db8:a::10", "2001:db8:b::10"};
    static const char *const inside6[] = {"2001:db8:1::10", "2001:db8:2::10"};
    static const char *const lan6[] = {"2001:db8:1::10", "2001:db8:1::11"};
    static const char *const lan4[] = {"192.168.1.10", "192.168.1.11"};
    static const char *const homes4[] = {"192.168.1.10", "10.77.0.10"};
    size_t site;

    if (!plan_has_site(plan, i, &site)) {
        struct endpoint e = plan_address(plan, public4[i], public6[i]);

        return underlay_attach(&sim->net, &e, UNDERLAY_PUBLIC, &plan->links[i]);
    }
    if (sites[site] < 0) {
        struct endpoint outside = plan_address(plan, outside4[site], inside6[site]);

        sites[site] = underlay_site_add(&sim->net, &plan->nats[site], &outside, plan->v6 ? 64 : 120,
                                        sim->seed);
    }
    struct endpoint e = plan_address(plan, homes4[i], inside6[i]);
    if (plan->topology == TOPOLOGY_ONE_LAN) {
        e = plan_address(plan, lan4[i], lan6[i]);
    } else if (plan->overlap) { /* the same network, and perhaps the very same address */
        e = plan_address(plan, lan4[i * (sim->seed % 2)], inside6[i]);
    }
    return underlay_attach(&sim->net, &e, sites[site], &plan->links[i]);
}

bool plan_move(struct sim *sim, const struct plan *plan, size_t i)
{
    struct sim_host *host = &sim->hosts[i];
    struct endpoint address = host->node.address;
    size_t site;

    /* If hosts can meet only because the NAT preserves ports: the mapping of the former address
     * still holds the port, so for a while the NAT is a symmetric one, and the oracle does not know
     * that. */
    if (plan_has_site(plan, i, &site) && plan->nats[site].port_preserving &&
        plan->nats[site].mapping != NAT_ENDPOINT_INDEPENDENT) {
        return false;
    }
    address.ip[15] = (uint8_t)(100 + 2 * i + (address.ip[15] >= 100 ? 1 : 0));
    journal_line(&sim->journal, "%s moves", host->name);
    sim_host_move(host, &address, sim->now);
    return true;
}

struct sim_host *plan_make_guest(struct sim *sim, const struct plan *plan)
{
    static const struct underlay_link line = {.delay_us = 10000, .mtu = 1500};
    struct endpoint address = plan_address(plan, "192.0.2.77", "2001:db8:77::1");
    struct sim_host *guest = &sim->hosts[SIM_HOSTS];
    struct host_setup setup = {.index = SIM_HOSTS,
                               .name = "guest",
                               .peer_name = sim->hosts[0].name,
                               .port = 4000,
                               .mtu = SIM_INNER_MTU,
                               .prefix_bits = plan->v6 ? 64 : 120};

    CHECK(sim->nodes_count == SIM_HOSTS);
    sim->nodes_count++;
    sim_host_init(guest, &sim->net, underlay_attach(&sim->net, &address, UNDERLAY_PUBLIC, &line),
                  &setup, &sim->traffic, sim->seed, sim->now);
    return guest;
}

static void make_relays(struct sim *sim, const struct plan *plan)
{
    static const char *const addresses4[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"};
    static const char *const addresses6[] = {"2001:db8::1", "2001:db8::2", "2001:db8::3",
                                             "2001:db8::4"};
    static const char *const apart4[] = {"192.0.2.1", "23.1.1.1", "37.2.1.1", "45.3.1.1"};
    static const char *const apart6[] = {"2001:db8:100::1", "2001:db8:200::1", "2001:db8:300::1",
                                         "2001:db8:400::1"};
    static const char *const names[SIM_RELAYS] = {"relay", "relay2", "open1", "open2"};

    for (size_t i = 0; i < plan->relays_count; i++) {
        struct endpoint e = plan_address(plan, plan->subnet ? apart4[i] : addresses4[i],
                                         plan->subnet ? apart6[i] : addresses6[i]);
        struct relay_setup setup = {.name = names[i],
                                    .open = i >= (plan->subnet ? 1 : PLAN_ENTRY_POINTS),
                                    .subnet = plan->subnet};
        int at = underlay_attach(&sim->net, &e, UNDERLAY_PUBLIC, &plan->relay_links[i]);

        if (i > 0 && !setup.open) {
            setup.ziglan = &sim->relays[0].node.ziglan_identity;
        }
        sim->net.attachments[at].relay = true;
        sim_relay_init(&sim->relays[i], &sim->net, at, &setup, sim->seed);
    }
    sim->relays_count = plan->relays_count;
}

static void tell_link(struct sim *sim, const char *name, const char *place,
                      const struct underlay_link *l)
{
    journal_line(&sim->journal,
                 "%s: %s; %u+%u us, loss %u, duplicates %u, reordered %u ppm, mtu %u", name, place,
                 l->delay_us, l->jitter_us, l->loss_ppm, l->duplicate_ppm, l->reorder_ppm, l->mtu);
}

static void tell_plan(struct sim *sim, const struct plan *plan)
{
    static const char *const topologies[] = {"two homes", "one LAN", "one public", "both public"};
    size_t site;
    char text[NAT_KIND_TEXT_SIZE];

    journal_line(&sim->journal, "seed %llu: %s, %s%s; direct is %s; rtt at most %llu ms",
                 (unsigned long long)sim->seed, plan->v6 ? "IPv6" : "IPv4",
                 topologies[plan->topology], plan->overlap ? ", same private addresses" : "",
                 sim->direct_possible ? "possible" : "impossible",
                 (unsigned long long)plan->rtt_ms);
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        bool behind = plan_has_site(plan, i, &site);

        tell_link(sim, sim->hosts[i].name,
                  behind ? nat_kind_text(&plan->nats[site], text) : "public", &plan->links[i]);
    }
    for (size_t i = 0; plan->relays_count > 1 && i < plan->relays_count; i++) {
        tell_link(sim, sim->relays[i].env.name, "a relay", &plan->relay_links[i]);
    }
}

void plan_make_world(struct sim *sim, struct plan *plan)
{
    static const char *const names[SIM_HOSTS] = {"anna", "nas"};
    struct endpoint stranger = plan_address(plan, "203.0.113.66", "2001:db8:66::1");
    struct nat_side sides[SIM_HOSTS] = {0};
    int sites[SIM_HOSTS] = {-1, -1};

    make_relays(sim, plan);
    plan->stranger = underlay_attach(&sim->net, &stranger, UNDERLAY_PUBLIC, &backbone);
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        size_t site;
        struct host_setup setup = {.index = i,
                                   .name = names[i],
                                   .peer_name = names[1 - i],
                                   .port = (uint16_t)plan_draw(sim, 1024, 65535),
                                   .mtu = SIM_INNER_MTU,
                                   .prefix_bits = plan->v6 ? 64 : 120};

        sides[i] = (struct nat_side){plan_has_site(plan, i, &site), plan->nats[i]};
        sim_host_init(&sim->hosts[i], &sim->net, place_host(sim, plan, i, sites), &setup,
                      &sim->traffic, sim->seed, sim->now);
    }
    sim->nodes_count = SIM_HOSTS;
    sim->direct_possible =
        plan->topology == TOPOLOGY_ONE_LAN || nat_direct_possible(&sides[0], &sides[1]);
    sim->look_at = sim->now;
    tell_plan(sim, plan);
}
