/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The port to the platform's policy rules. Another VPN may lead addresses of the overlay elsewhere
 * before the main table is asked. Then an interface gets a rule of its own before that one, to a
 * table that holds the routes to its single peers and nothing else (netcfg_route_hosts), so all
 * that is no peer's stays with the other VPN.
 *
 * A rule outlives the process that made it, so the next start takes away what a crash left behind.
 */
#pragma once

#include "client/platform/netcfg.h"
#include "proto/base/err.h"
#include "proto/base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The rules of one family that come before the main table. */
struct netrule_found {
    bool foreign;   /* there are some that no interface of this program made */
    uint32_t first; /* priority of the first of these */
    bool own;       /* this interface has one */
    uint32_t own_priority;
};

/** The table of this interface's own; never 0. It is the same one after a restart. */
uint32_t netrule_table(const char *interface);

/** Look which rules there are. ERR_SYSTEM: the kernel does not tell (perhaps it has no rules). */
int netrule_look(const char *interface, bool ipv6, struct netrule_found *out) MUST_CHECK;

/** True if a table that a rule names leads one of these addresses (16 bytes; IPv4 in its mapped
 * form) to another interface. What the main table does does not count, nor what is forbidden. */
bool netrule_takes(const char *interface, const uint8_t (*addresses)[16], size_t count);

/** Lead the pool (IPv4) or the overlay's addresses (IPv6) to the own table by a rule of this
 * priority. ERR_SYSTEM with fault. */
int netrule_add(const char *interface, const struct netcfg_plan *plan, bool ipv6, uint32_t priority,
                struct fault *fault) MUST_CHECK;

/** Take away the own rules of one family, those of a former process too; none is fine. */
void netrule_clear(const char *interface, bool ipv6);
