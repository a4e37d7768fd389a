/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where do neighbours see this relay, and did that change? Behind a NAT a relay can only be told:
 * by the neighbours that it dialled, since QUIC lets those sessions follow it to a new address. So
 * it asks two of them for a sign of life each few seconds, which also keeps the NAT's mapping, and
 * sees to it that there are two. When one sees it elsewhere all are asked at once; what most of
 * their networks see is where it is. A neighbour that lies so costs a packet to each other one.
 */
#pragma once

#include "proto/base/bucket.h"
#include "proto/base/mono.h"
#include "proto/net/endpoint.h"
#include "relayd/base/neighbour_table.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/mesh.h"
#include "relayd/service/reach_met.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REACH_WATCH_MS = 5000,   /* between two looks at a NAT's mapping */
    REACH_WATCHERS = 2,      /* neighbours that hear of us so often, and see where we are */
    REACH_CONFIRM_MS = 1000, /* so long the others have to see us elsewhere, too */
    REACH_MOVES_BURST = 5,   /* changes at once that are measured, then one a minute */
    REACH_REDIALS_MAX = 8,   /* sessions that are dialled anew after a change */
    REACH_STEADY_MS = 60000, /* without need none is dialled anew before; the other relay may need
                                it as well */
};

struct reach_watch {
    struct relay_base *base; /* these are borrowed */
    struct mesh_service *mesh;
    struct endpoint seen;   /* where most saw us when reach_watch_take was called last */
    struct endpoint former; /* where they saw us before that changed */
    struct endpoint open;   /* our own, behind a NAT, when it let in one to whom we had never sent;
                               none: it did not yet */
    struct mono watch_at;   /* the next look at the mapping */
    struct mono look_at;    /* has the address changed? MONO_NEVER: nobody says so */
    struct mono asked_at;   /* all were asked because one sees us elsewhere */
    struct bucket moves;
    struct reach_met met; /* whom our NAT may let in, because there was a session */
};

/** In zeroed memory. What is given is borrowed. */
void reach_watch_init(struct reach_watch *watch, struct relay_base *base, struct mesh_service *mesh,
                      struct mono now);

/** The address that the networks of most neighbours see; of as many for two of them, the one that
 * was taken last. Those that we dialled are heard, others only if there are none; and about the
 * other family of addresses only if none sees one of this. *ports is how many different ports they
 * see at it, 2 at most. */
struct endpoint reach_watch_most(const struct reach_watch *watch, uint32_t *ports);

/** That is from now on where they saw us. True if it is another one than before. */
bool reach_watch_take(struct reach_watch *watch);

/** True if this neighbour has it measured where we are now: its session can follow us, or it
 * reached us at `address`. */
bool reach_watch_is_witness(const struct neighbour *neighbour, const struct endpoint *address);

/** A neighbour sees us at neighbour->observed: a session with it is new, or it says so. */
void reach_watch_on_seen(struct reach_watch *watch, const struct neighbour *neighbour,
                         struct mono now);

/** True if it is time to measure, since most see us elsewhere than when it was taken last. */
bool reach_watch_has_moved(struct reach_watch *watch, struct mono now);

/** Neighbours that dialled us at the former address are dialled from here. */
void reach_watch_redial(struct reach_watch *watch, struct mono now);

/** We are reached here: that is where neighbours see us, if none has said so yet. */
void reach_watch_found(struct reach_watch *watch, const struct endpoint *address);

/** Behind a NAT: let two neighbours hear of us often, if it is time to look for them. */
void reach_watch_expire(struct reach_watch *watch, struct mono now);

/** When to call reach_watch_has_moved (if `moves`) or reach_watch_expire (if `nat`). */
struct mono reach_watch_deadline(const struct reach_watch *watch, bool moves, bool nat);
