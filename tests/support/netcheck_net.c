/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host is a guest of the net; what it sends and gets goes through its NATs. */
#include "tests/support/netcheck_net.h"

#include "proto/base/bytes.h"

#include <string.h>

enum { SOCKET_FIRST = 40000, TURN_MS = 5 };

static const uint8_t nat_ip[4] = {203, 0, 113, 10}, outer_ip[4] = {198, 51, 100, 10};
static const uint8_t inside_ip[4] = {192, 168, 1, 2};

static bool is_lost(struct netcheck_net *host)
{
    return host->blocked || rng_below(&host->net->ports.rng, 1000) < host->loss_per_mille;
}

static bool owns(void *context, const struct endpoint *to)
{
    const struct netcheck_net *host = context;
    const struct nat *outside = host->twice ? &host->outer : &host->nat;

    return outside->kind.translates ? nat_owns(outside, to)
                                    : endpoint_same_ip(to, &host->cfg.locals[0]);
}

/* A packet comes from outside. */
static void receive(void *context, struct dgram *in)
{
    struct netcheck_net *host = context;
    struct endpoint at = in->local;

    if (!host->running || is_lost(host)) {
        return;
    }
    if (host->twice &&
        nat_inbound(&host->outer, &at, &in->remote, &at, host->net->now) != NAT_PASSED) {
        return;
    }
    if (nat_inbound(&host->nat, &at, &in->remote, &at, host->net->now) != NAT_PASSED) {
        return;
    }
    in->local = at;
    netcheck_receive(&host->check, in, host->net->now);
}

/* What the host sends to its own public address comes back, if the NAT hairpins. */
static bool hairpin(struct netcheck_net *host, const struct endpoint *from,
                    const struct endpoint *to, uint8_t *data, size_t size)
{
    struct dgram in = {.local = *to, .remote = *from, .data = data, .size = size};

    if (!host->nat.kind.translates || !owns(host, to)) {
        return false;
    }
    if (host->nat.kind.hairpin) {
        receive(host, &in);
    }
    return true;
}

static void transmit(struct netcheck_net *host)
{
    struct mono now = host->net->now;

    netcheck_transmit(&host->check, &host->box, now);
    for (size_t i = 0; i < host->box.items_count; i++) {
        const struct outbox_item *item = &host->box.items[i];
        uint8_t *data = host->box.bytes + item->offset;
        struct endpoint from = host->cfg.locals[0];

        from.port = item->local.port;
        host->sent++;
        host->bytes += item->size;
        if (is_lost(host) || (host->size_max != 0 && item->size > host->size_max) ||
            nat_outbound(&host->nat, &from, &item->remote, &from, now) != NAT_PASSED ||
            (host->twice &&
             nat_outbound(&host->outer, &from, &item->remote, &from, now) != NAT_PASSED) ||
            hairpin(host, &from, &item->remote, data, item->size)) {
            continue;
        }
        wire_send(&host->net->wire, &from, &item->remote, data, item->size, now);
    }
    outbox_clear(&host->box);
}

static struct mono deadline(void *context)
{
    const struct netcheck_net *host = context;

    return host->running ? netcheck_deadline(&host->check) : MONO_NEVER;
}

static void turn(void *context)
{
    transmit(context);
}

void netcheck_net_init(struct netcheck_net *host, size_t relays, size_t known,
                       const struct nat_kind *kind, uint64_t seed)
{
    const struct nat_kind outer = {
        .translates = true, .filtering = NAT_ADDRESS_AND_PORT_DEPENDENT, .lifetime_s = 120};
    const struct endpoint address = endpoint_v4(nat_ip, 0), outside = endpoint_v4(outer_ip, 0);

    memset(host, 0, sizeof(*host));
    host->net = relay_net_new(relays, seed);
    relay_net_peers(host->net);
    relay_net_start(host->net);
    relay_net_run(host->net, 20000);
    nat_init(&host->nat, kind, &address, &host->net->ports.rng);
    nat_init(&host->outer, &outer, &outside, &host->net->ports.rng);
    CHECK(outbox_init(&host->box, 65536, 128) == ERR_OK);
    for (size_t i = 0; i < NETCHECK_SOCKETS; i++) {
        host->cfg.locals[i] =
            endpoint_v4(kind->translates ? inside_ip : nat_ip, (uint16_t)(SOCKET_FIRST + i));
    }
    for (size_t i = 0; i < known; i++) {
        host->cfg.relays[host->cfg.relays_count++] = host->net->nodes[i].address;
    }
    host->guest = (struct relay_net_guest){
        .context = host, .owns = owns, .receive = receive, .deadline = deadline, .turn = turn};
    relay_net_guest_add(host->net, &host->guest);
}

void netcheck_net_fini(struct netcheck_net *host)
{
    outbox_fini(&host->box);
    relay_net_free(host->net);
}

uint64_t netcheck_net_measure(struct netcheck_net *host, struct netcheck_found *found)
{
    struct mono began = host->net->now;
    bool has_first = false;

    for (size_t i = 0; i < NETCHECK_SOCKETS; i++) {
        host->cfg.locals[i].port = (uint16_t)(host->cfg.locals[i].port + NETCHECK_SOCKETS);
    }
    netcheck_init(&host->check, &host->cfg, &host->net->ports.env, began);
    host->running = true;
    transmit(host);
    while (!netcheck_is_done(&host->check, host->net->now)) {
        relay_net_run(host->net, TURN_MS);
        if (!has_first && netcheck_has_verdict(&host->check, host->net->now)) {
            has_first = true;
            netcheck_found_read(&host->check, &host->first);
            host->first_ms = (host->net->now.ns - began.ns) / NS_PER_MS;
        }
    }
    netcheck_found_read(&host->check, found);
    host->running = false;
    return (host->net->now.ns - began.ns) / NS_PER_MS;
}
