/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a peer is that the user named (docs/protocol.md, section 17): while there is no session
 * with it, the relays of this host are asked for its key. What they answer is signed by the peer,
 * so they can keep silent, but not invent. It tells which of our relays leads to the peer, and why
 * a peer does not answer.
 */
#pragma once

#include "client/peer/conversation.h"

enum {
    LOCATING_REQUEST_FLAG = 0x20000000, /* request id of a look-up: this and the peer's id */
    LOCATING_ID_MASK = LOCATING_REQUEST_FLAG - 1,
    LOCATING_AGAIN_MS = 5000, /* a relay remembers for so long that there was nothing */
    LOCATING_BUSY_MS = 1000,  /* later, if too many are looked up at once */
    LOCATING_PER_S = 1,       /* of this host; each relay takes 2, in bursts of 20 */
    LOCATING_BURST = 15,
};

/** What all look-ups of a host share. */
void locating_init(struct conversations *shared, struct mono now);

/** There is no session with the peer: ask all relays, if the user named it and that is due. */
void locating_ask(struct conversation *a, struct mono now);

/** A relay answers a look-up of this peer, with anything. True if the peer has another path in use
 * now: what was sent before went elsewhere. */
bool locating_on_located(struct peer *peer, const struct relay_session *relay,
                         const Ziglan__Located *located);

/** A relay refuses a look-up of this peer. */
void locating_on_refused(struct peer *peer, const struct relay_session *relay, uint32_t code);

/** The peer does not answer an initiation that was repeated; it answers now. */
void locating_on_silence(const struct peer *peer);
void locating_on_session(const struct peer *peer);

/** Why a named peer without a session is not reached; WHY_NONE: nobody knows. *relay_key is that of
 * the relay where it is, for WHY_NO_ANSWER. */
enum why_code locating_why(const struct peer *peer, const uint8_t **relay_key);
