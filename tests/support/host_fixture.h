/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two hosts and a relay joined by a wire of memory in virtual time with seeded randomness: host 0
 * is "anna", host 1 is "nas".
 */
#pragma once

#include "tests/support/env.h"
#include "tests/support/fixture.h"
#include "tests/support/host_node.h"
#include "tests/support/relay_node.h"
#include "tests/support/wire.h"

enum { HOSTS = 2, DELAY_MS = 10, MTU = 1280 };

struct lab {
    struct test_env ports;
    struct mono now;
    struct wire wire;
    struct relay_node relay;
    struct host_node hosts[HOSTS];
    bool cut_direct;      /* nothing passes from host to host */
    size_t direct_frames; /* what was sent from host to host */
    size_t turns;         /* instants at which anything happened */
};

/** A relay and two hosts that do not know each other; with another MTU of the TUN devices. To be
 * freed with lab_free. */
struct lab *lab_new(void);
struct lab *lab_new_of_mtu(uint16_t inner_mtu);
void lab_free(struct lab *lab);

/** The same, and both hosts are members of the relay's ziglan; over a wire of this MTU. */
struct lab *lab_joined(void);
struct lab *lab_joined_over(size_t wire_mtu);

/** Start the relay on its store. */
void start_relay(struct lab *lab);

/** Start a host on its store again, under its name or another. */
void lab_restart(struct lab *lab, size_t i);
void lab_restart_as(struct lab *lab, size_t i, const char *name);

/** Host i begins to join with an invite of its own. */
void join(struct lab *lab, size_t i);

/** Let everything happen for `ms` milliseconds of virtual time. */
void run_ms(struct lab *lab, uint64_t ms);

/** Let go what a call to a host's core has put into its boxes. */
void flush_host(struct lab *lab, struct host_node *h);

/** Host `from` sends an IPv4 ICMP echo request of `size` bytes to the peer that it knows by this
 * name. */
void send_ping_between(struct lab *lab, size_t from, const char *name, size_t size);

/** Host 0 sends one to nas. */
void send_ping(struct lab *lab, size_t size);

/** The first ziglan of a host. */
struct ziglan *ziglan_at(struct lab *lab, size_t host);

/** How host 0 says that it reaches nas: "direct", "relayed", ... */
const char *state_of_nas(struct lab *lab);

/** The conversation of a host with the first peer that it learnt; there must be one. */
struct conversation *conversation_at(struct lab *lab, size_t host);

/** Two joined hosts that talk through the relay: the direct way is cut, one ping has arrived. */
struct lab *lab_relayed(void);

/** A second ziglan of host 0, whose entry point never answers and has no say about the members of
 * the first. */
struct ziglan *join_another(struct lab *lab);
