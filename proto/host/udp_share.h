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

enum { UDP_DEALS_MAX = 4 };

/** Which datagrams are dealt to the sockets that joined, and by what number in them. Numbers are
 * big-endian, of 4 bytes. */
struct udp_deal {
    uint32_t word, mask;  /* their first number is `word` where the mask has ones */
    uint32_t cookie;      /* and their second one is this; 0: any */
    uint32_t number_at;   /* where the number is, */
    uint32_t number_mask; /* and what of it counts; 0: all. What is left of that when it is divided
                             by the number of sockets that joined says to which one it goes */
};

struct udp_dealing {
    struct udp_deal deals[UDP_DEALS_MAX]; /* the first one that fits counts */
    size_t deals_count;
    uint32_t joined; /* how many joined, in this order; above 0 */
};

/** From now on the first socket gets all but those. Before, any socket got any datagram. What the
 * kernel received as one train goes by its first datagram. ERR_SYSTEM: the kernel cannot. */
int udp_deal(struct udp_batch *first, const struct udp_dealing *dealing) MUST_CHECK;
