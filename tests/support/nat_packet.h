/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A router with NAT for whole IPv4 packets: UDP, TCP (without following its states: a mapping lives
 * as long as one of UDP), and the ICMP errors about both. Nothing else passes, and no fragments.
 * The NAT itself is that of the simulator. Pure.
 */
#pragma once

#include "proto/base/mono.h"
#include "tests/support/nat.h"

#include <stddef.h>
#include <stdint.h>

enum {
    NAT_PACKET_SIZE_MAX = 65535,
    NAT_PACKET_ERROR_SIZE_MAX = 128, /* of an ICMP error of ours */
};

struct nat_router {
    struct nat udp, tcp;
    uint64_t passed, dropped;
};

enum nat_packet_fate {
    NAT_PACKET_DROPPED,
    NAT_PACKET_PASSED, /* the packet was changed, and goes on its way */
    NAT_PACKET_REFUSED /* an ICMP error goes back to where it came from */
};

/** A router without mappings, with `outside` as its first address. */
void nat_router_init(struct nat_router *router, const struct nat_kind *kind,
                     const struct endpoint *outside, const struct rng *rng);

/**
 * A packet comes to the router, from outside or from inside: what is for an address of the NAT
 * itself comes from outside, unless a host inside sent it there (hairpin). Checksums are kept
 * right, and a wrong one stays wrong.
 *
 * packet  size bytes, of any content
 * error   receives the error of NAT_PACKET_REFUSED, *error_size bytes
 */
enum nat_packet_fate nat_router_take(struct nat_router *router, uint8_t *packet, size_t size,
                                     uint8_t error[NAT_PACKET_ERROR_SIZE_MAX], size_t *error_size,
                                     struct mono now);
