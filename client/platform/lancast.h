/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The port to the LANs of this machine: datagrams to and from a multicast group of each family that
 * no router forwards (docs/protocol.md, section 13, "On one LAN").
 */
#pragma once

#include "proto/base/err.h"
#include "proto/base/fault.h"

#include <stddef.h>
#include <stdint.h>

struct ev_loop;
struct lancast;

enum {
    LANCAST_PORT = 4434,
    LANCAST_SIZE_MAX = 1200,     /* of a datagram; larger ones are dropped */
    LANCAST_INTERFACES_MAX = 16, /* the kernel lets one socket join 20 groups */
};

/** Called from the loop for each datagram that came to the group; data is borrowed for the call. */
typedef void lancast_heard(void *context, const uint8_t *data, size_t size);

/** Open sockets of both families, or of the one that the kernel has; nothing is joined yet. Other
 * programs that do so on this machine do not disturb it. loop and context are borrowed and outlive
 * it. *out is NULL on error: ERR_SYSTEM, ERR_NOMEM with fault. */
int lancast_open(struct lancast **out, struct ev_loop *loop, lancast_heard *heard, void *context,
                 struct fault *fault) MUST_CHECK;

/** Leave the groups and close. NULL is fine. */
void lancast_close(struct lancast *cast);

/** From now on, listen and send on these interfaces (indexes, each once; those beyond
 * LANCAST_INTERFACES_MAX are left out). One that cannot be joined is left out, too. */
void lancast_use(struct lancast *cast, const unsigned *interfaces, size_t count);

/** Send one datagram to the group of each family on each interface. What the kernel refuses is
 * lost, like any datagram. */
void lancast_send(const struct lancast *cast, const uint8_t *data, size_t size);
