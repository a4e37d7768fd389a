/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The life of a conversation: it begins with the first packet, gets sessions, renews them while
 * packets go, and ends when its last session is over and no handshake is on its way.
 */
#pragma once

#include "client/peer/conversation.h"
#include "client/tunnel/host_io.h"

enum { LIFE_SILENCE_MS = 5000 /* no answer through a relay for this: a new session */ };

/** The conversation of a peer, made if there is none. At CONVERSATIONS_MAX one is ended for it that
 * nobody on this host used for CONVERSATION_ACTIVE_MS, of the ziglan that has most of them: so a
 * pointer to another conversation may be stale after this. NULL if all are in use, or without
 * memory. */
struct conversation *life_of(struct peer *peer, struct conversations *shared, struct mono now);

/** End and free it. NULL is fine. */
void life_end(struct conversation *a);

/** True if data can be sealed now; begins a handshake where one is needed. */
bool life_ready(struct conversation *a, struct host_io *io, struct mono now);

/** This host has a packet for the peer: the conversation counts as used, then life_ready. */
bool life_use(struct conversation *a, struct host_io *io, struct mono now);

/** A handshake agreed on keys (wiped here): the initiator's session is current at once, the
 * responder's is next. ERR_NOMEM. */
int life_adopt(struct conversation *a, struct session_keys *keys, bool initiator,
               struct host_io *io, struct mono now) MUST_CHECK;

/** A valid frame came on this session: a `next` one becomes current, and what waits is sent. */
void life_confirm(struct conversation *a, struct noise_session *session, struct host_io *io,
                  struct mono now);

/** Do everything that is due, and set the timer. Frees it when it has run out. */
void life_expire(struct conversation *a, struct host_io *io, struct mono now);
