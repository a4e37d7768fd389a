/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How large packets to a peer should be, and when their sender is told. Larger ones are carried all
 * the same: in fragments by a direct path or a lane, in a capsule by a relay's session. That costs
 * more, so the sender's system hears of it as from any router (ICMP "fragmentation needed", ICMPv6
 * "packet too big"), and makes smaller segments of TCP and smaller fragments of UDP from then on.
 * Since systems remember that for ten minutes, they are told only what has been so for a while: a
 * path is looked for and found within less. What cannot be carried is told at once.
 */
#pragma once

#include "client/peer/conversation.h"

enum {
    PACKET_FIT_SETTLED_MS = 1000, /* so long it has been as it is, or nobody is told */
    PACKET_FIT_TELL_MS = 50,      /* between two that are told of one peer */
};

/**
 * The largest packet, IP header included, that one frame of the way in use takes; INNER_MTU_MIN or
 * more, since an interface of IPv6 may be no smaller, and 0xffff while there is no way. By way of a
 * session to a relay it is what a relay can pass on to another one in a datagram. Whole packets
 * (fragments, options) may need two.
 */
uint16_t packet_fit_size(struct conversation *a);

/** A packet of `size` bytes is about to be sent. True if its sender is to be told of
 * packet_fit_size now. */
bool packet_fit_tells(struct conversation *a, size_t size, struct mono now);
