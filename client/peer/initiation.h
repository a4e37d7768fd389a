/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The initiator's half of handshakes (docs/protocol.md, section 7): an initiation is sent, and
 * repeated until it is answered or given up.
 */
#pragma once

#include "client/peer/conversation.h"
#include "client/tunnel/host_io.h"

enum {
    INITIATION_MS_FIRST = 300, /* repeated after this, doubled each time */
    INITIATION_MS_MAX = 5000,
    INITIATION_TRIES_MAX = 20, /* then queued packets are given up */
};

/** Begin a handshake. */
void initiation_begin(struct conversation *a, struct host_io *io, struct mono now);

/** Send an initiation (again), as far as one may be sent now. */
void initiation_send(struct conversation *a, struct host_io *io, struct mono now);

/** Wake a handshake that had no way to the peer: there may be one now. */
void initiation_wake(struct conversation *a, struct mono now);

/** It was answered, or a session of the peer's making serves both: no repetition. keep_index: the
 * new session has its receiver index. */
void initiation_end(struct conversation *a, bool keep_index);

/** Repeat or give up, if that is due. */
void initiation_expire(struct conversation *a, struct host_io *io, struct mono now);
