/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host is a guest of the net; what it sends and gets goes through its NAT. */
#include "tests/support/lifetime_net.h"

#include "proto/base/bytes.h"

#include <string.h>

enum { PORT_FIRST = 41000, TURN_MS = 20, HEADERS = 28, RUN_MS_MAX = 400 * 1000 };

static const uint8_t nat_ip[4] = {203, 0, 113, 10}, inside_ip[4] = {192, 168, 1, 2};

static bool is_lost(struct lifetime_net *host)
{
    return rng_below(&host->net->ports.rng, 1000) < host->loss_per_mille;
}

static bool owns(void *context, const struct endpoint *to)
{
    const struct lifetime_net *host = context;
    const struct endpoint outside = host->nat.kind.translates ? host->nat.address : host->inside;

    return endpoint_same_ip(to, &outside);
}

static void receive(void *context, struct dgram *in)
{
    struct lifetime_net *host = context;

    host->got_bytes += in->size + HEADERS;
    host->got_packets++;
    if (host->running && !is_lost(host) &&
        nat_inbound(&host->nat, &in->local, &in->remote, &in->local, host->net->now) ==
            NAT_PASSED) {
        lifetime_receive(&host->lifetime, in, host->net->now);
    }
}

static void turn(void *context)
{
    struct lifetime_net *host = context;
    struct mono now = host->net->now;

    lifetime_transmit(&host->lifetime, &host->box, now);
    for (size_t i = 0; i < host->box.items_count; i++) {
        const struct outbox_item *item = &host->box.items[i];
        struct endpoint from = host->inside;

        from.port = item->local.port;
        host->sent_bytes += item->size + HEADERS;
        if (!is_lost(host) &&
            nat_outbound(&host->nat, &from, &item->remote, &from, now) == NAT_PASSED) {
            wire_send(&host->net->wire, &from, &item->remote, host->box.bytes + item->offset,
                      item->size, now);
        }
    }
    outbox_clear(&host->box);
}

static struct mono deadline(void *context)
{
    const struct lifetime_net *host = context;

    return host->running ? lifetime_deadline(&host->lifetime) : MONO_NEVER;
}

void lifetime_net_init(struct lifetime_net *host, const struct nat_kind *kind, uint64_t seed)
{
    const struct endpoint address = endpoint_v4(nat_ip, 0);

    memset(host, 0, sizeof(*host));
    host->net = relay_net_new(1, seed);
    relay_net_start(host->net);
    relay_net_run(host->net, 1000);
    nat_init(&host->nat, kind, &address, &host->net->ports.rng);
    CHECK(outbox_init(&host->box, 65536, 128) == ERR_OK);
    host->inside = endpoint_v4(kind->translates ? inside_ip : nat_ip, 0);
    host->cfg.relay = host->net->nodes[0].address;
    for (size_t i = 0; i < LIFETIME_SOCKETS; i++) {
        host->cfg.ports[i] = (uint16_t)(PORT_FIRST + i);
    }
    host->guest = (struct relay_net_guest){
        .context = host, .owns = owns, .receive = receive, .deadline = deadline, .turn = turn};
    relay_net_guest_add(host->net, &host->guest);
}

void lifetime_net_fini(struct lifetime_net *host)
{
    outbox_fini(&host->box);
    relay_net_free(host->net);
}

void lifetime_net_begin(struct lifetime_net *host)
{
    for (size_t i = 0; i < LIFETIME_SOCKETS; i++) {
        host->cfg.ports[i] = (uint16_t)(host->cfg.ports[i] + LIFETIME_SOCKETS);
    }
    host->began_at = host->net->now;
    lifetime_init(&host->lifetime, &host->cfg, &host->net->ports.env, host->began_at);
    host->running = true;
}

bool lifetime_net_run(struct lifetime_net *host, uint64_t ms)
{
    struct mono end = mono_add_ms(host->net->now, ms);

    while (!lifetime_is_done(&host->lifetime) && !mono_due(end, host->net->now)) {
        relay_net_run(host->net, TURN_MS);
    }
    return lifetime_is_done(&host->lifetime);
}

uint64_t lifetime_net_measure(struct lifetime_net *host, struct lifetime_found *found)
{
    lifetime_net_begin(host);
    CHECK(lifetime_net_run(host, RUN_MS_MAX));
    lifetime_read(&host->lifetime, found);
    host->running = false;
    return mono_ms_between(host->began_at, host->net->now);
}
