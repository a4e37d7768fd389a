/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Relay nodes, and the wire between them. */
#include "tests/support/relay_net.h"

#include "proto/base/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct endpoint address_of(size_t i)
{
    const uint8_t ip[4] = {(uint8_t)(20 + i / 256), (uint8_t)i, 3, 1};

    return endpoint_v4(ip, 4433);
}

/* Where others see a relay. */
static const struct endpoint *place_of(const struct relay_net *net, size_t i)
{
    return endpoint_is_none(&net->outside[i]) ? &net->nodes[i].address : &net->outside[i];
}

/* A full-cone NAT gives each port of its relay one of its own, and lets in all that comes there:
 * the relay's port has that of its place, others keep their numbers. False: nobody is at `to`. */
static bool nat_in(const struct relay_net *net, size_t i, struct endpoint *to)
{
    if (!endpoint_is_none(&net->outside[i])) {
        bool main = to->port == net->outside[i].port;

        if (!main && to->port == net->nodes[i].address.port) {
            return false;
        }
        memcpy(to->ip, net->nodes[i].address.ip, sizeof(to->ip));
        to->port = main ? net->nodes[i].address.port : to->port;
    }
    return true;
}

static struct endpoint nat_out(const struct relay_net *net, size_t i, uint16_t port)
{
    struct endpoint from = *place_of(net, i);

    if (port != 0 && port != net->nodes[i].address.port) {
        from.port = port;
    }
    return from;
}

static size_t node_at(const struct relay_net *net, const struct endpoint *address)
{
    size_t size, i = 0;
    const uint8_t *ip = endpoint_ip_bytes(address, &size);

    if (size == 4 && ip[0] >= 20) {
        i = (size_t)(ip[0] - 20) * 256 + ip[1]; /* unless a test gave it another address */
    }
    if (i >= net->count || !endpoint_same_ip(place_of(net, i), address)) {
        i = 0;
    }
    while (i < net->count && !endpoint_same_ip(place_of(net, i), address)) {
        i++;
    }
    return i;
}

static void node_sends(void *context, const struct relay_node *node)
{
    struct relay_net *net = context;
    size_t number = (size_t)(node - net->nodes);
    uint64_t way_us = net->wire.delay_us;

    for (size_t i = 0; i < node->box.items_count; i++) {
        const struct outbox_item *item = &node->box.items[i];
        struct endpoint from = nat_out(net, number, item->local.port);
        size_t to = net->way_us == NULL ? net->count : node_at(net, &item->remote);

        net->wire.delay_us = to < net->count ? net->way_us(net, number, to) : way_us;
        wire_send(&net->wire, &from, &item->remote, node->box.bytes + item->offset, item->size,
                  net->now);
        net->sent[number].packets++;
        net->sent[number].bytes += item->size + RELAY_NET_PACKET_BYTES;
    }
    net->wire.delay_us = way_us;
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
        const uint8_t id_seed[IDENTITY_SEED_SIZE] = {1, (uint8_t)i, (uint8_t)(i >> 8)};

        identity_from_seed(&identities[i], id_seed);
    }
    qsort(identities, count, sizeof(identities[0]), by_key);
    for (size_t i = 0; i < count; i++) {
        const uint8_t id_seed[IDENTITY_SEED_SIZE] = {2, (uint8_t)i, (uint8_t)(i >> 8)};
        struct endpoint address = address_of(i);

        identity_from_seed(&ziglan, id_seed);
        relay_node_init(&net->nodes[i], &net->ports.env, &identities[i], &ziglan, &address);
        net->nodes[i].send = node_sends;
        net->nodes[i].context = net;
        net->timer_of[i].node = i;
    }
    return net;
}

void relay_net_free(struct relay_net *net)
{
    for (size_t i = 0; i < net->count; i++) {
        relay_node_fini(&net->nodes[i]);
    }
    wire_fini(&net->wire);
    heap_fini(&net->timers);
    link_library_fini();
    free(net);
}

void relay_net_peer(struct relay_net *net, size_t i, size_t known, struct relay_peers *peers)
{
    struct url_relay *peer = &peers->list[0];
    char text[ENDPOINT_TEXT_SIZE];

    peers->count = 1;
    memcpy(peer->key, relay_net_key(net, known), KEY_SIZE);
    (void)snprintf(peer->host.name, sizeof(peer->host.name), "%s",
                   endpoint_ip_text(place_of(net, known), text));
    peer->host.port = place_of(net, known)->port;
    peer->host.numeric = true;
    if (i != known) {
        net->nodes[i].cfg.peers = peers;
    }
}

