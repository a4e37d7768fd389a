/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A relay of which only a key is known, or that has moved, is sought: while it is not heard, all
 * other relays that this host has a session with are asked for its node record, and for the
 * delegations of the ziglan whose entry point it is (docs/protocol.md, section 17, "How a host
 * finds an entry point"). What they answer is signed by the relay and by the ziglan, so they can
 * keep silent, but not invent. Addresses that come of it are dialled beside those known before.
 *
 *   not heard for a second (at once, if it has no address) --> NodeLookup, Locate to all others
 *   every 5 s, and when a session to another one opens     --> the same
 *   a newer record of a key that is sought                 --> its addresses are dialled
 *
 * Relays that this host uses are asked to tell by themselves when a relay of another session is
 * elsewhere, and an entry point itself, whether it is behind a NAT. One without a fixed address, or
 * behind a NAT, of which none of the others tells, is asked for a sign of life more often than QUIC
 * would: it may move, and only who asks it finds out.
 */
#pragma once

#include "client/stun2/relay_set.h"

enum {
    SEEKING_REQUEST_FLAG = 0x10000000, /* request id: this and the number of the session */
    SEEKING_ID_MASK = SEEKING_REQUEST_FLAG - 1,
    SEEKING_AFTER_MS = 1000, /* most relays that fall silent answer again at once */
    SEEKING_AGAIN_MS = 5000, /* a relay remembers for so long that there was nothing */
    SEEKING_SIGN_MS = 5000,
    SEEKING_STORE_MS = 10000, /* between two writes, whatever a relay signs */
    SEEKING_WATCHES_MAX = 8,  /* a relay keeps no more of one host */
};

/** True of an entry point whose URL says no address, or that tells that it is behind a NAT: it is
 * expected to move. */
bool seeking_moves(const struct relay_session *relay);

/** A session opened, with this Hello of its relay. Its key is one to ask for from now on; and the
 * relay may know those that are sought. */
void seeking_on_open(struct relay_set *set, struct relay_session *relay, const Ziglan__Hello *hello,
                     struct mono now);

/** A relay tells node records; of any content, asked for or not. Those of a relay that is known by
 * its key are believed if they are signed by it, live, and newer than the last. */
void seeking_on_nodes(struct relay_set *set, const struct relay_session *from,
                      const Ziglan__Nodes *nodes, struct mono now);

/** The same with records of a ziglan's entry relays, as an answer to a Locate. */
void seeking_on_located(struct relay_set *set, const struct relay_session *from,
                        const Ziglan__Located *located, struct mono now);

/** A relay refuses a Locate with this request id. */
void seeking_on_refused(struct relay_set *set, uint32_t request_id, uint32_t code);

/** True if this is the request id of a question asked here. */
bool seeking_is_request(uint32_t request_id);

/** Ask what is due, and when that is. */
void seeking_expire(struct relay_set *set, struct mono now);
struct mono seeking_deadline(const struct relay_set *set);
