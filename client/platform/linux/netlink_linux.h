/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One rtnetlink request at a time over libmnl, with its acknowledgement or its dump. Used by the
 * other files of this folder only.
 */
#pragma once

#include "proto/base/err.h"

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

/** The alias of every interface of ours, by which each process knows those of the others: without
 * IPv6 nothing else tells them from other TUN devices. */
#define NETLINK_OWN_ALIAS "ziglan"

/** How often to try a dump: the kernel breaks off what changes while it is listed. Each time on a
 * fresh socket, since the old one may still hold the rest. */
enum { NETLINK_LOOK_TRIES_MAX = 3 };

struct netlink;

/** Open a route socket. ERR_SYSTEM (errno), ERR_NOMEM. */
int netlink_open(struct netlink **out) MUST_CHECK;
void netlink_close(struct netlink *netlink);

/** Begin a request of this type in the socket's buffer; NLM_F_REQUEST | NLM_F_ACK and `flags`. */
struct nlmsghdr *netlink_request(struct netlink *netlink, uint16_t type, uint16_t flags);

/** Send the request and wait for its acknowledgement. ERR_SYSTEM with the kernel's errno. */
int netlink_commit(struct netlink *netlink, struct nlmsghdr *request) MUST_CHECK;

/** Send a dump request (NLM_F_DUMP) for one family and call `each` for every message of the answer.
 * ERR_SYSTEM. */
int netlink_dump(struct netlink *netlink, uint16_t type, uint8_t family,
                 int (*each)(const struct nlmsghdr *message, void *context),
                 void *context) MUST_CHECK;

/** The same for the routes of one family and interface. An old kernel tells all of that family:
 * look at RTA_OIF. ERR_SYSTEM. */
int netlink_dump_routes(struct netlink *netlink, uint8_t family, unsigned interface,
                        int (*each)(const struct nlmsghdr *message, void *context),
                        void *context) MUST_CHECK;
