/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What happens to a subnet of real relays: whole cores of relayd with QUIC, TLS and everything
 * else, in virtual time (tests/support/relay_net.h), placed on the plane of tests/sim/subnet.
 */
#pragma once

#include "tests/sim/subnet/figures.h"
#include "tests/sim/subnet/plane.h"
#include "tests/support/relay_net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct play {
    struct relay_net *net;
    struct rng rng; /* of the world itself; the cores draw from the net's */
    struct place places[RELAY_NET_MAX];
    struct relay_peers peers[RELAY_NET_MAX];
    size_t running; /* the first ones */
};

/** Relays that do not run yet; play_free takes it. */
struct play *play_new(size_t relays, uint64_t seed);
void play_free(struct play *play);

/** So many relays come one by one; each knows the first of all, and nobody else. Then wait until
 * each knows all. */
void play_grow(struct play *play, struct figures *figures, size_t count);

/** Nothing happens for so long: what the relays say to each other then. */
void play_rest(struct play *play, struct figures *figures, uint64_t ms);

/** All the relays that are left come one by one; each knows one that is there. How long it takes
 * until all know them. */
void play_newcomers(struct play *play, struct figures *figures);

/** So many hosts come, each to some relay, and look for each other by key: over sessions between
 * relays that are made for it, and over sessions that are there. */
void play_locate(struct play *play, struct figures *figures, size_t hosts);
