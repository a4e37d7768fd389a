/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses at which hosts may be reached: our own, of which each peer is told inside its session,
 * and those that a peer told us (docs/protocol.md, sections 11 and 13).
 */
#pragma once

#include "client/path/address_use.h"
#include "proto/net/endpoint.h"
#include "proto/wire/intunnel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OWN_ADDRESSES_MAX = 16 };

/** Where this host is. */
struct own_addresses {
    struct host_local_addr addrs[OWN_ADDRESSES_MAX];
    size_t count;
    uint16_t port;
    struct endpoint mapped; /* that the router lets in, proven from outside; none: there is none */
    uint32_t sequence;      /* of the list that peers are told; grows, also over restarts */
};

/** The addresses as they are now. If they are others than before, the sequence grows. Of more than
 * OWN_ADDRESSES_MAX the last ones are left out. True if there is one that was not there before. */
bool own_addresses_set(struct own_addresses *underlay, const struct host_local_addr *addrs,
                       size_t count, uint16_t port);

/** The router lets this address in for us, and that is proven; NULL: none. True if it is another
 * one than before; then the sequence grows. */
bool own_addresses_set_mapped(struct own_addresses *underlay, const struct endpoint *mapped);

/** True if we share a LAN with this address: it is in the prefix of one of our interfaces. */
bool own_addresses_on_lan(const struct own_addresses *underlay, const struct endpoint *e);

/** True if routers of our site may lead to this address: it is private (RFC 1918, RFC 6598, unique
 * local), and so is one of ours of that family. Where nothing of ours is private, such as on a
 * rented server, nobody else's private address is any of our business. */
bool own_addresses_may_reach_private(const struct own_addresses *underlay,
                                     const struct endpoint *e);

/** True if it is one of our own addresses with our port, or the mapped one. */
bool own_addresses_have(const struct own_addresses *underlay, const struct endpoint *e);

/** The list that a peer is told, the mapped one first. Addresses that must not be targets are left
 * out. */
void own_addresses_candidates(const struct own_addresses *underlay,
                              struct intunnel_candidates *out);

/** What we and one peer told each other. All zero: nothing. */
struct candidates {
    struct intunnel_candidates list; /* what the peer told */
    uint32_t tried;                  /* sequence of the list that the last punch round used */
    uint32_t told; /* sequence of our own list that the peer was told; 0: tell it (again) */
};

/** The peer told a list. False if it is no newer than the one before; then nothing changes. */
bool candidates_learn(struct candidates *candidates, const struct intunnel_candidates *list);
