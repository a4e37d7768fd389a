/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names for this machine: serves the core's names at the resolver's address, has the system's
 * resolver ask there, and sees to it that it goes on to.
 */
#pragma once

#include "client/daemon/dns_watch.h"
#include "client/daemon/host.h"
#include "client/engine/dns_server.h"
#include "client/names/dns.h"
#include "client/platform/dnscfg.h"

struct magic_dns {
    struct host *host; /* NULL: never started */
    struct dns_server *server;
    char (*zones)[DNS_ZONE_SIZE]; /* the reverse zones, DNS_ZONES_MAX */
    const char *zone_names[DNS_ZONES_MAX];
    struct dnscfg_link link;
    struct dnscfg_result system; /* how the system's resolver stands, and what is to be done */
    struct dns_watch *watch;
};

/** Start, if the configuration wants it. host is borrowed and outlives it. A failure is traced and
 * stands in system.advice; it returns nothing, because the daemon works without names, too. */
void magic_dns_start(struct magic_dns *dns, struct host *host);

/** Undo it all; harmless if nothing was started. */
void magic_dns_stop(struct magic_dns *dns);
