/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why does nothing come back from an address? A question to several UDP addresses at once, each
 * from a socket of its own, so that the kernel tells what it knows: that there is no way, that a
 * router or the machine sends packets back, or nothing. For a person who waits; it blocks.
 */
#pragma once

#include "proto/net/endpoint.h"

#include <stddef.h>
#include <stdint.h>

enum {
    UDP_ASK_MAX = 16,
    UDP_ASK_PACKETS = 3,    /* to each address that stays silent, ... */
    UDP_ASK_EVERY_MS = 500, /* ... so far apart; after the last one it waits as long again */
};

enum udp_verdict {
    UDP_VERDICT_SILENT,      /* nothing came back */
    UDP_VERDICT_ANSWERED,    /* some datagram came back */
    UDP_VERDICT_CLOSED,      /* the machine says that nothing listens at this port (ICMP) */
    UDP_VERDICT_UNREACHABLE, /* a router says that it cannot or must not pass packets on (ICMP) */
    UDP_VERDICT_FORBIDDEN,   /* a firewall of this machine */
    UDP_VERDICT_NO_WAY,      /* this machine has no route to it */
    UDP_VERDICT_NO_FAMILY,   /* this machine has no address of the family, IPv4 or IPv6 */
};

/** Ask count addresses, at most UDP_ASK_MAX, with the request; verdicts[i] is about to[i]. It takes
 * as long as the slowest, UDP_ASK_PACKETS * UDP_ASK_EVERY_MS at most. */
void udp_ask(const struct endpoint *to, size_t count, const uint8_t *request, size_t size,
             enum udp_verdict *verdicts);
