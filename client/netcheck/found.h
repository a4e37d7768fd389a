/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a measurement (netcheck.h) has found, at any time of it.
 */
#pragma once

#include "client/netcheck/nat_facts.h"
#include "client/netcheck/netcheck.h"
#include "client/netcheck/router_facts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What became of hairpinning: does a packet to the own public address come back? */
enum netcheck_hairpin { NETCHECK_HAIRPIN_NOT_ASKED, NETCHECK_HAIRPIN_NO, NETCHECK_HAIRPIN_YES };

/** How one relay answers. */
struct netcheck_relay {
    struct endpoint address;
    uint32_t sent, answered; /* requests */
    uint32_t rtt_us;         /* the shortest; 0: it did not answer */
};

struct netcheck_found {
    struct nat_facts facts;
    bool lent;        /* some relay knocked from an address to which nothing was sent */
    bool one_address; /* only one relay's address answered, so some things cannot be known */
    uint16_t mtu;     /* of whole packets to the first relay, at least; 0: unknown */
    enum netcheck_hairpin hairpin;
    struct netcheck_relay relays[NETCHECK_RELAYS_MAX];
    size_t relays_count;
};

/** Write what was found so far. Before there is a verdict, what is silent counts as filtered. */
void netcheck_found_read(const struct netcheck *check, struct netcheck_found *out);

enum { NETCHECK_IPV4, NETCHECK_IPV6, NETCHECK_FAMILIES };

/** What was found of one family. */
struct netcheck_family {
    bool tried; /* this machine has a way to some relay of the family */
    struct netcheck_found found;
};

struct netcheck_result {
    bool early; /* before the first verdict: what is found so far says little */
    struct netcheck_family families[NETCHECK_FAMILIES];
    struct router_facts router;
};

/** The name to tell others: that of IPv4, or if no UDP passes there, that of IPv6; none if it is
 * early. */
enum nat_name netcheck_result_name(const struct netcheck_result *result);

/** What was found of that family; NULL: nothing. */
const struct nat_facts *netcheck_result_facts(const struct netcheck_result *result);
