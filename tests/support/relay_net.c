/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Relay nodes, and the wire between them. */
#include "tests/support/relay_net.h"

#include "proto/base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t node_at(const struct relay_net *net, const struct endpoint *address)
{
    size_t i = 0;

    while (i < net->count && !endpoint_same_ip(&net->nodes[i].address, address)) {
        i++;
    }
    return i;
}

static void node_sends(void *context, const struct relay_node *node)
{
    struct relay_net *net = context;

    for (size_t i = 0; i < node->box.items_count; i++) {
        const struct outbox_item *item = &node->box.items[i];
        struct endpoint from = node->address;

        from.port = item->local.port != 0 ? item->local.port : from.port;
        wire_send(&net->wire, &from, &item->remote, node->box.bytes + item->offset, item->size,
                  net->now);
    }
}

static int by_key(const void *a, const void *b)
{
    const struct identity *one = a, *other = b;

    return memcmp(one->public_key, other->public_key, KEY_SIZE);
}

struct relay_net *relay_net_new(size_t count, uint64_t seed)
{
    struct relay_net *net = calloc(1, sizeof(*net));
    struct identity identities[RELAY_NET_MAX], ziglan;

    CHECK(net != NULL && count <= RELAY_NET_MAX);
    test_env_init(&net->ports, seed);
    net->ports.clock = &net->now;
    net->now.ns = NS_PER_S;
    net->count = count;
    CHECK(identity_library_init() == ERR_OK && link_library_init(&net->ports.env) == ERR_OK);
    wire_init(&net->wire, &net->ports.rng);
    net->wire.delay_us = 10000;
    for (size_t i = 0; i < count; i++) {
        const uint8_t id_seed[IDENTITY_SEED_SIZE] = {1, (uint8_t)i};

        identity_from_seed(&identities[i], id_seed);
    }
    qsort(identities, count, sizeof(identities[0]), by_key);
    for (size_t i = 0; i < count; i++) {
        const uint8_t ip[4] = {20, (uint8_t)i, 3, 1};
        const uint8_t id_seed[IDENTITY_SEED_SIZE] = {2, (uint8_t)i};
        struct endpoint address = endpoint_v4(ip, 4433);

        identity_from_seed(&ziglan, id_seed);
        relay_node_init(&net->nodes[i], &net->ports.env, &identities[i], &ziglan, &address);
        net->nodes[i].send = node_sends;
        net->nodes[i].context = net;
    }
    return net;
}

void relay_net_free(struct relay_net *net)
{
    for (size_t i = 0; i < net->count; i++) {
        relay_node_fini(&net->nodes[i]);
    }
    wire_fini(&net->wire);
    link_library_fini();
    free(net);
}

void relay_net_peers(struct relay_net *net)
{
    struct relay_peer *peer = &net->peers.list[0];
    char text[ENDPOINT_TEXT_SIZE];

    net->peers.count = 1;
    memcpy(peer->key, relay_net_key(net, 0), KEY_SIZE);
    (void)snprintf(peer->host.name, sizeof(peer->host.name), "%s",
                   endpoint_ip_text(&net->nodes[0].address, text));
    peer->host.port = 4433;
    peer->host.numeric = true;
    for (size_t i = 1; i < net->count; i++) {
        net->nodes[i].cfg.peers = &net->peers;
    }
}

void relay_net_start(struct relay_net *net)
{
    for (size_t i = 0; i < net->count; i++) {
        relay_node_start(&net->nodes[i], net->now);
        relay_core_second_port(net->nodes[i].core, RELAY_NET_SECOND_PORT);
    }
}

void relay_net_guest_add(struct relay_net *net, const struct relay_net_guest *guest)
{
    CHECK(net->guests_count < RELAY_NET_GUESTS_MAX);
    net->guests[net->guests_count++] = guest;
}

static void guests_deliver(struct relay_net *net, const struct endpoint *to, struct dgram *in)
{
    for (size_t i = 0; i < net->guests_count; i++) {
        if (endpoint_equal(&net->guests[i]->address, to)) {
            net->guests[i]->receive(net->guests[i]->context, in);
        }
    }
}

static void deliver(struct relay_net *net)
{
    struct wire_packet *packet = wire_take(&net->wire, net->now);

    for (; packet != NULL; packet = wire_take(&net->wire, net->now)) {
        struct dgram in = wire_packet_dgram(packet);
        size_t from = node_at(net, &packet->from), to = node_at(net, &packet->to);

        in.local = packet->to;
        guests_deliver(net, &packet->to, &in);
        if (to < net->count && net->nodes[to].core != NULL &&
            (net->passes == NULL || net->passes(net, from, to)) &&
            (net->lets == NULL || net->lets(net, &packet->from, &packet->to))) {
            relay_core_receive(net->nodes[to].core, &in, net->now);
            (void)relay_node_pump(&net->nodes[to], net->now);
        }
        wire_packet_free(&net->wire, packet);
    }
}

void relay_net_run(struct relay_net *net, uint64_t ms)
{
    struct mono until = mono_add_ms(net->now, ms);

    for (;;) {
        struct mono next = wire_deadline(&net->wire);

        for (size_t i = 0; i < net->count; i++) {
            next = mono_min(next, relay_node_deadline(&net->nodes[i]));
        }
        for (size_t i = 0; i < net->guests_count; i++) {
            next = mono_min(next, net->guests[i]->deadline(net->guests[i]->context));
        }
        if (next.ns > until.ns) {
            break;
        }
        net->now = next.ns > net->now.ns ? next : net->now;
        deliver(net);
        for (size_t i = 0; i < net->guests_count; i++) {
            const struct relay_net_guest *guest = net->guests[i];

            if (mono_due(guest->deadline(guest->context), net->now)) {
                guest->turn(guest->context);
            }
        }
        for (size_t i = 0; i < net->count; i++) {
            struct relay_node *node = &net->nodes[i];

            if (node->core != NULL && mono_due(relay_core_deadline(node->core), net->now)) {
                relay_core_expire(node->core, net->now);
                (void)relay_node_pump(node, net->now);
            }
        }
    }
    net->now = until;
}

struct neighbour_table *relay_net_neighbours(struct relay_net *net, size_t i)
{
    return &net->nodes[i].core->base.neighbours;
}

const uint8_t *relay_net_key(const struct relay_net *net, size_t i)
{
    return net->nodes[i].identity.public_key;
}
