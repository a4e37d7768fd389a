/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A host that measures its NAT (client/netcheck) by the relays of a relay_net: behind a NAT of
 * tests/support/nat.h, behind two of them, behind none, or where no UDP passes. A failure aborts.
 */
#pragma once

#include "client/netcheck/found.h"
#include "tests/support/nat.h"
#include "tests/support/relay_net.h"

#include <stdbool.h>

struct netcheck_net {
    struct relay_net *net;
    struct relay_net_guest guest;
    struct nat nat;
    struct nat outer; /* of a provider; used if `twice` */
    bool twice;
    bool blocked;            /* no UDP passes */
    size_t size_max;         /* of UDP payloads; 0: any */
    uint32_t loss_per_mille; /* of what the host sends and gets */
    struct netcheck_config cfg;
    struct netcheck check;
    struct outbox box;
    bool running;
    struct netcheck_found first; /* of the last measurement: the first verdict, */
    uint64_t first_ms;           /* and when it was there */
    size_t sent, bytes;          /* by the host */
};

/** So many relays that know each other, and a host behind a NAT of this kind (a firewall has no
 * public address of its own: the host has). It knows the first `known` relays. The host must not
 * move in memory. */
void netcheck_net_init(struct netcheck_net *host, size_t relays, size_t known,
                       const struct nat_kind *kind, uint64_t seed);
void netcheck_net_fini(struct netcheck_net *host);

/** Measure, from new sockets, until it is done; `first` is written on the way. Returns how many
 * milliseconds that took. */
uint64_t netcheck_net_measure(struct netcheck_net *host, struct netcheck_found *found);
