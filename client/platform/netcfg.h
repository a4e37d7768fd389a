/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The port to the platform's interface configuration. It sets MTU, queue length, addresses and
 * routes, starts the interface, and puts back addresses and routes that others took away. Nothing
 * has to be undone: it all goes away with the device.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/fault.h"
#include "proto/net/addrplan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What an interface shall have. */
struct netcfg_plan {
    uint16_t mtu;
    uint32_t queue_length; /* packets; 0: leave it */
    uint8_t ipv4[4];       /* own address in the pool */
    uint8_t ipv4_prefix;   /* of the pool: its route leads here */
    uint8_t resolver[4];   /* Magic DNS address, added as /32; all zero: none */
    uint8_t ipv6[16];      /* the own key's address, fdd9:f800::... */
    uint8_t ipv6_4in6[16]; /* fdd9:f8f4::<ipv4>; all zero: none */
    uint8_t ipv6_fixed[ADDRPLAN_FIXED_MAX][16]; /* fdd9:f8ff::EUI-64, ipv6_fixed_count of them */
    size_t ipv6_fixed_count;
    bool pool_by_hosts; /* no route to the whole pool: netcfg_route_hosts for each peer */
    uint32_t own_table; /* for hosts that say so (netrule.h) */
};

/** What netcfg_apply and netcfg_restore found and did. */
struct netcfg_report {
    bool ipv6_off;          /* the kernel has IPv6 disabled: only IPv4 works */
    bool ipv6_route_shared; /* another interface has a route to an overlay range already; ours got a
                               higher metric */
    bool down;              /* netcfg_restore: somebody set the interface down */
    size_t made;            /* addresses and routes that were missing and are there now */
};

/**
 * Configure and start the interface. Its addresses are usable when this returns: there is neither
 * duplicate address detection nor router solicitation on it. ERR_SYSTEM, and fault says which step
 * failed; what was set before stays.
 */
int netcfg_apply(const char *interface, const struct netcfg_plan *plan,
                 struct netcfg_report *report, struct fault *fault) MUST_CHECK;

/**
 * Put back those addresses and routes of the plan that are missing, and take away the route to the
 * pool if the plan has none. Nothing else is touched, so it may be called on any suspicion. While
 * the interface is down nothing is done, because the kernel would refuse the routes. ERR_SYSTEM
 * with fault.
 */
int netcfg_restore(const char *interface, const struct netcfg_plan *plan,
                   struct netcfg_report *report, struct fault *fault) MUST_CHECK;

/** A single address that is to be routed to the interface, or not any more. */
struct netcfg_host {
    uint8_t ip[16]; /* IPv4 in its mapped form */
    bool wanted;
    bool own_table; /* in the plan's own_table, not in the main one */
};

/** Route `count` single addresses to the interface that was configured by this plan, or take such
 * routes away (one that is not there is fine). For an interface that shares the overlay's ranges
 * (ipv6_route_shared) or the pool (pool_by_hosts) with another one, or has a rule of its own.
 * ERR_SYSTEM with fault: those before the one that failed are done. */
int netcfg_route_hosts(const char *interface, const struct netcfg_plan *plan,
                       const struct netcfg_host *hosts, size_t count,
                       struct fault *fault) MUST_CHECK;
