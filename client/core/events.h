/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes to a host: frames, and what the hub tells about the sessions to relays. */
#pragma once

#include "client/core/core_internal.h"
#include "client/peer/origin.h"

/** A host-to-host frame (first byte 0x80 to 0x8f) of any content. */
void events_on_frame(struct host_core *core, const struct origin *origin, const uint8_t *frame,
                     size_t size, struct host_io *io, struct mono now);

/** Handle everything that the hub has to tell. */
void events_drain(struct host_core *core, struct host_io *io, struct mono now);

/** A datagram of at least one byte whose first byte says lane, any other content: a frame of a
 * host, or what a relay says of a lane. */
void events_on_lane(struct host_core *core, const struct dgram *in, struct host_io *io,
                    struct mono now);
