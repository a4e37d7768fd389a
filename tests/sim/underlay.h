/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The underlay: an internet of public addresses, sites behind NATs, and one access link per
 * attachment with delay, jitter, loss, duplication, reordering and an MTU. The way of a datagram:
 *
 *   attachment --its link--> gateway (NAT out) -> internet (NAT in) --link--> attachment
 *
 * Every datagram that is sent is delivered, or dropped for a named cause.
 */
#pragma once

#include "proto/net/endpoint.h"
#include "tests/sim/journal.h"
#include "tests/support/nat.h"
#include "tests/support/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNDERLAY_ATTACHMENTS_MAX = 8, UNDERLAY_SITES_MAX = 4, UNDERLAY_PUBLIC = -1 };

struct underlay_link {
    uint32_t delay_us, jitter_us; /* one way */
    uint32_t loss_ppm, duplicate_ppm, reorder_ppm;
    uint16_t mtu; /* of IP packets */
};

/** Where a node is attached. */
struct underlay_attachment {
    struct endpoint address; /* its own; port is not looked at */
    int site;                /* UNDERLAY_PUBLIC: directly on the internet */
    struct underlay_link link;
    bool up;
    bool relay;        /* a cut of the direct way spares it */
    uint32_t cut_from; /* bits of the attachments that nothing reaches from here, nor back */
};

/** A LAN with its gateway. */
struct underlay_site {
    struct nat nat;
    uint8_t prefix_bits; /* of the 16-byte form of its attachments' addresses */
};

enum underlay_drop {
    UNDERLAY_DROP_LOSS,
    UNDERLAY_DROP_MTU,
    UNDERLAY_DROP_CUT,      /* the direct way is cut, or the one between these two */
    UNDERLAY_DROP_NO_ROUTE, /* nobody has this address */
    UNDERLAY_DROP_UNMAPPED,
    UNDERLAY_DROP_FILTERED,
    UNDERLAY_DROP_NAT_FULL,
    UNDERLAY_DROP_HAIRPIN,
    UNDERLAY_DROP_HOPS, /* it has travelled as far as it may */
    UNDERLAY_DROP_DOWN, /* the node is not running, or asleep */
    UNDERLAY_DROP_COUNT,
};

/** A datagram on its way, in one of two legs. */
struct underlay_flying {
    struct wire_packet packet; /* `from` and `to` change at the gateways */
    struct endpoint aimed;     /* `to` as the sender wrote it */
    int origin;                /* attachment that sent it */
    int destination;           /* second leg: attachment that receives it */
    bool arriving;             /* second leg */
    uint8_t hops;              /* routers that may still pass it on, and one; 0: any number */
    struct mono sent_at;
};

struct underlay {
    struct journal *journal;
    struct rng rng;
    struct wire wire;
    struct underlay_attachment attachments[UNDERLAY_ATTACHMENTS_MAX];
    size_t attachments_count;
    struct underlay_site sites[UNDERLAY_SITES_MAX];
    size_t sites_count;
    bool cut_direct;     /* drop what neither comes from a relay nor goes to one, ... */
    uint16_t direct_mtu; /* ... or what of it is larger than that; 0: nothing */
    uint64_t sent, duplicated, delivered;
    uint64_t dropped[UNDERLAY_DROP_COUNT];
    uint64_t plaintext_seen; /* datagrams in which a payload's marker was found */
};

void underlay_init(struct underlay *net, struct journal *journal, const struct rng *rng);
void underlay_fini(struct underlay *net);

/** Add a site or an attachment; returns its number. */
int underlay_site_add(struct underlay *net, const struct nat_kind *kind,
                      const struct endpoint *outside, uint8_t prefix_bits, uint64_t seed);
int underlay_attach(struct underlay *net, const struct endpoint *address, int site,
                    const struct underlay_link *link);

/** Cut the way between two attachments in both directions, or make it whole again. */
void underlay_cut(struct underlay *net, int a, int b, bool cut);
bool underlay_is_cut(const struct underlay *net, int a, int b);

/** Send from an attachment; data is copied. `from` is its own address, or a forged one. */
void underlay_send(struct underlay *net, int attachment, const struct endpoint *from,
                   const struct endpoint *to, const uint8_t *data, size_t size, struct mono now);

/** The same for a datagram that travels only so many hops; 0: as usual. */
void underlay_send_hops(struct underlay *net, int attachment, const struct endpoint *from,
                        const struct endpoint *to, const uint8_t *data, size_t size, uint8_t hops,
                        struct mono now);

/** When the next datagram reaches the end of a leg; MONO_NEVER if none is on its way. */
struct mono underlay_deadline(const struct underlay *net);

/** Let the next datagram reach the end of its leg if that is due. Returns it if it has arrived at
 * its receiver; the caller frees it with underlay_free. NULL if it was at a gateway or was dropped,
 * or if nothing was due. */
struct underlay_flying *underlay_step(struct underlay *net, struct mono now);
void underlay_free(struct underlay *net, struct underlay_flying *flying);

/** True if all that was sent is accounted for. */
bool underlay_is_conserved(const struct underlay *net);

const char *underlay_drop_name(enum underlay_drop cause);
