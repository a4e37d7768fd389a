/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A subnet of many relays at the level of messages: the same cores as in relayd (rendezvous/mesh,
 * rendezvous/presence), virtual time, and what lies between the relays. There is no QUIC: a session
 * is a fact, a message arrives whole and in order, and a lost packet makes it late. All chance
 * follows from one seed, so a run repeats exactly.
 *
 * Later: link.h moves messages, node.h makes relays, play_*.h tells what happens to them.
 */
#pragma once

#include "proto/base/heap.h"
#include "proto/base/map.h"
#include "proto/base/mono.h"
#include "rendezvous/mesh/mesh.h"
#include "tests/sim/subnet/plane.h"
#include "tests/support/env.h"
#include "tests/support/rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The end of a session at one relay. */
struct session {
    uint32_t peer;    /* number of the other relay */
    uint64_t id;      /* the same at both ends */
    uint64_t last_ns; /* when the last message to the peer arrives there */
};

struct presence_side;

/** What a hostile relay does, one bit for each. */
enum {
    HOSTILE_SILENT_FLAG = 1, /* answers no look-up */
    HOSTILE_LIAR_FLAG = 2,   /* answers with forged records */
    HOSTILE_FLOOD_FLAG = 4,  /* tells of relays that do not exist */
};

struct relay { /* more than 20 members: it is what the world knows of a relay, in one place */
    uint32_t number;
    struct identity identity;
    struct endpoint address;
    struct place place;
    struct mesh *mesh; /* NULL: it never ran, or is gone */
    struct presence_side *presence;
    struct heap_entry timer;
    bool up;
    uint32_t hostile; /* HOSTILE_*_FLAG; 0: honest */
    uint32_t island;
    struct session *sessions;
    uint32_t session_count, session_capacity;
    uint64_t sent_bytes, sent_messages;
    struct mono born;
};

struct world;

/** Something that will happen. */
struct event {
    struct heap_entry timer;
    void (*happen)(struct world *world, struct event *event);
    uint32_t from, to; /* relays, or what `happen` makes of them */
    uint64_t number;
    size_t size;
    uint8_t bytes[];
};

struct world {
    struct test_env ports;
    struct rng rng; /* of the world itself; the cores draw from ports */
    struct mono now;
    struct heap agenda, timers; /* of events, and of relays */
    struct node_shelf *shelf;
    struct map *by_key; /* key of a relay -> number */
    struct relay *relays;
    uint32_t count, capacity;
    uint32_t loss_ppm;
    bool cut; /* islands do not reach each other */
    uint64_t session_next;
    uint64_t delivered; /* messages */
    void *play;         /* of the scenario that runs */
    struct mesh_message message;
    struct control_arena arena;
};

/** An empty world for at most `capacity` relays. */
struct world *world_new(uint64_t seed, uint32_t capacity);
void world_free(struct world *world);

/** An event that happens in `us` microseconds, with room for `size` bytes. To be filled in. */
struct event *world_later(struct world *world, uint64_t us,
                          void (*happen)(struct world *world, struct event *event), size_t size);

/** This relay has something to do: it runs before time passes. */
void world_touch(struct world *world, struct relay *relay);

/** The relay of a key; NULL if there never was one. */
struct relay *world_find(const struct world *world, const uint8_t key[KEY_SIZE]);

/** True if packets pass between them now. */
bool world_reaches(const struct world *world, const struct relay *a, const struct relay *b);

/** True if a relay has been there for long enough to know the others. */
bool world_settled(const struct world *world, const struct relay *relay);

/** A random relay that is up, honest and settled. */
struct relay *world_any(struct world *world);

/** How many relays are up and honest. */
uint32_t world_honest_count(const struct world *world);
