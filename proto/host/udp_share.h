/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Several sockets of one program at one address (SO_REUSEPORT), each read by a thread of its own,
 * and which datagram the kernel gives to which of them. The first socket is bound alone, so that a
 * program that is there already is noticed; then it shares its address, and the others join it.
 */
#pragma once

#include "proto/host/udp_batch.h"

/** Let further sockets of this user join an address (`joins` of struct udp_options), or no more.
 * ERR_SYSTEM. */
int udp_share(struct udp_batch *first, bool share) MUST_CHECK;

/** Datagrams that begin with one byte are dealt to the sockets that joined, by a number in them. */
struct udp_dealing {
    uint8_t first_byte;
    uint32_t number_at; /* where 4 bytes are, as a big-endian number: what is left when it is
                           divided by the number of sockets that joined says to which it goes */
    uint32_t joined;    /* how many joined, in this order; above 0 */
};

/** From now on the first socket gets all but those. Before, any socket got any datagram. What the
 * kernel received as one train goes by its first datagram. ERR_SYSTEM: the kernel cannot. */
int udp_deal(struct udp_batch *first, const struct udp_dealing *dealing) MUST_CHECK;
