/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a frame came from, and where its answer goes. */
#pragma once

#include "client/stun2/relay_session.h"
#include "proto/net/endpoint.h"

struct origin {
    struct relay_session *relay;   /* through the session to this relay; NULL: directly, or on a
                                      lane */
    const uint8_t *source_key;     /* relayed: who sent it, as the relay vouches; KEY_SIZE bytes */
    uint64_t lane;                 /* on the lane with this label; 0: on none */
    struct endpoint local, remote; /* direct; on a lane the relay's */
    uint8_t hops;                  /* direct, of what goes there: see struct outbox_item */
};