void relay_net_peers(struct relay_net *net)
{
    for (size_t i = 1; i < net->count; i++) {
        relay_net_peer(net, i, 0, &net->peers);
    }
}

void relay_net_start(struct relay_net *net)
{
    for (size_t i = 0; i < net->count; i++) {
        relay_net_start_one(net, i);
    }
}

void relay_net_start_one(struct relay_net *net, size_t i)
{
    static const uint16_t ports[] = {RELAY_NET_OTHER_PORT, RELAY_NET_THIRD_PORT};
    static const uint16_t answer_ports[] = {4433, RELAY_NET_OTHER_PORT};

    relay_node_start(&net->nodes[i], net->now);
    relay_core_second_port(net->nodes[i].core, RELAY_NET_SECOND_PORT);
    relay_core_ports(net->nodes[i].core, ports, 2);
    relay_core_answer_ports(net->nodes[i].core, answer_ports, 2);
}

void relay_net_guest_add(struct relay_net *net, const struct relay_net_guest *guest)
{
    CHECK(net->guests_count < RELAY_NET_GUESTS_MAX);
    net->guests[net->guests_count++] = guest;
}

static void guests_deliver(struct relay_net *net, const struct endpoint *to, struct dgram *in)
{
    for (size_t i = 0; i < net->guests_count; i++) {
        const struct relay_net_guest *guest = net->guests[i];

        if (guest->owns != NULL ? guest->owns(guest->context, to)
                                : endpoint_equal(&guest->address, to)) {
            guest->receive(guest->context, in);
        }
    }
}

/* ---- time ---- */

static void timer_keep(struct relay_net *net, size_t i)
{
    CHECK(heap_set(&net->timers, &net->timer_of[i].entry, relay_node_deadline(&net->nodes[i])) ==
          ERR_OK);
}

static void around(const struct relay_net *net, size_t i, bool begins)
{
    if (net->around != NULL) {
        net->around(net->around_context, i, begins);
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
        if (to < net->count && nat_in(net, to, &in.local) && net->nodes[to].core != NULL &&
            (net->passes == NULL || net->passes(net, from, to)) &&
            (net->lets == NULL || net->lets(net, &packet->from, &packet->to))) {
            around(net, to, true);
            relay_core_receive(net->nodes[to].core, &in, net->now);
            (void)relay_node_pump(&net->nodes[to], net->now);
            around(net, to, false);
            timer_keep(net, to);
        }
        wire_packet_free(&net->wire, packet);
    }
}

static struct mono guest_deadline(const struct relay_net_guest *guest)
{
    return guest->deadline != NULL ? guest->deadline(guest->context) : MONO_NEVER;
}

static void guests_turn(struct relay_net *net)
{
    for (size_t i = 0; i < net->guests_count; i++) {
        const struct relay_net_guest *guest = net->guests[i];

        if (mono_due(guest_deadline(guest), net->now)) {
            guest->turn(guest->context);
        }
    }
}

static void nodes_turn(struct relay_net *net)
{
    struct heap_entry *entry = heap_pop_due(&net->timers, net->now);
    size_t turns = 0;

    /* One turn each: whose deadline is due again gets the next one. */
    for (; entry != NULL && turns < net->count; entry = heap_pop_due(&net->timers, net->now)) {
        size_t i = HEAP_OWNER(entry, struct relay_net_timer, entry)->node;

        around(net, i, true);
        relay_core_expire(net->nodes[i].core, net->now);
        (void)relay_node_pump(&net->nodes[i], net->now);
        around(net, i, false);
        timer_keep(net, i);
        turns++;
    }
    if (entry != NULL) {
        timer_keep(net, HEAP_OWNER(entry, struct relay_net_timer, entry)->node);
    }
}

static struct mono next_event(const struct relay_net *net)
{
    struct mono next = mono_min(wire_deadline(&net->wire), heap_deadline(&net->timers));

    for (size_t i = 0; i < net->guests_count; i++) {
        next = mono_min(next, guest_deadline(net->guests[i]));
    }
    return next;
}

void relay_net_run(struct relay_net *net, uint64_t ms)
{
    struct mono until = mono_add_ms(net->now, ms);

    for (size_t i = 0; i < net->count; i++) { /* what a test did since the last run */
        timer_keep(net, i);
    }
    for (struct mono next = next_event(net); next.ns <= until.ns; next = next_event(net)) {
        net->now = next.ns > net->now.ns ? next : net->now;
        deliver(net);
        guests_turn(net);
        nodes_turn(net);
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
