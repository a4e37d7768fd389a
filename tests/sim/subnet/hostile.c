/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A flood has one message for all neighbours; each brings other records than the one before. */
#include "tests/sim/subnet/hostile.h"

#include "proto/base/bytes.h"
#include "tests/sim/subnet/link.h"
#include "tests/sim/subnet/node.h"
#include "tests/support/identities.h"

#include <string.h>

enum {
    FLOOD_MS = 10000,
    FLOOD_COUNT = 10, /* six times of what is taken of one neighbour */
    FAKES_FIRST = 1 << 30,
};

static void flood(struct world *world, struct relay *relay)
{
    static uint8_t records[FLOOD_COUNT][RECORD_OTHER_SIGNED_SIZE_MAX];
    static uint32_t fakes = FAKES_FIRST;
    Ziglan__NodeEntry entries[FLOOD_COUNT], *pointers[FLOOD_COUNT];
    Ziglan__Nodes nodes = ZIGLAN__NODES__INIT;
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;

    for (size_t i = 0; i < FLOOD_COUNT; i++) {
        struct relay fake = {.identity = node_of(fakes++), .address = relay->address};
        uint8_t ip[4] = {80, 0, 0, 1};
        uint16_t net = (uint16_t)rng_u64(&world->rng);
        size_t size;

        memcpy(ip + 1, &net, sizeof(net));
        fake.address = endpoint_v4(ip, 4433);
        size = node_record(&fake, env_wall_ms(&world->ports.env), records[i]);
        ziglan__node_entry__init(&entries[i]);
        entries[i].record = control_bytes(records[i], size);
        pointers[i] = &entries[i];
    }
    nodes.entries = pointers;
    nodes.n_entries = FLOOD_COUNT;
    control.body_case = ZIGLAN__CONTROL__BODY_NODES;
    control.nodes = &nodes;
    for (uint32_t i = 0; i < relay->session_count; i++) {
        link_send(world, relay, world->relays[relay->sessions[i].peer].identity.public_key,
                  &control);
    }
}

static void on_flood(struct world *world, struct event *event)
{
    struct relay *relay = &world->relays[event->from];

    if (relay->up) {
        flood(world, relay);
        world_later(world, FLOOD_MS * 1000, on_flood, 0)->from = relay->number;
    }
}

void hostile_begin(struct world *world)
{
    for (uint32_t i = 0; i < world->count; i++) {
        if ((world->relays[i].hostile & HOSTILE_FLOOD_FLAG) != 0) {
            uint64_t wait_us = (uint64_t)rng_below(&world->rng, FLOOD_MS) * 1000;

            world_later(world, wait_us, on_flood, 0)->from = i;
        }
    }
}

double hostile_believed(struct world *world)
{
    uint64_t fakes = 0;

    for (uint32_t i = 0; i < world->count; i++) {
        const struct relay *relay = &world->relays[i];
        struct node_found found;
        size_t cursor = 0;

        while (relay->up && relay->hostile == 0 && mesh_next(relay->mesh, &cursor, &found)) {
            fakes += world_find(world, found.key) == NULL;
        }
    }
    return (double)fakes / world_honest_count(world);
}
