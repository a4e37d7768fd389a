/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time and who is there. */
#include "tests/sim/subnet/world.h"

#include "proto/base/bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
    BEGIN_MS = 10 * 3600 * 1000, /* of the day at which a world begins */
    SETTLED_MS = 3 * 60 * 1000,  /* who came later is still learning itself */
};

struct world *world_new(uint64_t seed, uint32_t capacity)
{
    struct world *world = calloc(1, sizeof(*world));

    CHECK(world != NULL);
    test_env_init(&world->ports, seed);
    world->ports.clock = &world->now;
    world->ports.wall_ms += BEGIN_MS;
    world->ports.env.trace = NULL;
    world->rng = rng_stream(seed, "world");
    world->capacity = capacity;
    world->relays = calloc(capacity, sizeof(*world->relays));
    CHECK(world->relays != NULL);
    CHECK(node_shelf_new(&world->shelf, &world->ports.env) == ERR_OK);
    CHECK(map_new(&world->by_key, KEY_SIZE, capacity, &world->ports.env) == ERR_OK);
    return world;
}

void world_free(struct world *world)
{
    struct heap_entry *entry;

    while ((entry = heap_pop_due(&world->agenda, MONO_NEVER)) != NULL) {
        free(HEAP_OWNER(entry, struct event, timer));
    }
    for (uint32_t i = 0; i < world->count; i++) {
        mesh_free(world->relays[i].mesh);
        free(world->relays[i].sessions);
    }
    heap_fini(&world->agenda);
    heap_fini(&world->timers);
    node_shelf_free(world->shelf);
    map_free(world->by_key);
    free(world->relays);
    free(world);
}

struct event *world_later(struct world *world, uint64_t us,
                          void (*happen)(struct world *world, struct event *event), size_t size)
{
    struct event *event = malloc(sizeof(*event) + size);

    CHECK(event != NULL);
    *event = (struct event){.happen = happen, .size = size};
    CHECK(heap_set(&world->agenda, &event->timer, mono_add_ns(world->now, us * NS_PER_US)) ==
          ERR_OK);
    return event;
}

void world_touch(struct world *world, struct relay *relay)
{
    CHECK(heap_set(&world->timers, &relay->timer, world->now) == ERR_OK);
}

struct relay *world_find(const struct world *world, const uint8_t key[KEY_SIZE])
{
    uint64_t number;

    return map_find(world->by_key, key, &number) ? &world->relays[number] : NULL;
}

bool world_reaches(const struct world *world, const struct relay *a, const struct relay *b)
{
    return a->up && b->up && (!world->cut || a->island == b->island);
}

bool world_settled(const struct world *world, const struct relay *relay)
{
    return !mono_before(world->now, mono_add_ms(relay->born, SETTLED_MS));
}

struct relay *world_any(struct world *world)
{
    for (;;) {
        struct relay *relay = &world->relays[rng_below(&world->rng, world->count)];

        if (relay->up && relay->hostile == 0 && world_settled(world, relay)) {
            return relay;
        }
    }
}

uint32_t world_honest_count(const struct world *world)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < world->count; i++) {
        count += world->relays[i].up && world->relays[i].hostile == 0;
    }
    return count;
}
