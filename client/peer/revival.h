/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A host that was restarted knows none of its former Noise sessions, and what is sealed for them is
 * lost (docs/protocol.md, section 7). Two things end that soon. Whoever gets a relayed frame of a
 * session that it does not know begins a new one with the frame's sender, for whom the relay
 * vouches. And whoever is told that a peer has a new session to its relay asks it, by way of that
 * relay, whether it is still the same.
 *
 * What strangers can do by this: nothing. A frame that comes directly is dropped, because nobody
 * vouches for its source. A member makes us send one initiation in REVIVAL_PAUSE_MS, to itself.
 */
#pragma once

#include "client/peer/conversation.h"
#include "client/peer/origin.h"
#include "client/tunnel/host_io.h"

enum {
    REVIVAL_PAUSE_MS = 250,  /* between two answers to frames of unknown sessions of one peer */
    REVIVAL_FRESH_MS = 3000, /* a session so young may not have reached the peer yet */
    REVIVAL_PER_S = 500,     /* answers to all peers together */
};

/** How many answers are left. */
struct revivals {
    struct conversations *shared;
    struct bucket bucket;
};

/** shared is borrowed for the life of *revivals. */
void revival_init(struct revivals *revivals, struct conversations *shared, struct mono now);

/** A frame 0x83 or 0x84 of a session that we do not know came from `peer` by way of the relay of
 * `origin`. No other conversation is displaced for it. */
void revival_on_unknown(struct revivals *revivals, struct peer *peer, const struct origin *origin,
                        struct host_io *io, struct mono now);

/** The peer has a new session to its relay: it may have been restarted. If it does not answer on
 * the session that we have, a new one is begun (life.c). */
void revival_on_came(struct conversation *a, struct mono now);
