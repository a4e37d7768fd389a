/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Walks 1 and 2 of docs/architecture.md: an IP packet to a peer, a frame from a peer. Direct paths
 * write each segment straight into the outbox and seal it there.
 */
#pragma once

#include "client/core/core_internal.h"
#include "client/peer/origin.h"

/** Begin with the MTU of the TUN device and a full allowance of ICMP errors; all else is zero. */
void dataplane_init(struct dataplane *dataplane, uint16_t mtu, struct mono now);

/** One IP packet that the kernel sent into the TUN device, any content. */
void dataplane_send(struct host_core *core, const struct packet *packet, struct host_io *io,
                    struct mono now);

/** A frame 0x83 or 0x84 of any content. */
void dataplane_receive(struct host_core *core, const struct origin *origin, const uint8_t *frame,
                       size_t size, struct host_io *io, struct mono now);
