/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole host among the relays of a relay_net: a host core that has sessions to relays of the
 * test's choice, in no ziglan. A failure aborts.
 */
#pragma once

#include "tests/support/host_node.h"
#include "tests/support/relay_net.h"

struct net_user {
    struct relay_net *net;
    struct relay_net_guest guest;
    struct host_node node;
};

/** Make host number n (from 0), and start it. It must not move in memory. */
void net_user_init(struct net_user *user, struct relay_net *net, uint8_t n);
void net_user_fini(struct net_user *user);

/** Let it use relay i. */
void net_user_use(struct net_user *user, size_t i);

/** Let it name another one. */
void net_user_name(struct net_user *user, const struct net_user *peer, const char *name);

/** It sends an echo request to the peer of this name, and time goes on. Returns the milliseconds
 * until a packet arrived at `peer`, or most_ms. */
uint64_t net_user_ping(struct net_user *user, struct net_user *peer, const char *name,
                       uint64_t most_ms);
