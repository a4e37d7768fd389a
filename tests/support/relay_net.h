/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Several relay cores joined by a wire in memory, in virtual time and with seeded randomness. Each
 * is in a network of its own. A failure aborts.
 */
#pragma once

#include "relayd/core/core_internal.h"
#include "tests/support/env.h"
#include "tests/support/relay_node.h"
#include "tests/support/wire.h"

enum {
    RELAY_NET_SECOND_PORT = 40000,
    RELAY_NET_OTHER_PORT = 443,
    RELAY_NET_THIRD_PORT = 40001,
    RELAY_NET_MAX = 512,
    RELAY_NET_GUESTS_MAX = 32,
    RELAY_NET_PACKET_BYTES = 42, /* in front of a UDP payload: Ethernet, IPv4 and UDP */
};

/** Something else on the wire, as a host (tests/support/net_host.h). It may send by itself. */
struct relay_net_guest {
    void *context;
    struct endpoint address;
    bool (*owns)(void *context, const struct endpoint *to); /* NULL: only that address */
    void (*receive)(void *context, struct dgram *in);
    struct mono (*deadline)(void *context); /* NULL: it never sends by itself */
    void (*turn)(void *context);            /* its deadline is due */
};

/** What a relay sent since it was made. */
struct relay_net_sent {
    uint64_t packets, bytes; /* bytes: with RELAY_NET_PACKET_BYTES each */
};

struct relay_net {
    struct test_env ports;
    struct mono now;
    struct wire wire;
    struct relay_node nodes[RELAY_NET_MAX];
    struct endpoint outside[RELAY_NET_MAX]; /* where others see one behind a full-cone NAT; none: it
                                               has no NAT */
    struct relay_net_sent sent[RELAY_NET_MAX];
    struct heap timers; /* of nodes, inside relay_net_run */
    struct relay_net_timer {
        struct heap_entry entry;
        size_t node;
    } timer_of[RELAY_NET_MAX];
    size_t count;
    struct relay_peers peers;                                   /* of all but the first */
    const struct relay_net_guest *guests[RELAY_NET_GUESTS_MAX]; /* borrowed */
    size_t guests_count;
    bool (*passes)(const struct relay_net *net, size_t from, size_t to); /* NULL: everything does */
    /* How long a packet takes between two of them; NULL: as the wire says, as from and to guests.
     */
    uint64_t (*way_us)(const struct relay_net *net, size_t from, size_t to);
    /* Around each turn of relay `node`; NULL: nobody wants to know. */
    void (*around)(void *context, size_t node, bool begins);
    void *around_context;
    /* The same as passes, by addresses, for all that arrives at a relay; NULL: everything does. */
    bool (*lets)(struct relay_net *net, const struct endpoint *from, const struct endpoint *to);
};

/** So many relays that do not run yet, in order of their keys: the first has the smallest. */
struct relay_net *relay_net_new(size_t count, uint64_t seed);
void relay_net_free(struct relay_net *net);

/** Relay i gets `known` as its only peer, unless it is the same one. *peers is filled in, and kept
 * as long as the net. */
void relay_net_peer(struct relay_net *net, size_t i, size_t known, struct relay_peers *peers);

/** All but the first get the first as their peer, and nobody else: its configuration is used at the
 * next start. */
void relay_net_peers(struct relay_net *net);

/** Start all. */
void relay_net_start(struct relay_net *net);

/** Start relay i; the others run or not. */
void relay_net_start_one(struct relay_net *net, size_t i);

/** Let everything happen for `ms` milliseconds of virtual time. */
void relay_net_run(struct relay_net *net, uint64_t ms);

/** Let a guest take part; borrowed for the life of the net. */
void relay_net_guest_add(struct relay_net *net, const struct relay_net_guest *guest);

/** The neighbours of one of them. */
struct neighbour_table *relay_net_neighbours(struct relay_net *net, size_t i);

/** The key of one of them. */
const uint8_t *relay_net_key(const struct relay_net *net, size_t i);
