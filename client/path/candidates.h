/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses at which hosts may be reached: our own, of which each peer is told inside its session,
 * and those that a peer told us (docs/protocol.md, sections 11 and 13).
 */
#pragma once

#include "proto/net/endpoint.h"
#include "proto/wire/intunnel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OWN_ADDRESSES_MAX = 16 };

/** One local underlay address with its prefix length. */
struct host_local_addr {
    uint8_t ip[16];      /* IPv4 in its mapped form */
    uint8_t prefix_bits; /* of the 16-byte form: an IPv4 /24 is 120 */
};

/** Where this host is. */
struct own_addresses {
    struct host_local_addr addrs[OWN_ADDRESSES_MAX];
    size_t count;
    uint16_t port;
    uint32_t sequence; /* of the list that peers are told; grows, also over restarts */
};

/** The underlay changed (or is told for the first time). More than OWN_ADDRESSES_MAX: the rest is
 * left out. */
void own_addresses_set(struct own_addresses *underlay, const struct host_local_addr *addrs,
                       size_t count, uint16_t port);

/** Do we share a LAN with this address: is it in a prefix that one of our interfaces has? */
bool own_addresses_on_lan(const struct own_addresses *underlay, const struct endpoint *e);

/** Is it one of our own? */
bool own_addresses_have(const struct own_addresses *underlay, const struct endpoint *e);

/** The list that a peer is told: without addresses that nobody may aim at. */
void own_addresses_candidates(const struct own_addresses *underlay,
                              struct intunnel_candidates *out);

/** What we and one peer told each other. All zero: nothing. */
struct candidates {
    struct intunnel_candidates list; /* what the peer told */
    uint32_t tried;                  /* sequence of them that the last round of a punch knew */
    uint32_t told;                   /* sequence of ours that it was told; 0: is to be told */
};

/** A list came. False if it is no newer than the one that we have; then nothing changes. */
bool candidates_learn(struct candidates *candidates, const struct intunnel_candidates *list);
