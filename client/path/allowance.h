/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one rule for packets to addresses that never answered a ping of ours (docs/protocol.md,
 * sections 12 and 13). A hostile member can write any source address, a hostile relay can tell any
 * observed address, and a hostile entry point can make up members. That costs them nothing, so what
 * it makes us send is bounded:
 *
 *   one path     8 pings until something was heard, 2 if no relay observed it (path_may_ping)
 *   one peer     256 packets at once (two punch rounds), then 4 a second
 *   all peers    4,096 packets at once, then 256 a second
 *
 * A punch round has a bound on its bytes, too (stun2/punch_round), and a guess of ports one on its
 * packets (stun2/guess), which count for all peers only. How many paths the packets of a
 * peer may teach us is also bounded here.
 */
#pragma once

#include "client/path/path.h"
#include "proto/base/bucket.h"

enum {
    ALLOWANCE_SILENT_PER_S = 256,  /* of all peers ... */
    ALLOWANCE_SILENT_BURST = 4096, /* ... enough for a network change with a hundred peers */
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

/** Begin with a full allowance. */
void allowance_total_init(struct allowance_total *total, struct mono now);

/** Begin with a full allowance; also when the underlay changed. total is borrowed. */
void allowance_init(struct allowance *allowance, struct allowance_total *total, struct mono now);

/** True if one packet may go to this path's address now (NULL: to an address that is no path). It
 * is counted then, unless the address answered before: those are free. */
bool allowance_take(struct allowance *allowance, const struct path *path, struct mono now);

/** The same for a ping, for which the path has a bound of its own, too (path_may_ping). */
bool allowance_take_ping(struct allowance *allowance, const struct path *path, struct mono now);

/** True if one packet may go to a port that is guessed. It counts for all peers; for one peer the
 * guess has a bound of its own (stun2/guess.h). */
bool allowance_take_guessed(struct allowance *allowance, struct mono now);

/** True if a packet of the peer may teach us one more path now, which is counted then. Between two
 * NATs that choose a port for each destination, and let everybody in, every answer comes from
 * another port, without end. */
bool allowance_take_learned(struct allowance *allowance, struct mono now);
