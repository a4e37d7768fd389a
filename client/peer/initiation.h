/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The initiator's half of handshakes (docs/protocol.md, section 7): an initiation is sent, and
 * repeated until it is answered or given up.
 */
#pragma once

#include "client/peer/conversation.h"
#include "client/tunnel/host_io.h"

enum {
    INITIATION_MS_FIRST = 300,  /* repeated after this ... */
    INITIATION_ROUND_TRIPS = 3, /* ... and so many to the own relay, doubled each time: the peer may
                                   be as far from its relay, and has to be looked up */
    INITIATION_MS_MAX = 5000,
    INITIATION_TRIES_MAX = 20, /* then queued packets are given up */
};

/** Begin a handshake, in place of one that is on its way. */
void initiation_begin(struct conversation *a, struct host_io *io, struct mono now);

/** Send an initiation (again). Without a way to the peer none is made; then the next try, or
 * initiation_wake, sends it. */
void initiation_send(struct conversation *a, struct host_io *io, struct mono now);

/** There may be a way to the peer now: a handshake that had none sends its initiation at once. */
void initiation_wake(struct conversation *a, struct mono now);

/** The peer came to its relay just now: what was sent before went to nobody, so the handshake
 * begins anew at once. */
void initiation_again(struct conversation *a, struct mono now);

/** The initiation was answered, or a session that the peer began serves both: it is not repeated.
 * keep_index: its receiver index belongs to the new session. */
void initiation_end(struct conversation *a, bool keep_index);

/** The peer cannot be reached: the handshake ends, and what waited for it is dropped and counted.
 */
void initiation_give_up(struct conversation *a);

/** Repeat the initiation, or give it and the queue up, if that is due. */
void initiation_expire(struct conversation *a, struct host_io *io, struct mono now);
