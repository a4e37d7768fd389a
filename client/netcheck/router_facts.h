/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of the router before this host, by which it reaches the internet by IPv4: which
 * protocols it speaks for mapping ports, and whether it has the address at which relays see this
 * host. If not, another NAT is behind it. Pure.
 */
#pragma once

#include "client/netcheck/nat_facts.h"
#include "proto/portmap/portmap.h"

#include <stdbool.h>

/** How many NATs there are on the way out. */
enum router_nats { ROUTER_NATS_UNKNOWN, ROUTER_NATS_ONE, ROUTER_NATS_TWO };

struct router_facts {
    bool asked;             /* it was, or is being asked; else there is none to ask, or: */
    bool unwanted;          /* the user does not want it asked */
    struct endpoint router; /* its address here */
    enum portmap_state states[PORTMAP_PROTOCOLS];
    struct endpoint outside; /* its own address outside, as it tells; none: it does not */
    bool lacks_outside;      /* it says that it has none that is any good */
    bool mapped;             /* it lets a port in for this host, so it says, ... */
    bool proven;             /* ... and others get through */
};

/** Read them from what a portmap found; all but `proven` and `unwanted`. */
void router_facts_read(struct router_facts *out, const struct portmap *portmap);

/** Whether relays see this host at the router's own address. */
enum router_nats router_facts_nats(const struct router_facts *router, const struct nat_facts *ipv4);

/** The first protocol that it speaks, whether or not it grants anything; PORTMAP_PROTOCOLS: none
 * was heard. */
enum portmap_protocol router_facts_speaks(const struct router_facts *router);
