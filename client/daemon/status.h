/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The daemon's part of the answer to "status". Each field has one author: client/admin tells what
 * the core knows of itself, its relays, ziglans and peers; this file tells what only the process
 * around the core knows.
 */
#pragma once

#include "client/daemon/host.h"
#include "client/daemon/magic_dns.h"

#include <jansson.h>

/** Add to the core's answer: interface, interface_down, pid, port, ipv6, resolver, dns_state,
 * dns_advice, pool, pool_advice, rule_advice, portmap,
 * portmap_proven, nat, and to its counters interface_in_errors and
 * interface_out_errors. */
void status_complete(json_t *status, const struct host *host, const struct magic_dns *dns);
