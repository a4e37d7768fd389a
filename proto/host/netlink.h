/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One rtnetlink request at a time over libmnl, with its acknowledgement or its dump.
 */
#pragma once

#include "proto/base/err.h"

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

/** The alias (ip link: "alias") of every interface of this program. By it each process knows the
 * interfaces of the others. Their addresses do not always tell them from other TUN devices: there
 * may be IPv4 only. */
#define NETLINK_OWN_ALIAS "ziglan"

/** How often to try a dump, which fails if the list changes meanwhile. Each try has a fresh socket,
 * so that it need not read the rest of the dump that failed. */
enum { NETLINK_LOOK_TRIES_MAX = 3 };

struct netlink;

/** Open a route socket. *out is NULL on error: ERR_SYSTEM (errno), ERR_NOMEM. */
int netlink_open(struct netlink **out) MUST_CHECK;

/** Close it. NULL is fine. */
void netlink_close(struct netlink *netlink);

/** Begin a request of this type with NLM_F_REQUEST, NLM_F_ACK and `flags`. It is borrowed until the
 * next call for this socket, in whose buffer it lies. */
struct nlmsghdr *netlink_request(struct netlink *netlink, uint16_t type, uint16_t flags);

/** Send the request and wait for its acknowledgement. ERR_SYSTEM with the kernel's errno. */
int netlink_commit(struct netlink *netlink, struct nlmsghdr *request) MUST_CHECK;

/** Send the request, call `each` for the answers before the acknowledgement, and wait for that.
 * ERR_SYSTEM with the kernel's errno. */
int netlink_ask(struct netlink *netlink, struct nlmsghdr *request,
                int (*each)(const struct nlmsghdr *message, void *context),
                void *context) MUST_CHECK;

/** Send a dump request (NLM_F_DUMP) for one family and call `each` for every message of the answer;
 * it returns MNL_CB_OK. ERR_SYSTEM (errno): the list may have been told in part. */
int netlink_dump(struct netlink *netlink, uint16_t type, uint8_t family,
                 int (*each)(const struct nlmsghdr *message, void *context),
                 void *context) MUST_CHECK;

/** The same for the routes of one family and interface. An old kernel tells those of all
 * interfaces, so `each` must look at RTA_OIF. ERR_SYSTEM (errno). */
int netlink_dump_routes(struct netlink *netlink, uint8_t family, unsigned interface,
                        int (*each)(const struct nlmsghdr *message, void *context),
                        void *context) MUST_CHECK;
