/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which hosts guess ports with each other, and when (docs/protocol.md, section 13, "Guessed
 * ports"): those whose NATs would let nothing through otherwise, by what both measured; one guess
 * at a time; and only at the address at which a relay sees the peer, and which the peer names
 * itself.
 */
#pragma once

#include "client/peer/conversation.h"
#include "client/peer/origin.h"
#include "client/tunnel/host_io.h"
#include "proto/net/dgram.h"

enum {
    GUESSWORK_WAIT_MS = 500,    /* what needs no guess has so long to succeed first */
    GUESSWORK_NO_MS = 1000,     /* who does not guess says so when the peer has begun */
    GUESSWORK_BUSY_MS = 2000,   /* the next try, if a guess with somebody else runs */
    GUESSWORK_AGAIN_MS = 20000, /* between two guesses with one peer */
    GUESSWORK_TELL_MS = 1000,   /* between two answers that there will be none */
};

/** Nothing is due. */
void guess_plan_init(struct guess_plan *plan);

/** A round of the punch begins at `at`: a guess may follow. */
void guesswork_on_round(struct conversation *a, struct mono at);

/** True while a guess with this peer runs, or is due soon: the attempt is not over. */
bool guesswork_pending(const struct conversation *a);

/** Why the two NATs let nothing through, as far as that is known. */
enum why_code guesswork_why(const struct conversation *a);

/** The peer told where to aim. */
void guesswork_on_aim(struct conversation *a, const struct intunnel_aim *aim, struct host_io *io,
                      struct mono now);

/** Something authenticated of the peer came directly. */
void guesswork_on_frame(struct conversation *a, const struct origin *origin, struct mono now);

/** True if it answers a question of the guess that runs. */
bool guesswork_on_stun(struct conversations *shared, const struct dgram *in, struct mono now);

/** Begin, send, tell and end what is due. */
void guesswork_expire(struct conversation *a, struct host_io *io, struct mono now);

/** When that is to be called again. */
struct mono guesswork_deadline(const struct conversation *a);

/** The conversation ends: its sockets do, too. */
void guesswork_forget(struct conversation *a);

/** The guess that runs is not wanted any more. */
void guesswork_stop(struct conversations *shared, struct mono now);
