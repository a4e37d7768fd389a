/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The underlay: an internet of public addresses, sites behind NATs, and one access link per
 * attachment with delay, jitter, loss, duplication, reordering and an MTU. A datagram goes
 *
 *   attachment --its link--> gateway (NAT out) -> internet (NAT in) --link--> attachment
 *
 * and every one that is sent is delivered or dropped by a named cause.
 */
#pragma once

#include "proto/base/heap.h"
#include "proto/net/endpoint.h"
#include "tests/sim/journal.h"
#include "tests/sim/nat.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NET_ATTACHMENTS_MAX = 8, NET_SITES_MAX = 4, NET_PUBLIC = -1 };

struct net_link {
    uint32_t delay_us, jitter_us; /* one way */
    uint32_t loss_ppm, duplicate_ppm, reorder_ppm;
    uint16_t mtu; /* of IP packets */
};

/** Where a node is attached. */
struct net_attachment {
    struct endpoint address; /* its own; port is not looked at */
    int site;                /* NET_PUBLIC: directly on the internet */
    struct net_link link;
    bool up;
};

/** A LAN with its gateway. */
struct net_site {
    struct nat nat;
    uint8_t prefix_bits; /* of the 16-byte form of its attachments' addresses */
};

enum net_drop {
    NET_DROP_LOSS,
    NET_DROP_MTU,
    NET_DROP_CUT,      /* the direct way is cut */
    NET_DROP_NO_ROUTE, /* nobody has this address */
    NET_DROP_UNMAPPED,
    NET_DROP_FILTERED,
    NET_DROP_NAT_FULL,
    NET_DROP_HAIRPIN,
    NET_DROP_DOWN, /* the node is not running */
    NET_DROP_COUNT,
};

/** A datagram on its way, in one of two legs. */
struct net_flying {
    struct heap_entry timer;
    struct net_flying *next, **link; /* all that fly, to be freed at the end */
    struct endpoint from, to;
    struct endpoint aimed; /* `to` as the sender wrote it */
    int origin;            /* attachment that sent it, or that somebody pretends to be */
    int destination;       /* second leg: attachment that receives it */
    bool arriving;         /* second leg */
    struct mono sent_at;
    size_t size;
    uint8_t data[];
};

struct net {
    struct journal *journal;
    struct rng rng;
    struct heap heap;
    struct net_flying *flying;
    struct net_attachment attachments[NET_ATTACHMENTS_MAX];
    size_t attachments_count;
    struct net_site sites[NET_SITES_MAX];
    size_t sites_count;
    int relay;       /* the attachment that a cut spares */
    bool cut_direct; /* drop what goes from host to host */
    uint64_t sent, duplicated, delivered, flying_count;
    uint64_t dropped[NET_DROP_COUNT];
    uint64_t plaintext_seen; /* datagrams in which a payload's marker was found */
};

void net_init(struct net *net, struct journal *journal, const struct rng *rng);
void net_fini(struct net *net);

/** Add a site or an attachment; returns its number. */
int net_site_add(struct net *net, const struct nat_kind *kind, const struct endpoint *outside,
                 uint8_t prefix_bits, uint64_t seed);
int net_attach(struct net *net, const struct endpoint *address, int site,
               const struct net_link *link);

/** Send from an attachment; data is copied. `from` is its own address, or a forged one. */
void net_send(struct net *net, int attachment, const struct endpoint *from,
              const struct endpoint *to, const uint8_t *data, size_t size, struct mono now);

/** When something happens next. */
struct mono net_deadline(const struct net *net);

/** Let the earliest thing happen if it is due. Returns a datagram that has arrived (to be freed
 * with net_free), or NULL: something happened inside, or nothing was due. */
struct net_flying *net_step(struct net *net, struct mono now);
void net_free(struct net *net, struct net_flying *flying);

/** True if all that was sent is accounted for. */
bool net_is_conserved(const struct net *net);

const char *net_drop_name(enum net_drop cause);
