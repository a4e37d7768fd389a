/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The port to the platform's network state: it tells when addresses or routes change, and lists the
 * local addresses at which others might reach this host.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct netwatch;

enum { NETWATCH_ADDRESSES_MAX = 256, NETWATCH_TEXT_SIZE = 16 };

/** Called from the loop: all but `begins` once for a burst of changes, 200 ms after the first of
 * them. */
struct netwatch_events {
    /** At once, each time that a default route or a local address is written or taken away: packets
     * may leave another way already. `changed` follows. May be NULL. */
    void (*begins)(void *context);
    /** Something may have changed, but not at the own interface: links, addresses, routes or rules.
     * The kernel also tells of much that changes nothing for us, so whoever is told looks at what
     * matters (netwatch_addresses, netway_find). default_route: a default route was written or
     * taken away, or messages were lost. */
    void (*changed)(void *context, bool default_route);
    /** The own interface was set down or up, or addresses or routes of it came or went; also if
     * this program did it. May be NULL. */
    void (*own_changed)(void *context);
    void *context;
};

/** Watch the machine's network. own_interface is up now; "" if there is none. loop and the context
 * of events are borrowed and outlive the watch. *out is NULL on error: ERR_SYSTEM, ERR_NOMEM. */
int netwatch_open(struct netwatch **out, struct ev_loop *loop, const char *own_interface,
                  const struct netwatch_events *events, struct fault *fault) MUST_CHECK;

/** Stop watching. NULL is fine. */
void netwatch_close(struct netwatch *watch);

/** One local address with the length of its network prefix. */
struct netwatch_address {
    uint8_t ip[16];      /* IPv4 in its mapped form */
    uint8_t prefix_bits; /* of the 16-byte form: an IPv4 /24 is 120 */
    unsigned interface;
    char name[NETWATCH_TEXT_SIZE]; /* of the interface */
    char kind[NETWATCH_TEXT_SIZE]; /* what the kernel calls a made-up one, such as "bridge"; "". One
                                      whose packets leave through an interface of this program, as
                                      a bridge with a VXLAN over it, is of that one's kind: "tun" */
};

/**
 * Local addresses at which others might reach this host, sorted, so that the results of two calls
 * can be compared. Left out are addresses that are loopback, link-local, deprecated or tentative,
 * and all those of interfaces that are down or belong to this program (netcfg_apply marks them).
 * Returns how many were written, at most capacity; 0 if the kernel does not tell.
 */
size_t netwatch_addresses(struct netwatch_address *out, size_t capacity);
