/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The conductor of a conversation's paths: it lets introductions and pings go when they are due,
 * and changes the path in use when path_choose says so.
 */
#pragma once

#include "client/peer/conversation.h"
#include "client/peer/origin.h"
#include "client/tunnel/host_io.h"

enum { PATHFINDER_RESPONDER_MS = 1500 /* the initiator asks for a punch first */ };

/** A session is ready: tell candidates, ask for a punch. */
void pathfinder_on_session(struct conversation *a, bool initiator, struct host_io *io,
                           struct mono now);

/** The peer was restarted, and a new session with it begins: it may be elsewhere now, so a relay
 * carries the packets until its address has answered, and punching begins anew. */
void pathfinder_on_revival(struct conversation *a, bool initiator, struct mono now);

/** An authenticated frame came from there, one of data or a ping. An address, or a relay of no
 * ziglan, by which none came before becomes a path. Data show that a bare path lives; and if they
 * come by a way that this host would only take after the one in use, the peer may have left that,
 * and it is asked for a sign of life. */
void pathfinder_on_frame(struct conversation *a, const struct origin *origin, bool data,
                         struct mono now);

/** The plaintext of a frame 0x84, any content. */
void pathfinder_on_ping_frame(struct conversation *a, const struct origin *origin,
                              const uint8_t *plain, size_t size, struct host_io *io,
                              struct mono now);

/** A packet wants to go, and the direct path in use is stale (path_stale): if a relay is open, the
 * packet goes that way while the direct paths are pinged. */
void pathfinder_on_stale(struct conversation *a, struct mono now);

/** The peer says where it is on our LAN: if nothing is direct, it is asked there. */
void pathfinder_on_lan(struct conversation *a, const struct lan_place *place, struct mono now);

/** Relays opened, closed, came or went. */
void pathfinder_on_relays(struct conversation *a, struct mono now);

/** The session to this relay was opened (again). */
void pathfinder_on_relay_open(struct conversation *a, const struct relay_session *relay,
                              struct mono now);

/** A relay owes an answer for too long, and what is relayed takes others, if there are any: the
 * peer is told by a ping through the next one. */
void pathfinder_on_relay_late(struct conversation *a, const struct relay_session *relay,
                              struct host_io *io, struct mono now);

/** What a change of the underlay means for all conversations. */
struct network_change {
    const struct way_finder *ways; /* NULL: all ways changed */
    bool moved;                    /* the way to a relay changed: we may be behind another NAT */
    bool more;                     /* there are addresses that were not there before */
};

/** The underlay changed, perhaps. Direct paths whose way changed are tried again, and are not used
 * until they answer; others stay. If none is in use then, punching begins anew, or at least the
 * peer's addresses are tried from new ones of ours. */
void pathfinder_on_network(struct conversation *a, const struct network_change *change,
                           struct mono now);

/** The underlay is changing. A direct path to a NAT whose way is another one now, or none, or of
 * which nobody knows the way, is not used before pathfinder_on_network: a packet from an address of
 * which the peer has not heard would come to its router unasked, and such a router may give the
 * peer another port (punch_round.h). */
void pathfinder_hold(struct conversation *a, const struct way_finder *ways);

/** Remember the ways of direct paths, where nobody did. */
void pathfinder_learn_ways(struct conversation *a, const struct way_finder *ways);

/** Timers of paths and punching; returns when to come back. */
struct mono pathfinder_expire(struct conversation *a, struct host_io *io, struct mono now);
