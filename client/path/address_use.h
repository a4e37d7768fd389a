/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which of this machine's addresses peers are told, where it has more than fit: those by which it
 * reaches others, not those of its containers, virtual machines and other overlays.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ADDRESS_CHOICE_MAX = 256 };

/** What the interface of an address is good for, the best first. */
enum address_use {
    ADDRESS_USE_OUTWARD, /* the internet is there */
    ADDRESS_USE_LINK,    /* another link, such as a second network card */
    ADDRESS_USE_INNER,   /* inside this machine: bridges of containers and virtual machines */
    ADDRESS_USE_TUNNEL,  /* a tunnel to the internet, as one for IPv6 in IPv4 */
    ADDRESS_USE_NEVER,   /* another tunnel: it may run over our own device, and then frames would go
                            round for ever; or another mesh: it may choose our addresses as we
                            choose its own */
    ADDRESS_USE_COUNT,
};

/** One local underlay address with its prefix length. */
struct host_local_addr {
    uint8_t ip[16];      /* IPv4 in its mapped form */
    uint8_t prefix_bits; /* of the 16-byte form: an IPv4 /24 is 120 */
    enum address_use use;
    uint32_t interface; /* its index; addresses of one take turns with those of others */
};

/** What the name and the kind of an interface (IFLA_INFO_KIND, "" if the kernel tells none) say
 * about it; outward: one of the ways to the internet leads there. */
enum address_use address_use_of(const char *name, const char *kind, bool outward);

/** True if the 16-byte address lies in the prefix of addr. */
bool address_has_in_prefix(const struct host_local_addr *addr, const uint8_t ip[16]);

/**
 * Choose at most `capacity` of `count` addresses, and none of use NEVER. Those of better use come
 * first, among equals those whose prefix has a peer in it, then one of each interface and family
 * after the other.
 *
 * count   those beyond ADDRESS_CHOICE_MAX are left out
 * out     sorted by address, so that two choices can be compared
 * peers   for each address, whether its prefix has an address of a peer in it; NULL: none has
 *
 * Returns how many were written.
 */
size_t address_choose(struct host_local_addr *out, size_t capacity,
                      const struct host_local_addr *addrs, const bool *peers, size_t count);
