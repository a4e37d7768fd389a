/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two hosts and a relay joined by a wire in memory, in virtual time and with seeded randomness.
 * Host 0 is "anna", host 1 is "nas". All functions run inside a cmocka test.
 */
#pragma once

#include "tests/support/env.h"
#include "tests/support/fixture.h"
#include "tests/support/host_node.h"
#include "tests/support/relay_node.h"
#include "tests/support/street.h"
#include "tests/support/wire.h"

enum { HOSTS = 2, DELAY_MS = 10, MTU = 1280 };

struct lab {
    struct test_env ports;
    struct mono now;
    struct wire wire;
    struct relay_node relay;
    struct host_node hosts[HOSTS];
    bool cut_direct;        /* datagrams from host to host are dropped */
    bool cut_lanes;         /* and those of lanes */
    const struct endpoint *direct_mute; /* NULL, or a host whose own to the other one are */
    size_t direct_size_max; /* larger datagrams from host to host are dropped; 0: no limit */
    const struct endpoint *relay_deaf_to; /* NULL, or a host that is cut off from it */
    size_t direct_frames; /* datagrams that were sent from host to host, dropped ones included */
    struct street street; /* all of them on their wire */
};

/** A relay and two hosts that are members of no ziglan; the second sets the MTU of the TUN devices.
 * Freed with lab_free. */
struct lab *lab_new(void);
struct lab *lab_new_of_mtu(uint16_t inner_mtu);
void lab_free(struct lab *lab);

/** The same, and both hosts have joined the relay's ziglan; the second sets the MTU of the wire. */
struct lab *lab_joined(void);
struct lab *lab_joined_over(size_t wire_mtu);

/** Start the relay on its store; it must not run. */
void start_relay(struct lab *lab);

/** End a host without any goodbye and start it on its store; the second gives it another name. */
void lab_restart(struct lab *lab, size_t i);
void lab_restart_as(struct lab *lab, size_t i, const char *name);

/** Host i begins to join the relay's ziglan with a new invite. */
void join(struct lab *lab, size_t i);

/** Let everything happen for `ms` milliseconds of virtual time. */
void run_ms(struct lab *lab, uint64_t ms);

/** Send what a call to a host's core has put into its boxes. */
void flush_host(struct lab *lab, struct host_node *h);

/** Host `from` sends an IPv4 ICMP echo request of `size` bytes to the peer that it knows by this
 * name. */
void send_ping_between(struct lab *lab, size_t from, const char *name, size_t size);

/** Host 0 sends such a request to nas; `count` of 84 bytes, and time goes on for every_ms after
 * each. */
void send_ping(struct lab *lab, size_t size);
void send_pings(struct lab *lab, size_t count, uint64_t every_ms);

/** Host 0 sends one more, which must arrive at nas, alone, within that time. */
void next_ping_arrives(struct lab *lab, size_t size, uint64_t within_ms);

/** The first ziglan of a host. */
struct ziglan *ziglan_at(struct lab *lab, size_t host);

/** How host 0 reaches nas, as it says itself: "direct", "relayed", ...; valid until the next call.
 */
const char *state_of_nas(struct lab *lab);

/** The conversation of a host with its first peer; there must be one. */
struct conversation *conversation_at(struct lab *lab, size_t host);

/** Two joined hosts that talk through the relay: cut_direct is set, and one echo request of host 0
 * has arrived at nas. */
struct lab *lab_relayed(void);

/** Host 0 joins a second ziglan, whose entry point never answers and has no rights in the first. */
struct ziglan *join_another(struct lab *lab);
