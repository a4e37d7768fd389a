/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Handshake frames that come (docs/protocol.md, section 7). Initiations of members are answered,
 * within bounds, so that a flood of them costs us little; responses and cookie replies belong to
 * handshakes that we began.
 */
#pragma once

#include "client/peer/conversation.h"
#include "client/peer/origin.h"
#include "client/tunnel/host_io.h"
#include "proto/base/bucket_table.h"

enum {
    HANDSHAKE_PER_SOURCE_PER_S = 10,
    HANDSHAKE_SOURCES_MAX = 4096,
    HANDSHAKE_UNDER_LOAD_PER_S = 100, /* initiations in all, above which cookies are demanded */
};

/** Who answers. The pointers are borrowed. */
struct handshake_desk {
    struct conversations *shared;
    const struct peer_table *peers;
    struct cookie_baker baker;
    struct bucket_table *sources;
    struct bucket load; /* initiations of all; empty: under load */
};

/** Begin without load. ERR_NOMEM; handshake_desk_fini is legal then, too. */
int handshake_desk_init(struct handshake_desk *desk, struct conversations *shared,
                        const struct peer_table *peers, struct mono now) MUST_CHECK;
void handshake_desk_fini(struct handshake_desk *desk);

/** Frames 0x80, 0x81, 0x82 of any content; others are counted and dropped. */
void handshake_receive(struct handshake_desk *desk, const struct origin *origin,
                       const uint8_t *frame, size_t size, struct host_io *io, struct mono now);
