/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lanes over two relays (docs/protocol.md, section 18): one host is here, the other one at a
 * neighbour. Between the relays the lane has two ends with one label, which the relay of the host
 * that asked draws; the other relay binds it there, as a host would. Their session says of whom the
 * lane is, and that the label and its secret are the neighbour's.
 *
 *   host a --LaneOpen--> relay of a --LaneRelayed--> relay of b --LaneIncoming--> host b
 *                        relay of a <---- bind, challenge, bind, bound ----> relay of b
 */
#pragma once

#include "proto/net/dgram.h"
#include "proto/wire/control.h"
#include "relayd/service/forward_relay.h"
#include "relayd/service/lane_ends.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LANE_CHAIN_AGAIN_MS = 2000, /* between two questions of a host for one peer elsewhere */
    LANE_CHAIN_WAIT_MS = 10000, /* to a neighbour's bind, then the lane is closed by a sweep */
    LANE_CHAIN_REBIND_MS = 100, /* between two binds because of frames from elsewhere */
};

struct lane_chain {
    struct lane_ends ends;
    struct forward_relay *relays; /* borrowed; NULL: there are no other relays */
    struct outbox *out;           /* borrowed; for binds */
    struct mono bind_at;          /* the next one; NEVER: none is needed */
};

/** The end of a host here of its lane to a host elsewhere, which may be a new one, of which that
 * host's relay is told. NULL, with *verdict, if it can have none. */
struct lane_end *lane_chain_ask(struct lane_chain *chain, struct relay_client *client,
                                const uint8_t dst[KEY_SIZE], enum verdict *verdict,
                                struct mono now);

/** LaneRelayed of a neighbour: the lane is opened and bound, and the host here told; or the
 * neighbour gets LaneClosed. */
void lane_chain_on_relayed(struct lane_chain *chain, struct relay_client *neighbour,
                           const Ziglan__LaneRelayed *body, struct mono now);

/** LaneClosed of a neighbour. Nothing happens unless the label is of a lane with it. */
void lane_chain_on_closed(struct lane_chain *chain, const struct relay_client *neighbour,
                          uint64_t label);

/** A challenge or a bound, any content. What answers no bind of ours is counted. */
void lane_chain_receive(struct lane_chain *chain, const struct dgram *in, struct mono now);

/** True if this relay binds this end at a neighbour. */
bool lane_chain_binds(const struct lane_end *end);

/** A frame for such an end came from where the neighbour is not, or its session moved: the end is
 * bound again. */
void lane_chain_on_moved(struct lane_chain *chain, struct lane_end *end, struct mono now);

/** True if a lane that is not bound at its neighbour, or has no right to its host any more, is
 * over. */
bool lane_chain_is_over(const struct lane_chain *chain, const struct relay_lane *lane,
                        struct mono now);

/** Send the binds that are due, and close what is not answered; and when that is. */
void lane_chain_expire(struct lane_chain *chain, struct mono now);
struct mono lane_chain_deadline(const struct lane_chain *chain);
