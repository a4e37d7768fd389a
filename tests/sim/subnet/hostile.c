/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A flood has the same messages for all neighbours; each brings other records than those before. */
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

/* When the records of this while were made: the same for all who tell of them. */
static uint64_t made_ms(const struct world *world)
{
    uint64_t wall_ms = env_wall_ms(&world->ports.env);

    return wall_ms - wall_ms % FLOOD_MS;
}

/* All who flood tell of the same relays at the same time, so that they vouch for each other. */
static struct relay fake_of(const struct world *world, uint32_t n)
{
    uint32_t number =
        FAKES_FIRST + (uint32_t)(world->now.ns / NS_PER_MS / FLOOD_MS) * FLOOD_COUNT + n;
    struct relay fake = {.identity = node_of(number)};
    uint8_t ip[4] = {80, (uint8_t)(number >> 8), (uint8_t)number, 1};

    fake.address = endpoint_v4(ip, 4433);
    return fake;
}

/* Tell all neighbours something. */
static void tell_all(struct world *world, struct relay *relay, const Ziglan__Control *control)
{
    for (uint32_t i = 0; i < relay->session_count; i++) {
        link_send(world, relay, world->relays[relay->sessions[i].peer].identity.public_key,
                  control);
    }
}

/* The same records, as if they were believed here. */
static void vouch(struct world *world, struct relay *relay)
{
    uint8_t buckets[NODE_BUCKETS / 8] = {0}, keys[FLOOD_COUNT][KEY_SIZE];
    Ziglan__NodeRef refs[FLOOD_COUNT], *pointers[FLOOD_COUNT];
    Ziglan__NodeSummary summary = ZIGLAN__NODE_SUMMARY__INIT;
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;

    for (uint32_t i = 0; i < FLOOD_COUNT; i++) {
        memcpy(keys[i], fake_of(world, i).identity.public_key, KEY_SIZE);
        ziglan__node_ref__init(&refs[i]);
        refs[i].key = control_bytes(keys[i], KEY_SIZE);
        refs[i].sequence = made_ms(world);
        pointers[i] = &refs[i];
    }
    summary.buckets = control_bytes(buckets, sizeof(buckets));
    summary.refs = pointers;
    summary.n_refs = FLOOD_COUNT;
    control.body_case = ZIGLAN__CONTROL__BODY_NODE_SUMMARY;
    control.node_summary = &summary;
    tell_all(world, relay, &control);
}

static void flood(struct world *world, struct relay *relay)
{
    static uint8_t records[FLOOD_COUNT][RECORD_OTHER_SIGNED_SIZE_MAX];
    Ziglan__NodeEntry entries[FLOOD_COUNT], *pointers[FLOOD_COUNT];
    Ziglan__Nodes nodes = ZIGLAN__NODES__INIT;
    Ziglan__Control control = ZIGLAN__CONTROL__INIT;

    for (uint32_t i = 0; i < FLOOD_COUNT; i++) {
        struct relay fake = fake_of(world, i);
        size_t size = node_record(&fake, made_ms(world), records[i]);

        ziglan__node_entry__init(&entries[i]);
        entries[i].record = control_bytes(records[i], size);
        pointers[i] = &entries[i];
    }
    nodes.entries = pointers;
    nodes.n_entries = FLOOD_COUNT;
    control.body_case = ZIGLAN__CONTROL__BODY_NODES;
    control.nodes = &nodes;
    vouch(world, relay);
    tell_all(world, relay, &control);
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
