/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A port that the router before this host lets in. It is a candidate like any other address of this
 * host, once a relay has shown that packets from outside come in there.
 */
#pragma once

#include "proto/base/mono.h"
#include "proto/net/dgram.h"

#include <stdbool.h>
#include <stdint.h>

struct host_core;

/** The router lets this UDP port in for us, so it says; 0: none. */
void host_core_mapped(struct host_core *core, uint16_t port, struct mono now);

/** True if others get through to it. */
bool host_core_mapped_is_proven(const struct host_core *core);

/** The network under the tunnel is another one: it must be proven anew. */
void mapping_doubt(struct host_core *core, struct mono now);

/** A datagram came that is STUN, perhaps. True if it is about that port. */
bool mapping_on_stun(struct host_core *core, const struct dgram *in, struct mono now);

/** Ask a relay, if that is due; appends to out. */
void mapping_expire(struct host_core *core, struct outbox *out, struct mono now);
