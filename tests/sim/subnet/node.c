/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One relay after the other does what it has to do; nothing else makes time pass. */
#include "tests/sim/subnet/node.h"

#include "proto/base/bytes.h"
#include "proto/crypto/signed.h"
#include "rendezvous/mesh/node_prefix.h"
#include "tests/sim/subnet/link.h"
#include "tests/support/identities.h"

#include <stdlib.h>
#include <string.h>

enum {
    RENEW_MS = 6 * 3600 * 1000,
    PORT = 4433,
    LOOKS_MAX = 1000000, /* without time passing: then a core demands to run all the time */
};

/* ---- birth ---- */

static struct endpoint address_draw(struct rng *rng)
{
    for (;;) {
        uint8_t ip[4];
        struct endpoint address;

        rng_fill(rng, ip, sizeof(ip));
        address = endpoint_v4(ip, PORT);
        if (ip[0] < 224 && endpoint_scope(&address) == ENDPOINT_SCOPE_GLOBAL) {
            return address;
        }
    }
}

struct relay *node_make_beside(struct world *world, const struct endpoint *address)
{
    struct relay *relay = &world->relays[world->count];

    CHECK(world->count < world->capacity);
    *relay = (struct relay){.number = world->count++,
                            .identity = node_of(world->count),
                            .address = *address,
                            .place = plane_draw(&world->rng)};
    CHECK(map_put(world->by_key, relay->identity.public_key, relay->number) == ERR_OK);
    return relay;
}

struct relay *node_make(struct world *world)
{
    struct endpoint address = address_draw(&world->rng);

    return node_make_beside(world, &address);
}

void node_start(struct world *world, struct relay *relay)
{
    struct mesh_config config = {.identity = &relay->identity, .shelf = world->shelf};

    CHECK(mesh_new(&relay->mesh, &config, &world->ports.env, world->now) == ERR_OK);
    mesh_own_addresses(relay->mesh, &relay->address, 1);
    relay->up = true;
    relay->born = world->now;
    world_touch(world, relay);
}

size_t node_record(const struct relay *relay, uint64_t created_ms,
                   uint8_t out[RECORD_OTHER_SIGNED_SIZE_MAX])
{
    struct record_node record = {.header = {.sequence = created_ms,
                                            .created_ms = created_ms,
                                            .lifetime_s = RECORD_NODE_LIFETIME_S},
                                 .service = RECORD_NODE_SERVICE,
                                 .addresses = {relay->address},
                                 .addresses_count = 1,
                                 .protocols = RECORD_PROTOCOL_QUIC_FLAG,
                                 .apps = {"ziglan", "depots.v1"},
                                 .apps_count = 2,
                                 .rewards = {{"any", "somebody-somewhere", ""}},
                                 .rewards_count = 1};
    uint8_t bytes[RECORD_SIZE_MAX];
    size_t size, signed_size;

    memcpy(record.header.key, relay->identity.public_key, KEY_SIZE);
    memcpy(record.spki_sha256, relay->identity.x25519_public, sizeof(record.spki_sha256));
    CHECK(record_node_encode(bytes, &size, &record) == ERR_OK);
    CHECK(signed_make(out, RECORD_OTHER_SIGNED_SIZE_MAX, &signed_size, &relay->identity, bytes,
                      size) == ERR_OK);
    return signed_size;
}

static void on_renew(struct world *world, struct event *event)
{
    struct relay *relay = &world->relays[event->from];
    uint8_t record[RECORD_OTHER_SIGNED_SIZE_MAX];
    uint64_t sequence = env_wall_ms(&world->ports.env);

    if (!relay->up) {
        return;
    }
    if (sequence <= mesh_own_sequence(relay->mesh)) {
        sequence = mesh_own_sequence(relay->mesh) + 1;
    }
    CHECK(mesh_own_set(relay->mesh, record, node_record(relay, sequence, record), world->now) ==
          ERR_OK);
    world_touch(world, relay);
    node_announce(world, relay, RENEW_MS);
}

void node_announce(struct world *world, struct relay *relay, uint64_t wait_ms)
{
    struct event *event = world_later(world, wait_ms * 1000, on_renew, 0);

    event->from = relay->number;
}

struct relay *node_join(struct world *world)
{
    const struct relay *known = world_any(world);
    struct relay *relay = node_make(world);

    relay->island = known->island;
    node_start(world, relay);
    node_announce(world, relay, 0);
    link_dial(world, relay, known->identity.public_key, &known->address, DIAL_FIXED);
    return relay;
}

void node_kill(struct world *world, struct relay *relay)
{
    relay->up = false;
    link_silence(world, relay);
    heap_remove(&world->timers, &relay->timer);
    mesh_free(relay->mesh);
    relay->mesh = NULL;
    free(relay->sessions);
    relay->sessions = NULL;
    relay->session_count = 0;
    relay->session_capacity = 0;
}

bool node_knows(const struct relay *relay, const struct relay *other)
{
    struct node_found found;

    return mesh_find(relay->mesh, other->identity.public_key, &found);
}

/* ---- work ---- */

static void work(struct world *world, struct relay *relay)
{
    struct mesh_output out;

    mesh_expire(relay->mesh, world->now);
    while (mesh_output(relay->mesh, &out, &world->message, world->now)) {
        switch (out.type) {
        case MESH_OUTPUT_SEND:
            link_send(world, relay, out.key, &world->message.control);
            break;
        case MESH_OUTPUT_REACH:
            link_dial(world, relay, out.key, &out.address, DIAL_REACH);
            break;
        case MESH_OUTPUT_CONNECT:
            link_dial(world, relay, out.key, &out.address, DIAL_CONNECT);
            break;
        case MESH_OUTPUT_RELEASE:
            link_release(world, relay, out.key);
            break;
        }
    }

    struct mono next = mesh_deadline(relay->mesh), soon = mono_add_ms(world->now, 1);

    /* A core that demands to run at once may do so in a millisecond. */
    CHECK(heap_set(&world->timers, &relay->timer, mono_before(next, soon) ? soon : next) == ERR_OK);
}

static bool step(struct world *world, struct mono end)
{
    struct heap_entry *entry = heap_pop_due(&world->agenda, world->now);

    if (entry != NULL) {
        struct event *event = HEAP_OWNER(entry, struct event, timer);

        event->happen(world, event);
        free(event);
        return true;
    }
    entry = heap_pop_due(&world->timers, world->now);
    if (entry != NULL) {
        work(world, HEAP_OWNER(entry, struct relay, timer));
        return true;
    }

    struct mono next = mono_min(heap_deadline(&world->agenda), heap_deadline(&world->timers));

    if (!mono_before(next, end)) {
        world->now = end;
        return false;
    }
    world->now = next;
    return true;
}

void node_run(struct world *world, uint64_t ms)
{
    struct mono end = mono_add_ms(world->now, ms), at = world->now;
    uint32_t looks = 0;

    while (step(world, end)) {
        looks = mono_before(at, world->now) ? 0 : looks + 1;
        CHECK(looks < LOOKS_MAX);
        at = world->now;
    }
}
