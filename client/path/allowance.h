/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one rule for packets to an address that never answered a ping of ours: source addresses that
 * a hostile member writes, addresses that a hostile relay says it observed, and members that a
 * hostile entry point makes up cost them nothing, so what they can make us send is bounded
 *
 *   for one path       pings until something was heard (path_may_ping)
 *   for one peer       two rounds of a punch at once, then 4 packets a second
 *   for all peers      256 packets a second
 *
 * (docs/protocol.md, section 13; a round of a punch has its own bound on bytes besides, see
 * stun2/punch_round). Paths that a peer's packets teach us are bounded here, too.
 */
#pragma once

#include "client/path/path.h"
#include "proto/base/bucket.h"

enum {
    ALLOWANCE_SILENT_PER_S = 256,  /* of all peers ... */
    ALLOWANCE_SILENT_BURST = 4096, /* ... a network change with a hundred peers fits */
};

/** What all peers have together. */
struct allowance_total {
    struct bucket silent;
};

/** What one peer has. */
struct allowance {
    struct allowance_total *total;
    struct bucket silent;  /* packets to addresses that never answered */
    struct bucket learned; /* paths to addresses that nobody told us */
};

/** Full. */
void allowance_total_init(struct allowance_total *total, struct mono now);

/** Full: at the beginning, and when the underlay changed. total is borrowed. */
void allowance_init(struct allowance *allowance, struct allowance_total *total, struct mono now);

/** May one packet go to this path's address now? Taken if so. NULL: to an address that is no path.
 */
bool allowance_take(struct allowance *allowance, const struct path *path, struct mono now);

/** The same for a ping, which counts against the path's own bound, too. */
bool allowance_take_ping(struct allowance *allowance, const struct path *path, struct mono now);

/** May a packet of the peer's teach us one more path now? Taken if so. Between two NATs that change
 * the port with every port they talk to, and let everybody in, every answer comes from yet another
 * one, without end. */
bool allowance_take_learned(struct allowance *allowance, struct mono now);
