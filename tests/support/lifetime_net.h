/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A host that measures lifetimes (client/netcheck/lifetime.h) by the first relay of a relay_net,
 * behind a NAT of tests/support/nat.h. A failure aborts.
 */
#pragma once

#include "client/netcheck/lifetime.h"
#include "tests/support/nat.h"
#include "tests/support/relay_net.h"

#include <stdbool.h>

struct lifetime_net {
    struct relay_net *net;
    struct relay_net_guest guest;
    struct nat nat;
    struct endpoint inside;
    uint32_t loss_per_mille; /* of what the host sends and gets */
    struct lifetime_config cfg;
    struct lifetime lifetime;
    struct outbox box;
    bool running;
    uint64_t sent_bytes, got_bytes; /* by the host, with IPv4 headers */
    uint64_t got_packets;
    struct mono began_at;
};

/** A relay, and a host behind a NAT of this kind. The host must not move in memory. */
void lifetime_net_init(struct lifetime_net *host, const struct nat_kind *kind, uint64_t seed);
void lifetime_net_fini(struct lifetime_net *host);

/** Begin to measure, from new sockets. */
void lifetime_net_begin(struct lifetime_net *host);

/** Let so many milliseconds go by, or fewer if the measurement is done before. True if it is. */
bool lifetime_net_run(struct lifetime_net *host, uint64_t ms);

/** Begin, and run until it is done. Returns how many milliseconds that took. */
uint64_t lifetime_net_measure(struct lifetime_net *host, struct lifetime_found *found);
